"""The tables of a job's result on the command line."""

from pathlib import Path

import pytest

from agents.cli.nimue_lab_results import MOST_ROWS, print_result, print_rows
from agents.lab.runs import begin_run
from backends.lab.registry import PACKAGES_SETTING


def test_every_list_of_rows_is_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")
    run = begin_run("toy.line_fit", "train", {"steps": 1}, tmp_path)
    rows = [{"arm": f"arm {number}", "final": 1.23456, "seeds": 3} for number in range(MOST_ROWS + 2)]
    result = {
        "metrics": {"slope": 2.0},
        "artifacts": [{"path": "curve.png", "caption": "A curve."}],
        "table": rows,
        "remarks": ["words", "are no rows"],
    }
    print_result(run, {"slope": 2.0}, result)
    told = capsys.readouterr().out.splitlines()
    assert told[0].split() == ["slope", "2"]
    assert told[3].split() == ["arm", "final", "seeds"]
    assert told[4].split() == ["arm", "0", "1.235", "3"]
    assert f"and 2 more rows in {run.folder.path / 'result.json'}" in told
    assert told[-1] == f"{run.folder.artifacts / 'curve.png'}: A curve."


def test_cells_that_lack_are_dashes_and_none_gives_orders_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_rows([{"arm": "[red]a\x1b[31m[/red]", "final": None}, {"best": 1.0}])
    told = capsys.readouterr().out
    assert "[red]a" in told and "\x1b" not in told
    assert [line.split()[-1] for line in told.splitlines()] == ["best", "-", "1"]
