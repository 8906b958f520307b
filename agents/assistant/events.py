"""What a surface is told while the assistant works: typed events, in the order in which things happen.

All but the growing text, the progress of a tool and the costs are kept in the run's `events.jsonl`, each with
a form in JSON; `history` reads them back, so that a resumed conversation looks as it did.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal

Ending = Literal["answered", "stopped", "paused", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The user has said something; turns are counted from 1."""

    turn: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalled:
    """Memory holds something on it, which the model is told."""

    insights: tuple[str, ...]
    successes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TextDelta:
    """The answer has grown. With `restart`, what was told of this step is void and begins anew."""

    text: str
    restart: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Thought:
    """What the model says before it uses tools."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolStarted:
    """A tool is used. `call` names this use in all later events."""

    call: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolProgress:
    """How far the tool is: `done` of `total`, where it knows, and the newest figures by name."""

    call: str
    text: str = ""
    done: int | None = None
    total: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolEnded:
    """A tool has answered; `told` is what the model reads: the result, or what went wrong and a hint."""

    call: str
    tool: str
    ok: bool
    told: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalAsked:
    """A person is to decide before the tool is used: answer with `AssistantSession.decide`."""

    call: str
    tool: str
    arguments: Mapping[str, Any]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalGiven:
    """It was decided."""

    call: str
    allowed: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CostChanged:
    """What the conversation has used so far; the cost is None where a price is not known."""

    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The turn is over. `text` is the whole answer, or why there is none."""

    ending: Ending
    text: str


Event = (
    Asked
    | Recalled
    | TextDelta
    | Thought
    | ToolStarted
    | ToolProgress
    | ToolEnded
    | ApprovalAsked
    | ApprovalGiven
    | CostChanged
    | Finished
)

_KINDS: Mapping[str, type[Event]] = {
    "asked": Asked,
    "recalled": Recalled,
    "text": TextDelta,
    "thought": Thought,
    "tool_started": ToolStarted,
    "tool_progress": ToolProgress,
    "tool_ended": ToolEnded,
    "approval_asked": ApprovalAsked,
    "approval_given": ApprovalGiven,
    "cost": CostChanged,
    "finished": Finished,
}
_NAMES = {cls: name for name, cls in _KINDS.items()}


def kind_of(event: Event) -> str:
    """The event's kind, as logs and `--json` name it."""
    return _NAMES[type(event)]


def to_json(event: Event) -> dict[str, Any]:
    """The event's data as JSON values; a cost is text, so that it stays exact."""
    data = asdict(event)
    if isinstance(event, CostChanged):
        data["cost"] = None if event.cost is None else str(event.cost)
    return data


def from_json(kind: str, data: Mapping[str, Any]) -> Event | None:
    """Read a kept event back; None for a kind that is not kept, or not the assistant's."""
    if kind not in _KINDS or kind == "cost":
        return None
    if kind == "recalled":
        return Recalled(insights=tuple(data["insights"]), successes=tuple(data["successes"]))
    return _KINDS[kind](**data)
