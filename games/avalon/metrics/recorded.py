"""A recorded game as metrics read it: the setup, who was who, what each seat was told, the events."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from games.avalon.events import Event
from games.avalon.knowledge import Knowledge, knowledge_of, knowledge_to_json
from games.avalon.roles import Role, Side
from games.avalon.setup import NUM_EVIL, Setup
from games.avalon.table import Table, public_table
from games.errors import GameError


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedGame:
    """All that happened at a table, with the truth about it."""

    setup: Setup
    roles: tuple[Role, ...]
    """By seat, seat 1 first."""
    knowledge: tuple[Knowledge, ...]
    """What the night told each seat."""
    events: tuple[Event, ...]
    """In order. Every seat has its `knowledge` event, also where a public file held none."""
    table: Table
    """As it lay at the end of the events."""

    def role_of(self, seat: int) -> Role:
        return self.roles[seat - 1]

    @property
    def evil(self) -> frozenset[int]:
        """The Evil seats."""
        return frozenset(seat for seat in self.setup.seats if self.role_of(seat).side is Side.EVIL)

    @property
    def merlin(self) -> int | None:
        return self.roles.index(Role.MERLIN) + 1 if Role.MERLIN in self.roles else None

    def is_clean(self, team: Iterable[int]) -> bool:
        """Whether no Evil seat is on a team."""
        return self.evil.isdisjoint(team)


def recorded_game(events: Iterable[Event]) -> RecordedGame:
    """Read a game, finished or not. Raises `GameError` where nothing tells the roles."""
    recorded = tuple(events)
    table = public_table(recorded)
    setup = Setup.from_json(recorded[0].data["setup"])
    roles = _dealt(recorded) or table.roles
    if roles is None:
        raise GameError("Nothing tells who was who: this is a public record of a game that has not ended.")
    knowledge = tuple(knowledge_of(setup, roles, seat) for seat in setup.seats)
    return RecordedGame(
        setup=setup,
        roles=roles,
        knowledge=knowledge,
        events=_with_night(recorded, knowledge),
        table=table,
    )


def _dealt(events: tuple[Event, ...]) -> tuple[Role, ...] | None:
    for event in events:
        if event.type == "deal":
            by_seat = sorted((int(seat), Role(role)) for seat, role in event.data["roles"].items())
            return tuple(role for _, role in by_seat)
    return None


def _with_night(events: tuple[Event, ...], knowledge: tuple[Knowledge, ...]) -> tuple[Event, ...]:
    if any(event.type == "knowledge" for event in events):
        return events
    night = (
        Event("knowledge", seat=known.seat, visible_to=(known.seat,), data=knowledge_to_json(known))
        for known in knowledge
    )
    return (events[0], *night, *events[1:])


def possible_evil_sets(table: Table, num_players: int) -> list[frozenset[int]]:
    """Every set of Evil seats that the fail cards on the table leave possible; no view of a seat enters."""
    seats = range(1, num_players + 1)
    return [
        evil
        for evil in map(frozenset, combinations(seats, NUM_EVIL[num_players]))
        if all(len(evil.intersection(quest.team)) >= quest.fails for quest in table.quests)
    ]
