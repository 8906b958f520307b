"""How a command's models are called and what they may spend: the flags that all such commands share.

A command takes them as one parameter, `Annotated[ModelFlags, Parameter(name="*", group=...)]`. One that
means something more particular by a flag, or has another default, declares that field again in a subclass.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.llm.model import ModelOptions


@dataclass(frozen=True, kw_only=True)
class ModelFlags:
    """Which model, how it is called, and when to stop paying."""

    model: str | None = None
    """provider:model, such as anthropic:NAME, openai:NAME, local:NAME or scripted (default: NIMUE_MODEL, a
    key in the environment, else the embedded model)."""
    temperature: float | None = None
    """Sampling temperature (default: the provider's)."""
    max_cost: Decimal | None = None
    """Pause when this many dollars are spent."""
    max_tokens: int | None = None
    """Pause when this many tokens are used."""
    requests_per_minute: int | None = None
    """Never ask a hosted model more often."""
    tokens_per_minute: int | None = None
    """Never send a hosted model more."""
    concurrency: int = 32
    """The most calls of a hosted model at once."""

    def options(self, *, seed: int, temperature: float | None) -> "ModelOptions":
        """How to call the model.

        Args:
            temperature: The run's own: a resumed run keeps the one that it was started with.
        """
        from agents.llm.model import ModelOptions

        return ModelOptions(
            temperature=temperature,
            seed=seed,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
            concurrency=self.concurrency,
        )
