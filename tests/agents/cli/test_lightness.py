"""Help is instant: it imports no model SDK, no graph runtime and no tensor library."""

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "transformers",
    "chromadb",
    "langgraph",
    "langchain_core",
    "openai",
    "anthropic",
    "xllamacpp",
)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["play", "--help"], ["rules"]], ids=lambda words: " ".join(words)
)
def test_avalon_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported_by("avalon", arguments) == []


@pytest.mark.parametrize("command", ["expel", "nimue"])
def test_help_imports_nothing_heavy(command: str) -> None:
    assert imported_by(command, ["--help"]) == []


def imported_by(command: str, arguments: list[str]) -> list[str]:
    """The heavy packages that are loaded after running a command line in a fresh interpreter."""
    code = (
        f"import sys\nfrom agents.cli.{command} import app\nfrom agents.cli.front_door import run\n"
        f"code = run(app, {arguments!r})\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules], code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    last = done.stdout.splitlines()[-1]
    assert last.startswith("LOADED") and last.endswith(" 0"), done.stderr
    return [name for name in HEAVY if repr(name) in last]
