"""Where a run of the laboratory stands, gathered from its events one by one. Knows nothing of screens."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from agents.lab.runs import RunSummary
from agents.runs.event_log import RunEvent
from backends.lab.events import ArtifactMade, Event, Failed, Log, Metric, Progress, Started, from_json
from tui.curve import Curve

MOST_NOTES = 500
MOST_CURVES = 600


@dataclass(slots=True)
class LabProgress:
    """Everything that the screen of a run shows while it works."""

    summary: RunSummary = field(default_factory=RunSummary)
    curves: dict[str, dict[str, Curve]] = field(default_factory=dict)
    """By the name of the value, then by stage."""
    stages: dict[str, Progress] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)
    """Captions by path."""
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_NOTES))
    pid: int | None = None
    """The process that did the work last."""
    num_left_out: int = 0
    """Curves beyond the number that is kept."""
    _num_curves: int = 0
    _stage: str = ""
    _began: datetime | None = None
    _done_before: int = 0

    def take(self, line: RunEvent) -> None:
        """Bring all up to date with the next event of the log.

        Raises:
            TypeError: It does not hold what an event of its kind holds.
        """
        event = from_json(line.kind, line.data)
        if event is None:
            return
        self.summary.take(event)
        self._note(event)
        match event:
            case Started(pid=pid):
                self.pid, self._began = pid, None
            case Progress(stage=stage):
                self._advance(event, datetime.fromisoformat(line.at) if line.at else None)
                self.stages[stage] = event
            case Metric(step=step, values=values, stage=stage):
                for name, value in values.items():
                    self._measure(name, stage, step, value)
            case ArtifactMade(path=path, caption=caption):
                self.artifacts[path] = caption
            case _:
                pass

    def seconds_left(self, now: datetime) -> float | None:
        """Of the present stage, at its pace since it began or was resumed; None where that is unknown."""
        progress = self.summary.progress
        if progress is None or self._began is None or self.summary.state != "running":
            return None
        made = progress.done - self._done_before
        if made <= 0:
            return None
        return (now - self._began).total_seconds() / made * (progress.total - progress.done)

    def _advance(self, progress: Progress, at: datetime | None) -> None:
        if self._began is None or progress.stage != self._stage:
            self._stage, self._began, self._done_before = progress.stage, at, progress.done

    def _measure(self, name: str, stage: str, step: int, value: float) -> None:
        by_stage = self.curves.setdefault(name, {})
        if stage not in by_stage:
            if self._num_curves >= MOST_CURVES:
                self.num_left_out += 1
                return
            self._num_curves += 1
            by_stage[stage] = Curve()
        by_stage[stage].add(step, value)

    def _note(self, event: Event) -> None:
        match event:
            case Started(resumed=resumed):
                self.notes.append("Goes on from its last checkpoint." if resumed else "Begins.")
            case Log(text=text):
                self.notes.append(text)
            case ArtifactMade(path=path, caption=caption):
                self.notes.append(f"{path}: {caption}")
            case Failed(message=message, details=details):
                self.notes.append(message)
                self.notes.extend(details.splitlines())
            case _:
                pass
