"""Where an ExpeL run stands, gathered from its events one by one. Knows nothing of screens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from agents.llm.usage import Usage
from agents.runs.event_log import RunEvent

CellState = Literal["waiting", "trying", "solved", "failed"]
GATHER = "gather"
_RETRIED = frozenset({GATHER, "reflexion", "expel+reflexion"})
MAX_OPERATIONS = 500


@dataclass(slots=True)
class Cell:
    """One arm at one task; seeds are taken together."""

    state: CellState = "waiting"
    trial: int = 0
    """The trial that is under way or was the last, from 0."""
    num_solved: int = 0
    num_ended: int = 0


class Operation(NamedTuple):
    """What a model did to the insights of a fold."""

    fold: int
    op: str
    insight: str | None
    accepted: bool
    code: str | None


class AttemptName(NamedTuple):
    """The parts of an attempt's name in the log."""

    phase: str
    arm: str
    task: str
    seed: int
    trial: int


def attempt_name(text: str) -> AttemptName:
    """Read "gather/gather/TASK/0/1"; a task's own name may hold slashes, a trial made anew ends in "@2"."""
    phase, arm, *task, seed, trial = text.split("/")
    return AttemptName(phase, arm, "/".join(task), int(seed), int(trial.partition("@")[0]))


@dataclass(slots=True)
class ExpelProgress:
    """Everything that the dashboard shows."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""
    tasks: dict[str, str] = field(default_factory=dict)
    """Kind by task."""
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    """By arm and task; the gathering is the arm "gather"."""
    phase: str = ""
    total: int = 0
    done: int = 0
    phases_done: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    solved_by_trial: dict[int, int] = field(default_factory=dict)
    """In the gathering."""
    operations: list[Operation] = field(default_factory=list)
    """The latest ones."""
    notes: list[str] = field(default_factory=list)
    ended: Literal["", "finished", "paused"] = ""
    reason: str = ""
    _began: datetime | None = None
    _done_before: int = 0
    _latest: datetime | None = None

    @property
    def arms(self) -> list[str]:
        """In the order in which they are met."""
        phases = self.settings.get("phases", ())
        named = [arm.strip() for arm in str(self.settings.get("arms", "")).split(",") if arm.strip()]
        seen = [arm for arm, _ in self.cells]
        gathered = [GATHER] if "gather" in phases else []
        evaluated = [arm for arm in named if arm != "all"] if "evaluate" in phases else []
        return list(dict.fromkeys([*gathered, *evaluated, *seen]))

    @property
    def retries(self) -> int:
        return int(self.settings.get("retries", 0))

    def cell(self, arm: str, task: str) -> Cell:
        return self.cells.get((arm, task)) or Cell()

    def seconds_left(self, now: datetime) -> float | None:
        """Of this phase, at the pace since it began or was resumed; None before anything is done."""
        made = self.done - self._done_before
        if self._began is None or made <= 0 or self.ended or not self.total:
            return None
        return (now - self._began).total_seconds() / made * (self.total - self.done)

    def take(self, event: RunEvent) -> None:
        """Bring all up to date with the next event."""
        at = datetime.fromisoformat(event.at) if event.at else None
        self._latest = at or self._latest
        data = event.data
        match event.kind:
            case "started":
                self.settings, self.origin, self.tasks = data["settings"], data["origin"], dict(data["tasks"])
            case "resumed":
                self.ended, self.reason = "", ""
                self._began, self._done_before = at, self.done
            case "phase":
                self.phase, self.total, self.done = data["phase"], data["total"], 0
                self._began, self._done_before = at, 0
            case "phase_done":
                self.phases_done.append(data["phase"])
            case "entry":
                self._entry(attempt_name(data["attempt"]))
            case "attempt":
                self._attempt(data)
            case "insights":
                self._insights(data)
            case "env_drift":
                self.notes.append(f"{data['attempt']}: {data['reason']}; made anew")
            case "insights_unread":
                self.notes.append(f"fold {data['fold']}: an answer could not be read: {data['reason']}")
            case "paused":
                self.ended, self.reason = "paused", str(data["reason"])
            case "finished":
                self.ended = "finished"
            case _:
                pass

    def _entry(self, name: AttemptName) -> None:
        cell = self.cells.setdefault((name.arm, name.task), Cell())
        cell.state, cell.trial = "trying", name.trial

    def _attempt(self, data: Mapping[str, Any]) -> None:
        arm, task, trial = data["arm"], data["task"], int(data["trial"])
        solved = data["outcome"] == "success"
        used = Usage(
            calls=data["calls"], input_tokens=data["input_tokens"], output_tokens=data["output_tokens"]
        )
        self.usage += used
        cell = self.cells.setdefault((arm, task), Cell())
        cell.trial = trial
        if arm == GATHER and solved:
            self.solved_by_trial[trial] = self.solved_by_trial.get(trial, 0) + 1
        if solved or arm not in _RETRIED or trial >= self.retries:
            cell.num_ended += 1
            cell.num_solved += solved
            cell.state = "solved" if solved else "failed"
            self.done += 1
        else:
            cell.state = "trying"

    def _insights(self, data: Mapping[str, Any]) -> None:
        self.done += 1
        self.operations += [
            Operation(data["fold"], one["op"], one["insight"], one["accepted"], one["code"])
            for one in data["operations"]
        ]
        del self.operations[:-MAX_OPERATIONS]

    def rate(self, arm: str) -> tuple[int, int]:
        """How many meetings of an arm were solved, of how many that have ended."""
        cells = [cell for (name, _), cell in self.cells.items() if name == arm]
        return sum(cell.num_solved for cell in cells), sum(cell.num_ended for cell in cells)
