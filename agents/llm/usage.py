"""What calls used and what they cost. An unknown price is None, never zero."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from agents.llm.names import PROVIDERS, ModelName

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage


@dataclass(frozen=True, slots=True)
class Usage:
    """Counted tokens. Cached tokens are part of the input tokens, as are tokens written to the provider's
    cache."""

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cache_written_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_written_tokens=self.cache_written_tokens + other.cache_written_tokens,
        )

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @classmethod
    def from_message(cls, message: AIMessage) -> Usage:
        """One call's usage; the tokens are zero when the server did not count them."""
        counted = message.usage_metadata
        if counted is None:
            return cls(calls=1)
        details = counted.get("input_token_details") or {}
        written = sum(
            value
            for key, value in details.items()
            if isinstance(value, int) and (key == "cache_creation" or key.startswith("ephemeral_"))
        )
        return cls(
            calls=1,
            input_tokens=counted["input_tokens"],
            cached_tokens=details.get("cache_read") or 0,
            output_tokens=counted["output_tokens"],
            cache_written_tokens=written,
        )


def cost_of(model: ModelName, usage: Usage) -> Decimal | None:
    """Dollars, by the price table that ships with genai-prices; None when it has no price for the model.

    Models that run here cost nothing. Some prices rise with the length of one prompt, so the usage of several
    calls is priced as that many calls of the average length.
    """
    if not PROVIDERS[model.provider].hosted:
        return Decimal(0)
    if usage.calls <= 1:
        return _price(model, usage)
    mean = Usage(
        calls=1,
        input_tokens=usage.input_tokens // usage.calls,
        cached_tokens=usage.cached_tokens // usage.calls,
        output_tokens=usage.output_tokens // usage.calls,
        cache_written_tokens=usage.cache_written_tokens // usage.calls,
    )
    repeats = usage.calls - 1
    rest = Usage(
        calls=1,
        input_tokens=usage.input_tokens - repeats * mean.input_tokens,
        cached_tokens=usage.cached_tokens - repeats * mean.cached_tokens,
        output_tokens=usage.output_tokens - repeats * mean.output_tokens,
        cache_written_tokens=usage.cache_written_tokens - repeats * mean.cache_written_tokens,
    )
    mean_price, rest_price = _price(model, mean), _price(model, rest)
    return None if mean_price is None or rest_price is None else repeats * mean_price + rest_price


def _price(model: ModelName, usage: Usage) -> Decimal | None:
    import genai_prices

    counted = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_written_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        price = genai_prices.calc_price(counted, model.name, provider_id=model.provider)
    except LookupError:
        return None
    if price.model_price.input_mtok is None or price.model_price.output_mtok is None:
        return None
    return price.total_price
