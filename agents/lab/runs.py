"""The runs of the laboratory on disk: begun, found again, followed while they work, and summed up."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from agents.errors import NimueError
from agents.lab.recorder import open_recorder
from agents.runs.event_log import RunEvent, read_events
from agents.runs.folder import RunFolder, create_run, open_run, read_run_json
from backends.lab.events import (
    Cancelled,
    Event,
    Failed,
    Finished,
    Log,
    Metric,
    Progress,
    Started,
    from_json,
)
from backends.lab.runner import JobProcess, Work, read_params

RUN_KIND = "lab"
State = Literal["waiting", "running", "finished", "failed", "cancelled", "interrupted"]

_SECONDS_BETWEEN_LOOKS = 0.05


@dataclass(frozen=True, slots=True)
class LabRun:
    """A run of one job."""

    folder: RunFolder
    work: Work

    def start(self) -> JobProcess:
        """Begin the work, or go on with it, in a process of its own."""
        return JobProcess.start(self.work, open_recorder)


def begin_run(system: str, job: str, values: Mapping[str, Any], root: Path, *, processes: int = 1) -> LabRun:
    """Make the folder of a new run. Raises `LabError` if it is asked wrongly, before anything is written."""
    params = read_params(system, job, values).model_dump(mode="json")
    asked = {"system": system, "job": job, "params": params, "processes": processes}
    return _lab_run(create_run(root, RUN_KIND, asked), asked)


def find_run(name: str, root: Path) -> LabRun:
    """A run by its path or its id. Raises `NimueError` if there is none."""
    folder = open_run(name, root, RUN_KIND)
    return _lab_run(folder, folder.asked())


def all_runs(root: Path) -> list[LabRun]:
    """The runs of the laboratory under a folder, oldest first."""
    found = []
    for file in sorted(root.glob(f"{RUN_KIND}-*/run.json")):
        facts = read_run_json(file.parent)
        if facts["kind"] == RUN_KIND:
            found.append(
                (facts["started"], file.parent.name, _lab_run(RunFolder(file.parent), facts["asked"]))
            )
    return [run for *_, run in sorted(found, key=lambda entry: entry[:2])]


def _lab_run(folder: RunFolder, asked: Mapping[str, Any]) -> LabRun:
    work = Work(
        system=asked["system"],
        job=asked["job"],
        params=asked["params"],
        directory=folder.path,
        processes=asked["processes"],
    )
    return LabRun(folder, work)


@dataclass(slots=True)
class RunSummary:
    """What a run's events say of it so far."""

    state: State = "waiting"
    message: str = ""
    details: str = ""
    progress: Progress | None = None
    latest: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None

    def take(self, event: Event) -> None:
        """Bring the summary up to date with the next event."""
        match event:
            case Started():
                self.state, self.message, self.details = "running", "", ""
            case Progress():
                self.progress = event
            case Metric(values=values):
                self.latest.update(values)
            case Log(text=text):
                self.message = text
            case Finished(metrics=metrics, seconds=seconds):
                self.state, self.metrics, self.seconds = "finished", dict(metrics), seconds
            case Failed(message=message, details=details):
                self.state, self.message, self.details = "failed", message, details
            case Cancelled():
                self.state = "cancelled"


def summary(run: LabRun) -> RunSummary:
    """Where a run stands. One that says it runs while nobody holds it was interrupted."""
    found = RunSummary()
    for line in read_events(run.folder.events):
        event = from_json(line.kind, line.data)
        if event is not None:
            found.take(event)
    if found.state == "running" and not _is_held(run.folder):
        found.state = "interrupted"
    return found


def read_result(run: LabRun) -> Mapping[str, Any]:
    """The result of a finished run. Raises `NimueError` if it has none."""
    file = run.folder.path / "result.json"
    if not file.exists():
        raise NimueError(f"Run {run.folder.id} has no result yet: nimue lab run --resume {run.folder.id}")
    result: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))["result"]
    return result


def follow(run: LabRun, process: JobProcess, tick: Callable[[], None]) -> Iterator[Event]:
    """The events that a process adds to its run, as they come, until it has ended.

    `tick` is called while there is nothing new; when it raises, so does this.
    """
    position = run.folder.events.stat().st_size if run.folder.events.exists() else 0
    while True:
        was_alive = process.is_alive
        found, position = _new_events(run.folder.events, position)
        yield from found
        if not was_alive:
            return
        if not found:
            tick()
            time.sleep(_SECONDS_BETWEEN_LOOKS)


def _new_events(file: Path, position: int) -> tuple[list[Event], int]:
    if not file.exists():
        return [], position
    with file.open("rb") as log:
        log.seek(position)
        text = log.read()
    whole = text[: text.rfind(b"\n") + 1]
    lines = [RunEvent(**json.loads(line)) for line in whole.splitlines()]
    events = [from_json(line.kind, line.data) for line in lines]
    return [event for event in events if event is not None], position + len(whole)


def _is_held(folder: RunFolder) -> bool:
    lock = FileLock(folder.path / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False
