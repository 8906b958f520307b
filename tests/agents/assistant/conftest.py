"""The toy systems of the laboratory's tests are found, and the process works in the test's folder."""

from pathlib import Path

import pytest

from backends.lab.registry import PACKAGES_SETTING


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")
    root = str(Path(__file__).parents[3])
    monkeypatch.setenv("PYTHONPATH", root)  # jobs run in processes of their own
    monkeypatch.chdir(tmp_path)
