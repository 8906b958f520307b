"""Writes a job's events into its run's `events.jsonl`, each measured value once, however often it resumes."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agents.errors import NimueError
from agents.runs.event_log import EventLog, read_events
from agents.runs.folder import RunFolder
from backends.lab.events import ArtifactMade, Event, EventSink, Metric, from_json, kind_of, to_json

Key = tuple[str, ...]

_TRIES, _SECONDS_BETWEEN_TRIES = 4, 0.05


class RunRecorder:
    """A sink over a run's log.

    A job that goes on from its last checkpoint tells the steps after it again. They were told before, so
    they are left out: on a processor they are the same values, on a GPU the first ones stand.
    """

    def __init__(self, log: EventLog, told: set[Key]) -> None:
        self._log = log
        self._told = told

    def write(self, event: Event) -> None:
        """Append an event that the log does not hold yet."""
        key = _key(event)
        if key is not None:
            if key in self._told:
                return
            self._told.add(key)
        self._log.append(kind_of(event), to_json(event))


@contextmanager
def open_recorder(directory: Path) -> Iterator[EventSink]:
    """The sink of a run that this process works on. Raises `NimueError` if another one does."""
    run = RunFolder(directory)
    with ExitStack() as held:
        _hold(run, held)
        told = set[Key]()
        for line in read_events(run.events):
            event = from_json(line.kind, line.data)
            key = None if event is None else _key(event)
            if key is not None:
                told.add(key)
        with EventLog(run.events) as log:
            yield RunRecorder(log, told)


def _hold(run: RunFolder, held: ExitStack) -> None:
    """Lock the run; who only looks whether it is held has it for an instant, so a few tries are made."""
    for _ in range(_TRIES - 1):
        try:
            held.enter_context(run.locked())
        except NimueError:
            time.sleep(_SECONDS_BETWEEN_TRIES)
        else:
            return
    held.enter_context(run.locked())


def _key(event: Event) -> Key | None:
    match event:
        case Metric(step=step, values=values, stage=stage):
            return ("metric", stage, str(step), *sorted(values))
        case ArtifactMade(path=path):
            return ("artifact", path)
        case _:
            return None
