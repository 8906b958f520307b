"""Which Evil teams are still possible: the pure deduction that the rule bots share (spec 3.2).

A quest with f fail cards had at least f Evil seats aboard; a clean quest proves nothing.
"""

# Shape legend: H possible Evil sets, N seats, T teams

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from games.avalon.knowledge import possible_roles
from games.avalon.roles import EVIL_ROLES, Side
from games.avalon.setup import NUM_EVIL
from games.avalon.view import View

Quests = tuple[tuple[tuple[int, ...], int], ...]  # (team, fail cards) of every played quest


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one seat goes by: the fail cards, and the seats whose side it is sure of."""

    num_players: int
    quests: Quests
    good: frozenset[int]
    evil: frozenset[int] = frozenset()
    just_one_evil: frozenset[int] = frozenset()
    """A pair of which exactly one is Evil: what Percival sees when Morgana is in play."""


def servant_evidence(view: View) -> Evidence:
    """What a Servant goes by, and here Percival too: the own side, the quests, the Lady's answers."""
    told = view.knowledge.lady
    return Evidence(
        num_players=view.setup.num_players,
        quests=played_quests(view),
        good=frozenset([view.seat, *(seat for seat, side in told.items() if side is Side.GOOD)]),
        evil=frozenset([seat for seat, side in told.items() if side is Side.EVIL]),
    )


def full_evidence(view: View) -> Evidence:
    """All that a seat of any role can deduce from the night, the Lady and the quests."""
    possible = list(enumerate(possible_roles(view.setup, view.knowledge), start=1))
    sees_a_pair = len(view.knowledge.merlin_candidates) == 2
    return Evidence(
        num_players=view.setup.num_players,
        quests=played_quests(view),
        good=frozenset([seat for seat, roles in possible if not roles & EVIL_ROLES]),
        evil=frozenset([seat for seat, roles in possible if roles <= EVIL_ROLES]),
        just_one_evil=view.knowledge.merlin_candidates if sees_a_pair else frozenset(),
    )


def played_quests(view: View) -> Quests:
    return tuple((quest.team, quest.fails) for quest in view.table.quests)


@cache
def evil_sets(num_players: int) -> NDArray[np.bool_]:
    """Every choice of Evil seats as a row of `evil_HN`, in lexicographic order."""
    sets = list(combinations(range(num_players), NUM_EVIL[num_players]))
    return _as_rows(sets, num_players)


@cache
def teams_of(num_players: int, size: int) -> tuple[tuple[int, ...], ...]:
    return tuple(combinations(range(1, num_players + 1), size))


def seats_of(evil_N: NDArray[np.bool_]) -> frozenset[int]:
    """The seats of one row."""
    return frozenset((np.flatnonzero(evil_N) + 1).tolist())


@lru_cache(maxsize=4096)
def consistent_sets(evidence: Evidence) -> NDArray[np.bool_]:
    """The rows of `evil_sets` that the evidence leaves possible, at least one: the truth is among them."""
    evil_HN = evil_sets(evidence.num_players)
    possible_H = np.ones(len(evil_HN), dtype=np.bool_)
    for team, fails in evidence.quests:
        possible_H &= _count(evil_HN, team) >= fails
    possible_H &= _count(evil_HN, tuple(evidence.good)) == 0
    possible_H &= _count(evil_HN, tuple(evidence.evil)) == len(evidence.evil)
    if evidence.just_one_evil:
        possible_H &= _count(evil_HN, tuple(evidence.just_one_evil)) == 1
    return evil_HN[possible_H]


@lru_cache(maxsize=4096)
def cleanest_teams(evidence: Evidence, size: int) -> frozenset[tuple[int, ...]]:
    """The teams that the largest number of possible Evil sets leaves clean."""
    teams = teams_of(evidence.num_players, size)
    team_TN = _as_rows([tuple(seat - 1 for seat in team) for team in teams], evidence.num_players)
    evil_HN = consistent_sets(evidence)
    num_clean_T = ((evil_HN.astype(np.int16) @ team_TN.T.astype(np.int16)) == 0).sum(axis=0)
    return frozenset([teams[place] for place in np.flatnonzero(num_clean_T == num_clean_T.max())])


def _count(evil_HN: NDArray[np.bool_], seats: tuple[int, ...]) -> NDArray[np.intp]:
    places = np.asarray(seats, dtype=np.intp) - 1
    count_H: NDArray[np.intp] = evil_HN[:, places].sum(axis=1)
    return count_H


def _as_rows(sets: list[tuple[int, ...]], num_players: int) -> NDArray[np.bool_]:
    rows = np.zeros((len(sets), num_players), dtype=np.bool_)
    for row, places in zip(rows, sets, strict=True):
        row[list(places)] = True
    return rows
