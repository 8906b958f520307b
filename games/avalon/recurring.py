"""What recurs from game to game, checked and written once and then looked up: deals, teams, votes, cards.

Answers are looked up by their types as well as their values (`typed`): `True`, `1` and `1.0` are equal, but
only one of them is an answer. What is refused is never kept. Only data is kept and shared, not events:
those are many times as many, and to make one takes less time than to fetch one from far memory.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from games.avalon import telling
from games.avalon.events import Event
from games.avalon.legality import (
    IllegalAction,
    check_approvals,
    check_cards,
    complaint_of_team,
    proposal_asked,
)
from games.avalon.roles import Role
from games.avalon.setup import Setup
from games.avalon.state import Secrets, secrets_of
from games.errors import GameError

Data = Mapping[str, Any]
"""What an event says: shared between games, never changed."""


@lru_cache(maxsize=1024)
def seat_and_show(setup: Setup, roles: tuple[Role, ...]) -> tuple[Secrets, Event, tuple[Event, ...]]:
    """What depends on the roles alone: the secrets, the header, what the night shows.

    Raises `GameError` unless these are the setup's roles.
    """
    if sorted(roles) != sorted(setup.roles):
        raise GameError(
            f"The deal seats {', '.join(roles)}, but the setup {setup.name} is {', '.join(setup.roles)}."
        )
    return secrets_of(setup, roles), telling.header(setup), telling.nights(setup, roles)


@lru_cache(maxsize=1024)
def roles_by_seat(roles: tuple[Role, ...]) -> Data:
    return telling.by_seat(range(1, len(roles) + 1), [role.value for role in roles])


@lru_cache(maxsize=256)  # five quests of five attempts, ten seats
def leader_named(quest: int, attempt: int, leader: int) -> Event:
    return Event("leader", quest, attempt, leader, "all", {"leader": leader})


@lru_cache(maxsize=512)
def id_of_proposal(quest: int, attempt: int, leader: int, revised: bool) -> str:
    return proposal_asked(quest, attempt, leader, revised).id


@lru_cache(maxsize=4096, typed=True)  # ten players have 1,044 teams, each in any order
def team_named(num_players: int, quest: int, final: bool, *team: int) -> tuple[tuple[int, ...], Data]:
    """The team in the order of its seats, and what is told. Raises `IllegalAction` for no legal team."""
    complaint = complaint_of_team(num_players, quest, team)
    if complaint:
        raise IllegalAction(complaint)
    in_order = tuple(sorted(team))
    return in_order, {"team": list(in_order), "final": final}


@lru_cache(maxsize=2048, typed=True)  # all votes of 5 to 10 seats: 2,016
def votes_counted(*ballot: bool) -> tuple[Data, bool]:
    """What is told of the votes of all seats, and whether they approve.

    Raises `IllegalAction` for what is no vote.
    """
    seats = range(1, len(ballot) + 1)
    check_approvals(seats, ballot)
    approved = 2 * sum(ballot) > len(ballot)
    return {"votes": telling.by_seat(seats, ballot), "approved": approved, "forced": False}, approved


@lru_cache(maxsize=4096, typed=True)
def cards_counted(required: int, team: tuple[int, ...], *fails: bool) -> tuple[Data, Data, int, bool]:
    """The cards of a team as nobody and as everybody sees them, how many fail, whether the quest succeeds.

    Raises `IllegalAction` for what is no card; whether a seat may fail the quest is not asked here.
    """
    check_cards(team, fails, evil=frozenset(team))
    num_fails = sum(fails)
    success = num_fails < required
    outcome = {"team": list(team), "fails": num_fails, "success": success, "required": required}
    return {"cards": telling.by_seat(team, fails)}, outcome, num_fails, success
