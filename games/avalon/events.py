"""What happened at a table, one immutable record a fact, each with who may see it.

Events are the only truth about a game: views, transcripts, live screens and prompts are all read
out of them. The engine's own types are listed in `ENGINE_TYPES`; agents add private ones
(`AGENT_TYPES`), and a transcript file adds its own (`FILE_TYPES`); neither changes the game.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, get_args

EventType = Literal[
    # the engine's
    "header",
    "deal",
    "knowledge",
    "leader",
    "propose",
    "speech",
    "bids",
    "vote",
    "card",
    "quest",
    "lady",
    "lady_answer",
    "shot",
    "end",
    # an agent's, private to its seat
    "note",
    "draft",
    "second_order",
    "thought",
    "probe",
    "fallback",
    # a transcript file's
    "origin",
    "seal",
]

AGENT_TYPES: frozenset[EventType] = frozenset(
    {"note", "draft", "second_order", "thought", "probe", "fallback"}
)
FILE_TYPES: frozenset[EventType] = frozenset({"origin", "seal"})
ENGINE_TYPES: frozenset[EventType] = frozenset(get_args(EventType)) - AGENT_TYPES - FILE_TYPES

Visibility = Literal["all", "god"] | tuple[int, ...]
_NO_DATA: Mapping[str, Any] = {}


class Event(NamedTuple):  # not a dataclass: a game makes dozens, and a tuple is three times quicker to make
    """One fact. `quest` and `attempt` are 0 before the first quest; `seat` is who acted, if anyone."""

    type: EventType
    quest: int = 0
    attempt: int = 0
    seat: int | None = None
    visible_to: Visibility = "all"
    data: Mapping[str, Any] = _NO_DATA  # plain JSON values; shared, never changed
    decision: str | None = None  # the `Decision.id` it answers; None for joint events (votes, cards, bids)

    def seen_by(self, seat: int) -> bool:
        """Whether this seat may know the event (the god view is not a seat)."""
        return self.visible_to == "all" or (self.visible_to != "god" and seat in self.visible_to)


_Fields = tuple[EventType, int, int, int | None, Visibility, Mapping[str, Any], str | None]
event_of: Callable[[_Fields], Event] = partial(tuple.__new__, Event)
"""An event of all its fields, in half the time of `Event(...)`; four kinds are most of a game."""
