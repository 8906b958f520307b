"""The shelf: two toy systems in the tests' own folder, which nothing else mentions."""

import pytest

from backends.lab.registry import PACKAGES_SETTING


@pytest.fixture
def _shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")
