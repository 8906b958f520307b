"""Runs of the laboratory on disk: what they were asked, where they stand, and that nothing is told twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.errors import NimueError
from agents.lab.recorder import open_recorder
from agents.lab.runs import all_runs, begin_run, find_run, follow, read_result, summary
from agents.lab.sweep import begin_sweep, grid, read_axes, work_through
from agents.runs.event_log import read_events
from backends.lab.errors import LabError, LabFailure, Stopped
from backends.lab.events import Finished, Metric, Started
from backends.lab.registry import PACKAGES_SETTING
from backends.lab.runner import execute

SECONDS = 150.0


@pytest.fixture(autouse=True)
def _shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PACKAGES_SETTING, "tests.backends.lab.shelf")


def test_a_run_keeps_what_was_asked_with_every_default(tmp_path: Path) -> None:
    run = begin_run("toy.line_fit", "train", {"steps": "7"}, tmp_path)
    asked = {"seed": 0, "device": "auto", "steps": 7, "rate": 0.3, "pause": 0.0}
    told = {"system": "toy.line_fit", "job": "train", "params": asked, "processes": 1}
    assert run.folder.asked() == told
    assert find_run(run.folder.id, tmp_path) == run
    assert summary(run).state == "waiting"


def test_a_wrong_request_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(LabError):
        begin_run("toy.line_fit", "train", {"steps": 0}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_in_its_own_process_is_followed_to_its_end(tmp_path: Path) -> None:
    run = begin_run("toy.line_fit", "train", {"steps": 4}, tmp_path)
    process = run.start()
    events = list(follow(run, process, lambda: None))
    assert process.wait(SECONDS) == "finished"
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)
    assert [event.step for event in events if isinstance(event, Metric)] == [1, 2, 3, 4]
    found = summary(run)
    assert found.state == "finished"
    assert found.metrics == read_result(run)["metrics"]


def test_steps_that_are_done_again_are_not_told_again(tmp_path: Path) -> None:
    run = begin_run("toy.tiny_net", "train", {"steps": 12, "device": "cpu"}, tmp_path)

    def metrics() -> list[int]:
        return [event.data["step"] for event in read_events(run.folder.events) if event.kind == "metric"]

    class Torn(Exception):
        pass

    def at_eight() -> bool:
        if 8 in metrics():
            raise Torn  # what a kill does: nothing is saved at this moment
        return False

    with open_recorder(run.folder.path) as sink, pytest.raises(LabFailure):
        execute(run.work, sink, at_eight)
    with open_recorder(run.folder.path) as sink:
        execute(run.work, sink)  # goes on from its checkpoint at step 5
    assert metrics() == list(range(1, 13))


def test_a_cancelled_run_says_so_and_one_that_was_killed_was_interrupted(tmp_path: Path) -> None:
    cancelled = begin_run("toy.line_fit", "train", {}, tmp_path)
    with open_recorder(cancelled.folder.path) as sink, pytest.raises(Stopped):
        execute(cancelled.work, sink, lambda: True)
    assert summary(cancelled).state == "cancelled"
    killed = begin_run("toy.line_fit", "train", {}, tmp_path)
    with open_recorder(killed.folder.path) as sink:
        sink.write(Started(resumed=False, pid=1))
        assert summary(killed).state == "running"
    assert summary(killed).state == "interrupted"


def test_a_failed_run_keeps_its_reason(tmp_path: Path) -> None:
    run = begin_run("toy.line_fit", "fail", {"how": "no more"}, tmp_path)
    with open_recorder(run.folder.path) as sink, pytest.raises(LabFailure):
        execute(run.work, sink)
    found = summary(run)
    assert found.state == "failed" and "no more" in found.message and "jobs.py" in found.details
    with pytest.raises(NimueError, match="has no result yet"):
        read_result(run)


def test_only_one_process_works_on_a_run(tmp_path: Path) -> None:
    run = begin_run("toy.line_fit", "train", {}, tmp_path)
    with open_recorder(run.folder.path), pytest.raises(NimueError, match="another process"):
        next(iterate(run.folder.path))


def iterate(path: Path) -> Iterator[object]:
    with open_recorder(path) as sink:
        yield sink


def test_all_runs_are_listed_oldest_first_and_no_others(tmp_path: Path) -> None:
    runs = [begin_run("toy.line_fit", "train", {"seed": seed}, tmp_path) for seed in range(3)]
    (tmp_path / "lab-notes").mkdir()
    assert {run.folder.id for run in all_runs(tmp_path)} == {run.folder.id for run in runs}


def test_a_grid_is_every_combination() -> None:
    axes = read_axes(["steps=1,2", "weight-decay=0.1"])
    assert grid(axes) == [
        {"steps": "1", "weight_decay": "0.1"},
        {"steps": "2", "weight_decay": "0.1"},
    ]


@pytest.mark.parametrize("words", [[], ["steps"], ["steps="], ["=1"], ["steps=1,,2"]])
def test_axes_that_make_no_sense_are_refused(words: list[str]) -> None:
    with pytest.raises(LabError, match="over"):
        read_axes(words)


def test_a_sweep_with_one_wrong_point_begins_nothing(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="steps"):
        begin_sweep("toy.line_fit", "train", {}, {"steps": ("1", "0")}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_does_every_point_and_goes_on_past_a_failure(tmp_path: Path) -> None:
    runs = begin_sweep("toy.line_fit", "train", {"rate": "1e8"}, {"steps": ("1", "100")}, tmp_path)
    ended = {run.work.params["steps"]: failure for run, failure in work_through(runs, "local", 1)}
    assert ended[1] == ""
    assert "OverflowError" in ended[100]
    assert [summary(run).state for run in runs] == ["finished", "failed"]
