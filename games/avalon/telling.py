"""How the rules tell what happened; votes, cards and the like, which recur, are written in `recurring`."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from games.avalon.events import Event
from games.avalon.knowledge import knowledge_of, knowledge_to_json
from games.avalon.roles import Role, Side
from games.avalon.setup import Setup
from games.avalon.state import Ending

_V = TypeVar("_V")
_KEY = tuple(str(seat) for seat in range(11))  # JSON keys of seats


def header(setup: Setup) -> Event:
    return Event("header", 0, 0, None, "all", {"setup": setup.public().to_json()})


def by_seat(seats: Iterable[int], values: Iterable[_V]) -> dict[str, _V]:
    """One value a seat, as JSON has it."""
    return {_KEY[seat]: value for seat, value in zip(seats, values, strict=True)}


def dealt(roles: Mapping[str, str], first_leader: int) -> Event:
    return Event("deal", 0, 0, None, "god", {"roles": roles, "first_leader": first_leader})


def nights(setup: Setup, roles: tuple[Role, ...]) -> tuple[Event, ...]:
    """What the night shows each seat."""
    shown = [knowledge_to_json(knowledge_of(setup, roles, seat)) for seat in setup.seats]
    return tuple(
        [Event("knowledge", 0, 0, seat, (seat,), night) for seat, night in enumerate(shown, start=1)]
    )


def said(quest: int, attempt: int, seat: int, text: str, decision: str | None) -> Event:
    return Event("speech", quest, attempt, seat, "all", {"text": text}, decision)


def whispered(
    quest: int, attempt: int, seat: int, listeners: tuple[int, ...], text: str, decision: str
) -> Event:
    return Event("speech", quest, attempt, seat, listeners, {"text": text}, decision)


def bids_made(quest: int, attempt: int, bids: dict[int, int], speaker: int | None) -> Event:
    data = {"bids": by_seat(bids, bids.values()), "speaker": speaker}
    return Event("bids", quest, attempt, None, "all", data)


def vote_forced(quest: int, attempt: int) -> Event:
    """Nobody is asked: the team goes, and the event says so with an empty ballot."""
    return Event("vote", quest, attempt, None, "all", {"votes": {}, "approved": True, "forced": True})


def fire_held(quest: int, attempt: int) -> Event:
    # Without seat and decision, whose id names the seat: the Assassin stays unknown.
    return Event("shot", quest, attempt, None, "all", {"target": None, "hit": False})


def shot(quest: int, attempt: int, shooter: int, target: int, hit: bool, decision: str) -> Event:
    return Event("shot", quest, attempt, shooter, "all", {"target": target, "hit": hit}, decision)


def looked(
    quest: int, attempt: int, holder: int, target: int, side: Side, decision: str
) -> tuple[Event, Event]:
    """Whom the Lady's holder looked at, for all, and what the holder saw."""
    looking = {"holder": holder, "target": target}
    answer = {"target": target, "side": side.value}
    return (
        Event("lady", quest, attempt, holder, "all", looking, decision),
        Event("lady_answer", quest, attempt, holder, (holder,), answer, decision),
    )


def ended(quest: int, attempt: int, ending: Ending, roles: Mapping[str, str]) -> Event:
    data = {"winner": ending.winner.value, "reason": ending.reason, "roles": roles}
    return Event("end", quest, attempt, None, "all", data)
