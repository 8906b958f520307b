"""Names of models, `provider:model`, and the table of providers. Imports no SDK."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from agents.errors import NimueError

DEFAULT_MODEL = "default"
"""The model of a provider that chooses by itself: the embedded engine, or the server at a base URL."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model by name; its text form is `provider:name`."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """Where models of one provider come from."""

    summary: str
    entry: str
    """`module:function` that opens a model, `(name, options) -> Model`; imported when used."""
    key: str = ""
    """Environment variable that holds the key; empty when none is needed."""
    base_url: str = ""
    """Environment variable that names another server with the same protocol, which may need no key."""
    default: str = ""
    """The model meant when only the provider is named; empty when a name must be given."""
    hosted: bool = False
    """Whether calls leave this process, and so can be throttled, lost and repeated."""
    takes_pictures: bool = False
    """Whether all models of it can be given pictures."""


# The hosted defaults are the providers' small current models: whoever has a key pays least by default.
PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "anthropic": Provider(
            summary="Claude models",
            entry="agents.llm.anthropic_api:open_model",
            key="ANTHROPIC_API_KEY",
            base_url="ANTHROPIC_BASE_URL",
            default="claude-haiku-5-5",
            hosted=True,
            takes_pictures=True,
        ),
        "openai": Provider(
            summary="OpenAI models, and any server that speaks its protocol (Ollama, vLLM, LM Studio ...)",
            entry="agents.llm.openai_api:open_model",
            key="OPENAI_API_KEY",
            base_url="OPENAI_BASE_URL",
            default="gpt-6-luna",
            hosted=True,
            takes_pictures=True,
        ),
        "local": Provider(
            summary="the embedded engine: no key, no network after one download",
            entry="agents.llm.local:open_model",
            default=DEFAULT_MODEL,
        ),
        "transformers": Provider(
            summary="vision-language checkpoints of the Hugging Face hub, OWNER/NAME, or of a folder",
            entry="agents.llm.transformers_local:open_model",
            takes_pictures=True,
        ),
        "scripted": Provider(
            summary="a deterministic stand-in for tests and demonstrations; `scripted:7` draws other answers",
            entry="agents.llm.scripted:open_model",
            default="0",
        ),
        "replay": Provider(
            summary="the recorded answers of a journal file, `replay:PATH`; never calls a model",
            entry="agents.llm.journal:open_model",
        ),
    }
)


def parse_model_name(text: str) -> ModelName:
    """Read `provider:model`, or a provider alone when it has a default model.

    Raises:
        NimueError: The provider is unknown, or its model is not named.
    """
    provider_name, _, name = text.strip().partition(":")
    provider = PROVIDERS.get(provider_name)
    if provider is None:
        raise NimueError(
            f"Unknown model {text!r}: it must be PROVIDER:MODEL with one of the providers "
            f"{', '.join(PROVIDERS)}, for example anthropic:{PROVIDERS['anthropic'].default} or scripted."
        )
    if not name and not provider.default:
        raise NimueError(
            f"The model {text!r} names no model: write {provider_name}:NAME ({provider.summary})."
        )
    return ModelName(provider_name, name or provider.default)
