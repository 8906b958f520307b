"""What `nimue` says of itself, entered by the door that people use."""

import pytest

from agents.cli.front_door import run
from tui.front_door import app


def test_help_says_that_nimue_alone_opens_the_app(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--help"]) == 0
    told = capsys.readouterr().out
    assert "Called alone, nimue opens all of it as an app" in told
    assert "run the laboratory" in told
