"""Runs on disk as the shelf lists them."""

import json
from pathlib import Path

import pytest

from agents.errors import NimueError
from agents.runs.folder import RunFolder
from tests.tui.made_up_runs import make_run
from tui.run_shelf import delete_run, list_runs, look_at


def test_every_run_is_listed_with_where_it_stands(runs: Path) -> None:
    found = {run.id: run for run in list_runs(runs)}
    assert {name: run.state for name, run in found.items()} == {
        "avalon-play-1-done": "finished",
        "avalon-play-2-stopped": "stopped",
        "expel-3": "stopped",
        "lab-4-broken": "broken",
    }
    assert found["avalon-play-1-done"].result in ("good wins", "evil wins")
    assert "6-recon: logic" in found["avalon-play-1-done"].title


def test_a_run_that_a_process_holds_is_running(runs: Path) -> None:
    with RunFolder(runs / "expel-3").locked():
        assert look_at(runs / "expel-3").state == "running"
    assert look_at(runs / "expel-3").state == "stopped"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 1}', '{"version": 99, "kind": "expel", "asked": {}}',
     '{"version": 1, "kind": "avalon.play", "asked": {"setup": 3}, "started": "2026-01-02T03:04:05+00:00"}',
     '{"version": 1, "kind": "expel", "asked": [], "started": "never"}', "\udcff"],
)  # fmt: skip
def test_a_broken_folder_is_an_entry_that_says_so(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "runs" / "x"
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    (run,) = list_runs(tmp_path / "runs")
    assert run.state == "broken"
    assert run.result


def test_a_log_that_ends_in_no_event_is_broken(runs: Path) -> None:
    with (runs / "expel-3" / "events.jsonl").open("a") as file:
        file.write("not json\n")
    assert look_at(runs / "expel-3").state == "broken"


def test_a_torn_last_line_is_no_breakage(runs: Path) -> None:
    with (runs / "expel-3" / "events.jsonl").open("a") as file:
        file.write('{"i": 12, "ki')
    assert look_at(runs / "expel-3").state == "stopped"


def test_an_event_longer_than_the_tail_is_no_breakage(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", "r", "other", {"a": "b"}, [("big", {"text": "x" * 200_000})])
    assert look_at(run.path).state == "stopped"


def test_a_pause_tells_its_reason(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", "r", "other", {}, [("paused", {"reason": "the budget is spent"})])
    assert (look_at(run.path).state, look_at(run.path).result) == ("paused", "the budget is spent")


@pytest.mark.parametrize(
    ("phases", "command"),
    [
        (["gather", "extract"], "expel train --resume"),
        (["extract"], "expel extract"),
        (["evaluate"], "expel eval"),
    ],
)
def test_a_training_is_continued_by_the_command_of_its_phases(
    tmp_path: Path, phases: list[str], command: str
) -> None:
    asked = {"env": "hotpotqa", "model": "scripted:0", "phases": phases}
    run = look_at(make_run(tmp_path / "runs", "r", "expel", asked, []).path)
    assert run.command == f"{command} {run.path}"


def test_deleting_removes_the_folder_and_nothing_else(runs: Path) -> None:
    delete_run(look_at(runs / "expel-3"), runs)
    assert sorted(path.name for path in runs.iterdir()) == [
        "avalon-play-1-done", "avalon-play-2-stopped", "lab-4-broken",
    ]  # fmt: skip


def test_a_run_at_work_or_elsewhere_is_not_deleted(runs: Path, tmp_path: Path) -> None:
    with RunFolder(runs / "expel-3").locked(), pytest.raises(NimueError, match="being worked on"):
        delete_run(look_at(runs / "expel-3"), runs)
    elsewhere = tmp_path / "elsewhere"
    (runs / "expel-3").rename(elsewhere)
    (runs / "expel-3").symlink_to(elsewhere)
    with pytest.raises(NimueError, match="left alone"):
        delete_run(look_at(runs / "expel-3"), runs)
    assert json.loads((elsewhere / "run.json").read_text())["kind"] == "expel"
