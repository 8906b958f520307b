"""The embedded engine's smallest model, for the tests that talk to a real server."""

from pathlib import Path

import pytest

from agents.errors import NimueError
from agents.llm.catalogue import catalogue_entry
from agents.llm.model_files import Progress, models_folder, pull


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    """The 135M model in the user's own cache; fetched once (92 MB), else the test is skipped."""

    def ignore(progress: Progress) -> None:
        pass

    try:
        return pull(catalogue_entry("smollm2-135m"), models_folder(), ignore)
    except NimueError as error:
        pytest.skip(f"The 135M model cannot be had here: {error}")
