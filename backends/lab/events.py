"""What a job tells while it runs: typed events, each with a form in JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A process has begun to work on the run; `resumed` if it goes on with earlier work."""

    resumed: bool
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a stage is, in steps of its own."""

    done: int
    total: int
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """Values measured at a step of a stage."""

    step: int
    values: Mapping[str, float]
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactMade:
    """A file lies in the run's artifacts folder."""

    path: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A sentence for the person who watches."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The run has its result."""

    metrics: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The run ended without a result. `details` holds the traceback where the reason is ours to find."""

    message: str
    details: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The run was stopped on request and can be resumed."""


Event = Started | Progress | Metric | ArtifactMade | Log | Finished | Failed | Cancelled

_KINDS: Mapping[str, type[Event]] = {
    "started": Started,
    "progress": Progress,
    "metric": Metric,
    "artifact": ArtifactMade,
    "log": Log,
    "finished": Finished,
    "failed": Failed,
    "cancelled": Cancelled,
}
_NAMES = {cls: name for name, cls in _KINDS.items()}


class EventSink(Protocol):
    """Where events go: a file, a screen, a list."""

    def write(self, event: Event) -> None:
        """Take one event; called from the process that does the work."""
        ...


class EventList:
    """A sink that keeps the events in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        self.events.append(event)


def kind_of(event: Event) -> str:
    """The event's kind, as logs name it."""
    return _NAMES[type(event)]


def to_json(event: Event) -> dict[str, Any]:
    """The event's data as JSON values."""
    return asdict(event)


def from_json(kind: str, data: Mapping[str, Any]) -> Event | None:
    """Read an event back; None for a kind that is not the laboratory's."""
    return _KINDS[kind](**data) if kind in _KINDS else None
