"""Runs of the tests here keep their vectors in memory, which is faster; `test_kills.py` uses Chroma."""

from collections.abc import Iterator

import pytest

from tests.agents.expel.riddle_runs import open_in_memory


@pytest.fixture(scope="module", autouse=True)
def _vectors_in_memory(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is on disk is the log of record; opening it fills the index, so a run can be continued."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.path.stem.endswith("kills"):
            patch.setattr("memory.opening.open_index", open_in_memory)
        yield
