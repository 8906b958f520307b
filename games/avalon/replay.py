"""Rebuild a game from its events: feed the recorded actions to the rules, compare every event."""

from collections.abc import Iterable, Mapping
from typing import assert_never

from games.avalon.actions import (
    Action,
    Bid,
    Card,
    DecisionKind,
    HoldFire,
    Inspect,
    Propose,
    Shoot,
    Speak,
    Vote,
)
from games.avalon.draws import Deal
from games.avalon.events import ENGINE_TYPES, Event, EventType
from games.avalon.legality import IllegalAction, pending
from games.avalon.roles import Role
from games.avalon.setup import Setup
from games.avalon.state import State
from games.avalon.transitions import apply, start
from games.errors import GameError

Indexed = list[tuple[int, Event]]


class Contradiction(GameError):
    """A recorded event that the rules do not produce at its place; `index` counts all events from 0."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"Event {index}: {reason}")
        self.index = index
        self.reason = reason


def replay(setup: Setup, events: Iterable[Event]) -> State:
    """The state that these events lead to; events of agents are passed over.

    The events may stop between any two steps of the game. Raises `Contradiction`, a `GameError`, at the
    first event that does not follow from the rules.
    """
    recorded = [(index, event) for index, event in enumerate(events) if event.type in ENGINE_TYPES]
    state, produced = start(setup, recorded_deal([event for _, event in recorded]))
    position = _match(recorded, 0, produced)
    while position < len(recorded):
        index, event = recorded[position]
        try:
            state, produced = apply(state, _recorded_actions(state, recorded, position))
        except IllegalAction as problem:
            raise Contradiction(index, f"the {event.type} is against the rules. {problem}") from problem
        except (KeyError, TypeError, ValueError) as problem:
            raise Contradiction(index, f"{event.type} does not follow here: {problem!r}") from problem
        position = _match(recorded, position, produced)
    return state


def recorded_deal(events: Iterable[Event]) -> Deal:
    """Read the deal. Raises `GameError` where there is none, as in a public export."""
    for event in events:
        if event.type == "deal":
            try:
                by_seat = {int(seat): Role(role) for seat, role in event.data["roles"].items()}
                return Deal(tuple(by_seat[seat] for seat in sorted(by_seat)), int(event.data["first_leader"]))
            except (KeyError, TypeError, ValueError, AttributeError) as problem:
                raise GameError(f"The deal cannot be read: {problem!r}") from problem
    raise GameError("There is no deal among these events (a public export?), so they cannot be replayed.")


def _match(recorded: Indexed, position: int, produced: tuple[Event, ...]) -> int:
    """Where the recorded events go on after what the rules produced."""
    for event in produced:
        if position == len(recorded):
            raise Contradiction(
                recorded[-1][0] + 1, f"the events end in the middle of a step, the {event.type} is missing."
            )
        index, found = recorded[position]
        if found != event:
            raise Contradiction(index, f"the rules give {event}, the record says {found}")
        position += 1
    return position


_TOLD_BY: dict[DecisionKind, EventType] = {
    "propose": "propose",
    "speak": "speech",
    "evil_talk": "speech",
    "bid": "bids",
    "vote": "vote",
    "card": "card",
    "inspect": "lady",
    "shoot": "shot",
}


def _recorded_actions(state: State, recorded: Indexed, position: int) -> Mapping[int, Action]:
    """What every pending seat did, read out of the event at this position (and a proposal's speech)."""
    waiting = pending(state)
    event = recorded[position][1]
    if not waiting:
        raise ValueError("the game is over")
    kind, seat, data = waiting[0].kind, waiting[0].seat, event.data
    if event.type != _TOLD_BY[kind]:
        raise ValueError(f"the game waits for {waiting[0].id}")
    match kind:
        case "propose":
            speech = _speech_with_proposal(seat, recorded, position)
            return {seat: Propose(tuple(data["team"]), speech)}
        case "speak" | "evil_talk":
            return {seat: Speak(data["text"])}
        case "inspect":
            return {seat: Inspect(data["target"])}
        case "shoot":
            return {seat: HoldFire() if data["target"] is None else Shoot(data["target"])}
        case "vote":
            return {decision.seat: Vote(data["votes"][str(decision.seat)]) for decision in waiting}
        case "card":
            return {decision.seat: Card(data["cards"][str(decision.seat)]) for decision in waiting}
        case "bid":
            return {decision.seat: Bid(data["bids"][str(decision.seat)]) for decision in waiting}
    assert_never(kind)


def _speech_with_proposal(leader: int, recorded: Indexed, position: int) -> str:
    # The leader never has the next turn to speak, so a speech of his here belongs to the proposal.
    if position + 1 == len(recorded):
        return ""
    following = recorded[position + 1][1]
    said = following.type == "speech" and following.seat == leader
    return str(following.data["text"]) if said else ""
