"""Names of models, which one is meant, and that asking so costs no heavy import."""

import subprocess
import sys

import pytest

from agents.errors import NimueError
from agents.llm.names import PROVIDERS, ModelName, parse_model_name
from agents.llm.resolve import resolve_model
from agents.llm.usage import Usage, cost_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("openai:gpt-4o", ModelName("openai", "gpt-4o")),
        (" anthropic:claude-opus-5 ", ModelName("anthropic", "claude-opus-5")),
        ("openai:org/model:8b", ModelName("openai", "org/model:8b")),
        ("scripted", ModelName("scripted", "0")),
        ("scripted:7", ModelName("scripted", "7")),
        ("local", ModelName("local", "default")),
        ("replay:runs/a/calls.jsonl", ModelName("replay", "runs/a/calls.jsonl")),
    ],
)
def test_a_name_is_a_provider_and_what_follows_the_first_colon(text: str, expected: ModelName) -> None:
    assert parse_model_name(text) == expected
    assert parse_model_name(str(expected)) == expected


@pytest.mark.parametrize("text", ["gpt-4o", "", "mistral:large"])
def test_an_unknown_provider_is_answered_with_the_list_of_providers(text: str) -> None:
    with pytest.raises(NimueError) as error:
        parse_model_name(text)
    assert all(provider in str(error.value) for provider in PROVIDERS)


def test_a_provider_without_a_default_wants_a_name() -> None:
    with pytest.raises(NimueError, match="replay:NAME"):
        parse_model_name("replay:")


@pytest.mark.parametrize("provider", [name for name, each in PROVIDERS.items() if each.hosted])
def test_the_default_hosted_models_have_a_known_price(provider: str) -> None:
    cost = cost_of(ModelName(provider, PROVIDERS[provider].default), Usage(1, 1000, 0, 1000))
    assert cost is not None
    assert cost > 0


ANTHROPIC = {"ANTHROPIC_API_KEY": "a"}
OPENAI = {"OPENAI_API_KEY": "b"}
OTHER = {"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}


@pytest.mark.parametrize(
    ("asked", "environ", "model", "reason"),
    [
        ("openai:x", ANTHROPIC | OPENAI | {"NIMUE_MODEL": "scripted"}, "openai:x", "--model"),
        (None, ANTHROPIC | {"NIMUE_MODEL": "scripted"}, "scripted:0", "NIMUE_MODEL"),
        (None, ANTHROPIC | OPENAI, "anthropic:claude-haiku-5-5", "ANTHROPIC_API_KEY is set"),
        (None, OPENAI, "openai:gpt-6-luna", "OPENAI_API_KEY is set"),
        (
            None,
            OPENAI | {"OPENAI_BASE_URL": "https://api.openai.com/v1"},
            "openai:gpt-6-luna",
            "OPENAI_API_KEY is set",
        ),
        (None, OTHER, "openai:default", "OPENAI_BASE_URL is set"),
        (None, OPENAI | OTHER, "openai:default", "OPENAI_API_KEY and OPENAI_BASE_URL are set"),
        (None, {}, "local:default", "no key found: the embedded model"),
        ("", {"NIMUE_MODEL": ""}, "local:default", "no key found: the embedded model"),
        ("openai:llama3", OTHER, "openai:llama3", "--model"),
        ("scripted", {}, "scripted:0", "--model"),
    ],
)
def test_the_model_comes_from_the_first_place_that_names_one(
    asked: str | None, environ: dict[str, str], model: str, reason: str
) -> None:
    resolved = resolve_model(asked, environ)
    assert (str(resolved.model), resolved.reason) == (model, reason)


def test_a_hosted_model_without_a_key_is_refused_at_once_and_names_the_variable() -> None:
    with pytest.raises(NimueError, match="ANTHROPIC_API_KEY"):
        resolve_model("anthropic:claude-opus-5", {})
    with pytest.raises(NimueError, match=r"NIMUE_MODEL.*OPENAI_API_KEY"):
        resolve_model(None, {"NIMUE_MODEL": "openai:gpt-4o"})


def test_names_and_their_resolution_import_no_sdk() -> None:
    heavy = ("openai", "anthropic", "langchain_core", "langgraph", "torch", "genai_prices", "pydantic")
    program = (
        "import sys, agents.llm.names, agents.llm.resolve, agents.llm.usage\n"
        f"print(*[name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_model_interface_imports_no_provider() -> None:
    program = (
        "import sys, agents.llm.model, agents.llm.ask, agents.llm.scripted, agents.llm.journal\n"
        "print(*[name for name in ('openai', 'anthropic', 'langchain_openai', 'langchain_anthropic', "
        "'xllamacpp', 'torch', 'genai_prices') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
