"""Insights and the events that change them.

A list of insights is what its events make of it: every accepted event carries the state in which it leaves
its one insight, so that a list can be replayed from its log, and an engine only has to decide on events.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

INITIAL_COUNT = 2  # importance of a new insight (ExpeL, section 4.2)


class State(StrEnum):
    """Where an insight stands; only active ones are numbered, voted on and shown to an agent."""

    ACTIVE = "active"
    QUARANTINED = "quarantined"
    ARCHIVED = "archived"
    DELETED = "deleted"


class Op(StrEnum):
    """What an event does; the first four are what a language model may ask for."""

    ADD = "ADD"
    EDIT = "EDIT"
    AGREE = "AGREE"
    REMOVE = "REMOVE"
    ARCHIVE = "ARCHIVE"
    RESTORE = "RESTORE"
    QUARANTINE = "QUARANTINE"
    PIN = "PIN"
    UNPIN = "UNPIN"
    UPDATE = "UPDATE"
    REVERT = "REVERT"
    COMMENT = "COMMENT"
    DELETE = "DELETE"
    MERGE = "MERGE"
    SPLIT = "SPLIT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Insight:
    """A rule learned from experience. The id survives edits and renumbering."""

    id: str
    text: str
    count: int = INITIAL_COUNT
    """Importance; zero only in the archive, or under a pin."""
    state: State = State.ACTIVE
    pinned: bool = False
    serial: int = 0
    """Order of birth within its set, from 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One operation, carried out or rejected, with the state in which it left its insight."""

    op: Op
    insight_id: str | None
    text_before: str | None = None
    text_after: str | None = None
    delta: int = 0
    count_after: int = 0
    state_after: State = State.ACTIVE
    pinned_after: bool = False
    accepted: bool = True
    code: str | None = None
    """Why it was rejected, or what is peculiar about it, in one word: `no_target`, `retargeted`, ..."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A list after an answer, and the events that led there."""

    insights: tuple[Insight, ...]
    events: tuple[Event, ...]


def insight_id(*origin: object) -> str:
    """The id of the insight that was born at this place of a log: the same on every replay."""
    digest = hashlib.sha256("\x1f".join(map(str, origin)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"I-{digest[:12].upper()}"


def active(insights: Iterable[Insight]) -> tuple[Insight, ...]:
    """What an agent sees and numbers refer to, counted from 1."""
    return tuple(insight for insight in insights if insight.state is State.ACTIVE)


def change(op: Op, insight: Insight, after: Insight, *, code: str | None = None, reason: str = "") -> Event:
    """The event that turns an insight into `after`."""
    return Event(
        op=op,
        insight_id=insight.id,
        text_before=insight.text,
        text_after=after.text,
        delta=after.count - insight.count,
        count_after=after.count,
        state_after=after.state,
        pinned_after=after.pinned,
        code=code,
        reason=reason,
    )


def birth(insight: Insight, *, code: str | None = None, reason: str = "") -> Event:
    """The event that brings an insight into the list."""
    return Event(
        op=Op.ADD,
        insight_id=insight.id,
        text_after=insight.text,
        delta=insight.count,
        count_after=insight.count,
        state_after=insight.state,
        pinned_after=insight.pinned,
        code=code,
        reason=reason,
    )


def rejection(op: Op, code: str, *, text: str = "", insight_id: str | None = None, reason: str = "") -> Event:
    """An operation that changes nothing and stays in the log."""
    return Event(op=op, insight_id=insight_id, text_after=text, accepted=False, code=code, reason=reason)


def apply_event(insights: tuple[Insight, ...], event: Event) -> tuple[Insight, ...]:
    """Carry out one event; the order of the list is left for `settle`."""
    if not event.accepted or event.insight_id is None or event.text_after is None:
        return insights
    if event.state_after is State.DELETED:
        return tuple(insight for insight in insights if insight.id != event.insight_id)
    after = Insight(
        id=event.insight_id,
        text=event.text_after,
        count=event.count_after,
        state=event.state_after,
        pinned=event.pinned_after,
    )
    if all(insight.id != event.insight_id for insight in insights):
        serial = 1 + max((insight.serial for insight in insights), default=0)
        return (*insights, replace(after, serial=serial))
    return tuple(
        replace(after, serial=insight.serial) if insight.id == event.insight_id else insight
        for insight in insights
    )


def settle(insights: Iterable[Insight]) -> tuple[Insight, ...]:
    """Order as after every call: the active ones by importance, ties as they stood, then all others."""
    return tuple(
        sorted(
            insights,
            key=lambda insight: (
                insight.state is not State.ACTIVE,
                -insight.count if insight.state is State.ACTIVE else 0,
            ),
        )
    )


def replay(events: Iterable[Event], insights: tuple[Insight, ...] = ()) -> tuple[Insight, ...]:
    """The list after the events of one step."""
    for event in events:
        insights = apply_event(insights, event)
    return settle(insights)
