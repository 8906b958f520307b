"""The embedded engine's smallest model, for tests with a real server; keys for those with a made-up one."""

import ssl
from functools import cache
from pathlib import Path

import pytest

from agents.errors import NimueError
from agents.llm.catalogue import catalogue_entry
from agents.llm.model_files import Progress, models_folder, pull
from tests.agents.llm.served import KEY


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    """The 135M model in the user's own cache; fetched once (92 MB), else the test is skipped."""

    def ignore(progress: Progress) -> None:
        pass

    try:
        return pull(catalogue_entry("smollm2-135m"), models_folder(), ignore)
    except NimueError as error:
        pytest.skip(f"The 135M model cannot be had here: {error}")


_one_context = cache(ssl.create_default_context)


@pytest.fixture
def _keys_of_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for every hosted provider, and certificates that are loaded once."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    # Every new client would load them again, 40 ms each; nothing here is encrypted.
    monkeypatch.setattr(ssl, "create_default_context", lambda *args, **kwargs: _one_context())
