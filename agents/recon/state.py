"""What the graphs carry: plain JSON values only, so that a checkpoint can be read and resumed.

Hidden information never travels: a seat's graph is given the events that this seat may see, and
nothing else (section 5.1 of our specification).
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Annotated, Any, TypedDict

from langgraph.channels.delta import DeltaChannel

from games.avalon.actions import (
    Action,
    Bid,
    Card,
    Decision,
    HoldFire,
    Inspect,
    Propose,
    Shoot,
    Speak,
    Vote,
)
from games.avalon.events import Event

Json = dict[str, Any]


def merge_answers(waiting: dict[str, Json], new: dict[str, Json] | None) -> dict[str, Json]:
    """Collect the answers of seats that decide at once; None clears them when they have been played."""
    return {} if new is None else {**waiting, **new}


def extend_events(events: list[Json], batches: Sequence[list[Json]]) -> list[Json]:
    """Append every batch of new events."""
    return [*events, *chain.from_iterable(batches)]


class TableState(TypedDict):
    """A game: every event so far (god view), and the answers that wait to be played, by decision."""

    # A delta channel: a checkpoint holds the new events, not the whole game each time (a six-player game
    # of full-length thoughts took 58 MB of checkpoints without it).
    events: Annotated[list[Json], DeltaChannel(extend_events)]
    answers: Annotated[dict[str, Json], merge_answers]


class SeatInput(TypedDict):
    """What one seat is given for one decision."""

    seat: int
    decision: Json
    events: list[Json]
    """The events this seat may see, in order."""


class SeatOutput(TypedDict):
    """What comes back: the action, and what only this seat may remember."""

    action: Json
    private: list[Json]


class SeatState(SeatInput):
    """One decision in the making."""

    private: Annotated[list[Json], operator.add]
    """The events of this decision that only the seat may see: note, draft, readings, thought, fallbacks."""
    options: Annotated[list[Json], operator.add]
    """Tree of thoughts: the plans or speeches to pick from, with their numbers."""
    plan: str
    reply: Json
    """The latest accepted draft, by field."""
    readings: Annotated[list[Json], operator.add]
    action: Json


class Branch(SeatInput, total=False):
    """What one of several calls that run side by side is given."""

    private: list[Json]
    index: int
    role: str
    """Whose eyes a reading looks through."""
    reply: Json
    plan: str


def pack_event(event: Event) -> Json:
    """An event as JSON values."""
    visible_to = list(event.visible_to) if isinstance(event.visible_to, tuple) else event.visible_to
    return {
        "type": event.type,
        "quest": event.quest,
        "attempt": event.attempt,
        "seat": event.seat,
        "visible_to": visible_to,
        "data": dict(event.data),
        "decision": event.decision,
    }


def unpack_event(packed: Mapping[str, Any]) -> Event:
    """Read what `pack_event` wrote."""
    visible_to = packed["visible_to"]
    return Event(
        packed["type"],
        packed["quest"],
        packed["attempt"],
        packed["seat"],
        tuple(visible_to) if isinstance(visible_to, list) else visible_to,
        packed["data"],
        packed["decision"],
    )


def pack_decision(decision: Decision) -> Json:
    return {"id": decision.id, "kind": decision.kind, "seat": decision.seat}


def unpack_decision(packed: Mapping[str, Any]) -> Decision:
    return Decision(packed["id"], packed["kind"], packed["seat"])


_ACTIONS: dict[str, Callable[..., Action]] = {
    kind.__name__: kind for kind in (Propose, Speak, Bid, Vote, Card, Inspect, Shoot, HoldFire)
}


def pack_action(action: Action) -> Json:
    """An action as JSON values."""
    fields = {name: getattr(action, name) for name in type(action).__dataclass_fields__}
    return {
        "do": type(action).__name__,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()},
    }


def unpack_action(packed: Mapping[str, Any]) -> Action:
    """Read what `pack_action` wrote."""
    fields = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in packed.items()
        if name != "do"
    }
    return _ACTIONS[packed["do"]](**fields)
