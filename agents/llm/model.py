"""An opened model: LangChain's chat model, and how its provider is made to keep to a schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel

from agents.llm.names import PROVIDERS, ModelName


@dataclass(frozen=True, kw_only=True, slots=True)
class CallTag:
    """What a call is for. It travels as the metadata of LangChain's config and keys the journal."""

    game: str = ""
    decision: str = ""
    stage: str = ""
    attempt: int = 0
    lane: str = ""
    """Calls of one lane share a growing prompt; the embedded engine keeps a cache slot for it."""

    def metadata(self) -> dict[str, str]:
        """The tag as config metadata."""
        return {
            "game": self.game,
            "decision": self.decision,
            "stage": self.stage,
            "attempt": str(self.attempt),
            "lane": self.lane,
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, object]) -> CallTag:
        """The tag inside a config's metadata, which may hold other people's entries too."""
        return cls(
            game=str(metadata.get("game", "")),
            decision=str(metadata.get("decision", "")),
            stage=str(metadata.get("stage", "")),
            attempt=int(str(metadata.get("attempt", 0))),
            lane=str(metadata.get("lane", "")),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelOptions:
    """How a model is to be called."""

    temperature: float | None = None
    seed: int | None = None
    timeout_s: float = 120.0
    """Longest silence of a hosted model before the call counts as lost."""
    max_retries: int = 5
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int = 32
    base_url: str | None = None
    """Another server that speaks the provider's protocol; the provider's environment variable when None."""
    projector: Path | None = None
    """The vision half (mmproj GGUF) of a model of the embedded engine, which then takes pictures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """An opened model."""

    name: ModelName
    chat: BaseChatModel
    constrain: Callable[[type[BaseModel]], dict[str, Any]]
    """Arguments of `chat.astream` that make the provider keep to a schema; empty when it has no way to."""
    close: Callable[[], None]
    stops_at_newline: bool = True
    """Whether the provider takes a line's end as the place to stop."""
    verbatim: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of `chat.astream` that let the model repeat what it was told; empty where it always may."""


def open_model(name: ModelName, options: ModelOptions) -> Model:
    """Open a model by name; calls to hosted models are retried and kept within rate and concurrency limits.

    Raises:
        NimueError: The model cannot be had: no key, no such file, or its engine is not installed.
    """
    provider = PROVIDERS[name.provider]
    module_name, _, function = provider.entry.partition(":")
    model: Model = getattr(import_module(module_name), function)(name.name, options)
    if not provider.hosted:
        return model
    from agents.llm.rate_limit import RateLimitedChatModel
    from agents.llm.retry import RetryingChatModel

    retrying = wrap(
        model,
        lambda chat: RetryingChatModel(
            inner=chat, model=model.name, max_retries=options.max_retries, timeout_s=options.timeout_s
        ),
    )
    return wrap(
        retrying,
        lambda chat: RateLimitedChatModel(
            inner=chat,
            requests_per_minute=options.requests_per_minute,
            tokens_per_minute=options.tokens_per_minute,
            concurrency=options.concurrency,
        ),
    )


def wrap(model: Model, wrapper: Callable[[BaseChatModel], BaseChatModel]) -> Model:
    """Put one more chat model around a model's chat model."""
    return replace(model, chat=wrapper(model.chat))
