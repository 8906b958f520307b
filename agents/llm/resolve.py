"""Which model a command uses when several places could say so. Imports no SDK."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.errors import NimueError
from agents.llm.names import DEFAULT_MODEL, PROVIDERS, ModelName, parse_model_name


@dataclass(frozen=True, slots=True)
class Resolved:
    """The chosen model and the reason, which the command says out loud."""

    model: ModelName
    reason: str


def resolve_model(asked: str | None, environ: Mapping[str, str]) -> Resolved:
    """Choose: what was asked for, `NIMUE_MODEL`, a key in the environment, a base URL, else the embedded
    model.

    Raises:
        NimueError: The name is not one, or its provider's key is missing.
    """
    if asked:
        return _with_key(Resolved(parse_model_name(asked), "--model"), environ)
    if environ.get("NIMUE_MODEL"):
        return _with_key(Resolved(parse_model_name(environ["NIMUE_MODEL"]), "NIMUE_MODEL"), environ)
    if environ.get("ANTHROPIC_API_KEY"):
        return Resolved(parse_model_name("anthropic"), "ANTHROPIC_API_KEY is set")
    if "api.openai.com" not in environ.get("OPENAI_BASE_URL", "api.openai.com"):
        # Another server does not know the hosted default's name, so it is asked what it serves.
        reason = (
            "OPENAI_API_KEY and OPENAI_BASE_URL are"
            if environ.get("OPENAI_API_KEY")
            else "OPENAI_BASE_URL is"
        )
        return Resolved(ModelName("openai", DEFAULT_MODEL), f"{reason} set")
    if environ.get("OPENAI_API_KEY"):
        return Resolved(parse_model_name("openai"), "OPENAI_API_KEY is set")
    return Resolved(parse_model_name("local"), "no key found: the embedded model")


def _with_key(resolved: Resolved, environ: Mapping[str, str]) -> Resolved:
    provider = PROVIDERS[resolved.model.provider]
    if not provider.key or environ.get(provider.key) or environ.get(provider.base_url):
        return resolved
    raise NimueError(
        f"{resolved.model} ({resolved.reason}) needs a key: set {provider.key}, or {provider.base_url} for a "
        "server without keys; or use --model local (embedded, no key) or --model scripted (no model at all)."
    )
