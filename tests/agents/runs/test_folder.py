import json
from pathlib import Path

import pytest

from agents.errors import NimueError
from agents.runs.folder import RunFolder, create_run, open_run


def test_a_run_remembers_what_was_asked(tmp_path: Path) -> None:
    run = create_run(tmp_path, "avalon.play", {"seed": 3})
    assert run.asked() == {"seed": 3}
    assert open_run(run.id, tmp_path, "avalon.play") == run
    assert open_run(str(run.path), Path("elsewhere"), "avalon.play") == run


def test_a_missing_run_is_named_with_the_ones_that_exist(tmp_path: Path) -> None:
    run = create_run(tmp_path, "avalon.play", {})
    with pytest.raises(NimueError, match=run.id):
        open_run("nothing", tmp_path, "avalon.play")


def test_a_run_of_another_kind_is_refused(tmp_path: Path) -> None:
    run = create_run(tmp_path, "expel.train", {})
    with pytest.raises(NimueError, match=r"expel\.train"):
        open_run(run.id, tmp_path, "avalon.play")


def test_two_processes_cannot_work_on_one_run(tmp_path: Path) -> None:
    run = create_run(tmp_path, "avalon.play", {})
    with run.locked(), pytest.raises(NimueError, match="another process"), RunFolder(run.path).locked():
        pass


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not valid JSON"),
        ("{}", "does not describe a run"),
        (json.dumps({"version": 99, "kind": "x", "asked": {}}), "newer nimue"),
    ],
)
def test_a_broken_run_file_gets_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    run = create_run(tmp_path, "avalon.play", {})
    (run.path / "run.json").write_text(text)
    with pytest.raises(NimueError, match=complaint):
        open_run(run.id, tmp_path, "avalon.play")


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NimueError, match="--out"):
        create_run(tmp_path / "file", "avalon.play", {})
