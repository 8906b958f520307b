"""Jobs run here or in their own process, can be stopped, and go on after the worst as if nothing had been."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backends.lab.errors import LabError, LabFailure, Stopped
from backends.lab.events import (
    Cancelled,
    Event,
    EventList,
    EventSink,
    Failed,
    Finished,
    Metric,
    Started,
    from_json,
    kind_of,
    to_json,
)
from backends.lab.runner import JobProcess, Work, execute, read_params

pytestmark = pytest.mark.usefixtures("_shelf")

SECONDS = 150.0  # a bound for a busy machine; nothing waits that long unless it hangs


class FileSink:
    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, event: Event) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps([kind_of(event), to_json(event)]) + "\n")


@contextmanager
def open_file_sink(directory: Path) -> Iterator[EventSink]:
    yield FileSink(directory / "told.jsonl")


def told(directory: Path) -> list[Event]:
    file = directory / "told.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [event for kind, data in lines if (event := from_json(kind, data)) is not None]


def work(directory: Path, system: str = "toy.line_fit", job: str = "train", **params: Any) -> Work:
    return Work(system=system, job=job, params=params, directory=directory)


def wait_for_checkpoint(file: Path) -> None:
    end = time.monotonic() + SECONDS
    while not file.exists():
        assert time.monotonic() < end, f"{file} was not written"
        time.sleep(0.005)


def test_a_job_tells_its_events_in_order_and_leaves_its_result(tmp_path: Path) -> None:
    sink = EventList()
    result = execute(work(tmp_path, steps=5), sink)
    kinds = [kind_of(event) for event in sink.events]
    assert kinds[0] == "started" and kinds[-1] == "finished"
    assert [event.step for event in sink.events if isinstance(event, Metric)] == [1, 2, 3, 4, 5]
    stored = json.loads((tmp_path / "result.json").read_text())
    assert stored["result"] == result.model_dump(mode="json")
    assert (tmp_path / "artifacts" / result.artifacts[0].path).is_file()


def test_the_same_seed_gives_the_same_result_and_another_seed_another(tmp_path: Path) -> None:
    first, again, other = (
        execute(work(tmp_path / str(number), seed=seed), EventList()).metrics
        for number, seed in enumerate((1, 1, 2))
    )
    assert first == again != other


def test_a_finished_run_is_not_done_again(tmp_path: Path) -> None:
    first = execute(work(tmp_path), EventList())
    sink = EventList()
    assert execute(work(tmp_path), sink) == first
    assert sink.events == []


def test_wrong_parameters_are_refused_with_name_and_reason() -> None:
    with pytest.raises(LabError, match=r"steps: .*greater than or equal to 1.*; bogus: Extra inputs"):
        read_params("toy.line_fit", "train", {"steps": 0, "bogus": 1})


def test_a_job_that_breaks_tells_why_and_keeps_the_traceback(tmp_path: Path) -> None:
    sink = EventList()
    with pytest.raises(LabFailure, match="ArithmeticError: no more"):
        execute(work(tmp_path, job="fail", how="no more"), sink)
    last = sink.events[-1]
    assert isinstance(last, Failed)
    assert "jobs.py" in last.details
    assert not (tmp_path / "result.json").exists()


def test_a_cancelled_job_stops_within_a_step_and_goes_on_later(tmp_path: Path) -> None:
    sink = EventList()

    def after_three_steps() -> bool:
        return sum(isinstance(event, Metric) for event in sink.events) >= 3

    with pytest.raises(Stopped):
        execute(work(tmp_path / "stopped"), sink, after_three_steps)
    assert [event.step for event in sink.events if isinstance(event, Metric)] == [1, 2, 3]
    assert sink.events[-1] == Cancelled()
    resumed = EventList()
    result = execute(work(tmp_path / "stopped"), resumed)
    assert resumed.events[0] == Started(resumed=True, pid=os.getpid())
    assert result.metrics == execute(work(tmp_path / "whole"), EventList()).metrics


def test_a_job_in_its_own_process_finishes_and_tells(tmp_path: Path) -> None:
    process = JobProcess.start(work(tmp_path, steps=3), open_file_sink)
    assert process.wait(SECONDS) == "finished"
    assert isinstance(told(tmp_path)[-1], Finished)
    first = told(tmp_path)[0]
    assert isinstance(first, Started) and first.pid == process.pid != os.getpid()


def test_a_job_in_its_own_process_is_cancelled_by_request(tmp_path: Path) -> None:
    process = JobProcess.start(work(tmp_path, steps=100_000, pause=0.01), open_file_sink)
    wait_for_checkpoint(tmp_path / "checkpoints" / "fit.json")
    process.cancel()
    assert process.wait(SECONDS) == "cancelled"
    assert told(tmp_path)[-1] == Cancelled()


def test_a_failure_in_its_own_process_is_told(tmp_path: Path) -> None:
    process = JobProcess.start(work(tmp_path, job="fail", how="no more"), open_file_sink)
    assert process.wait(SECONDS) == "failed"
    last = told(tmp_path)[-1]
    assert isinstance(last, Failed) and "no more" in last.message


def test_a_training_killed_by_sigkill_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    """A network with dropout, an averaged copy and AdamW: every stream and moment has to be restored."""
    asked: dict[str, Any] = {"steps": 24, "device": "cpu"}
    whole = execute(work(tmp_path / "whole", "toy.tiny_net", **asked), EventList())
    begun = work(tmp_path / "killed", "toy.tiny_net", **asked, stalls_at=8)
    begun.directory.mkdir()
    process = JobProcess.start(begun, open_file_sink)
    wait_for_checkpoint(begun.directory / "checkpoints" / "training.safetensors")
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(SECONDS) == "killed"
    assert not (begun.directory / "result.json").exists()
    resumed = EventList()
    result = execute(replace(begun, params=asked), resumed)
    steps = [event.step for event in resumed.events if isinstance(event, Metric)]
    assert steps[0] > 5 and steps[-1] == 24  # it did not begin anew
    assert result == whole


def test_two_processes_that_share_the_steps_come_to_the_same_weights(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"steps": 10, "device": "cpu", "dropout": 0.0}
    alone = execute(work(tmp_path / "alone", "toy.tiny_net", **asked), EventList())
    shared = replace(work(tmp_path / "shared", "toy.tiny_net", **asked), processes=2)
    shared.directory.mkdir()
    process = JobProcess.start(shared, open_file_sink)
    assert process.wait(SECONDS) == "finished"
    stored = json.loads((shared.directory / "result.json").read_text())["result"]["metrics"]
    # The mean of two halves' gradients is that of the whole, but for the order of the sums.
    assert stored == pytest.approx(dict(alone.metrics), rel=1e-5)
    steps = [event.step for event in told(shared.directory) if isinstance(event, Metric)]
    assert steps == list(range(1, 11))  # told once, by the first process
