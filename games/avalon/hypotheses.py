"""Every way to seat a game's roles, and how they fall into classes that behaviour can tell apart (spec 3.1).

How a seat plays depends on three kinds only: Merlin, other Good, Evil. All deals with the same Evil seats
and the same Merlin therefore share one likelihood: a class. A table of ten has 151,200 deals in 1,260
classes, so evidence is weighed by class and spread over the deals when somebody asks for them.

Merlin counts as knowing every Evil seat, Mordred too, as in the tables that the likelihood comes from: a
class does not say which Evil seat is Mordred. (To count only what he sees, over 1,042 shots with Mordred
in play, found Merlin better at tables of five, .46 for .37, and worse at six and seven.)
"""

# Shape legend: H deals, C classes, N seats

from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from games.avalon.roles import EVIL_ROLES, Role
from games.avalon.setup import NUM_EVIL

ROLES = tuple(Role)
SERVANT, MERLIN, EVIL = range(3)
"""The kinds of player, as codes of `Classes.player_CN`."""

_BIT = {role: 1 << place for place, role in enumerate(ROLES)}  # eight roles: they fill a byte

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Allowed = tuple[int, ...]
"""For every seat, the roles it may have, as a bit mask over `ROLES`."""


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """The pairs of an Evil team and a Merlin (only the teams, where no Merlin is in play)."""

    player_CN: NDArray[np.int8]
    evil_CN: Floats
    merlin_CN: Floats
    """One at Merlin's seat."""
    sets: tuple[frozenset[int], ...]
    """Every Evil team once, in order of their seats."""
    set_C: NDArray[np.intp]
    """The place of a class's Evil team in `sets`."""
    class_of_code: NDArray[np.intp]
    """By the Evil seats as a bit mask, times one more than there are seats, plus Merlin's seat."""


@dataclass(frozen=True, slots=True, eq=False)
class Hypotheses:
    """All different ways to seat some roles, in the order of `knowledge.consistent_assignments`."""

    roles_HN: NDArray[np.int8]
    """Places in `ROLES`."""
    evil_HN: Bools
    merlin_H: NDArray[np.int8]
    """Merlin's seat; 0 where no Merlin is in play."""
    class_H: NDArray[np.intp]
    classes: Classes
    bits_NH: NDArray[np.uint8]
    """The role of a seat as one bit, seat by seat, to be held against an `Allowed`."""

    def __len__(self) -> int:
        return len(self.roles_HN)

    def consistent(self, allowed: Allowed) -> Bools:
        """Which deals give every seat one of its allowed roles."""
        consistent_H = np.ones(len(self), dtype=np.bool_)
        for bits_H, mask in zip(self.bits_NH, allowed, strict=True):
            consistent_H &= (bits_H & np.uint8(mask)) != 0
        return consistent_H


def bits_of(roles: frozenset[Role]) -> int:
    """A set of roles as a bit mask over `ROLES`."""
    return sum(map(_BIT.__getitem__, roles))


@cache
def classes_of(num_players: int, has_merlin: bool) -> Classes:
    """The classes of a table of so many, which do not depend on the other roles in play."""
    seats = range(1, num_players + 1)
    teams = [frozenset(team) for team in combinations(seats, NUM_EVIL[num_players])]
    pairs = [
        (place, merlin)
        for place, team in enumerate(teams)
        for merlin in (seats if has_merlin else [0])
        if merlin not in team
    ]
    evil_CN = np.array([[seat in teams[place] for seat in seats] for place, _ in pairs])
    merlin_CN = np.array([[seat == merlin for seat in seats] for _, merlin in pairs])
    class_of_code = np.full((1 << num_players) * (num_players + 1), -1)
    codes = [
        sum(1 << (seat - 1) for seat in teams[place]) * (num_players + 1) + merlin for place, merlin in pairs
    ]
    class_of_code[codes] = np.arange(len(pairs))
    return Classes(
        player_CN=np.where(evil_CN, EVIL, np.where(merlin_CN, MERLIN, SERVANT)).astype(np.int8),
        evil_CN=evil_CN.astype(np.float64),
        merlin_CN=merlin_CN.astype(np.float64),
        sets=tuple(teams),
        set_C=np.array([place for place, _ in pairs]),
        class_of_code=class_of_code,
    )


def classes_for(roles: tuple[Role, ...]) -> Classes:
    """The classes of a table with these roles in play."""
    return classes_of(len(roles), Role.MERLIN in roles)


def hypotheses(roles: tuple[Role, ...]) -> Hypotheses:
    """The table of a role set, whatever the order in which the roles are listed."""
    return _hypotheses(tuple(sorted(roles)))


@lru_cache(maxsize=32)
def _hypotheses(roles: tuple[Role, ...]) -> Hypotheses:
    roles_HN = _distinct_permutations(roles)
    num_players = len(roles)
    evil_HN = np.array([role in EVIL_ROLES for role in ROLES])[roles_HN]
    is_merlin_HN = roles_HN == ROLES.index(Role.MERLIN)
    merlin_H = np.where(is_merlin_HN.any(axis=1), is_merlin_HN.argmax(axis=1) + 1, 0)
    team_H = evil_HN @ (1 << np.arange(num_players))
    classes = classes_for(roles)
    return Hypotheses(
        roles_HN=roles_HN,
        evil_HN=evil_HN,
        merlin_H=merlin_H.astype(np.int8),
        class_H=classes.class_of_code[team_H * (num_players + 1) + merlin_H],
        classes=classes,
        bits_NH=np.ascontiguousarray(np.left_shift(np.uint8(1), roles_HN.astype(np.uint8)).T),
    )


def player_of(role: Role) -> int:
    """The kind of player that a role plays as."""
    if role is Role.MERLIN:
        return MERLIN
    return EVIL if role in EVIL_ROLES else SERVANT


def class_of_deal(roles: tuple[Role, ...]) -> int:
    """The class that a deal, its roles by seat, belongs to."""
    player_CN = classes_for(roles).player_CN
    players = [player_of(role) for role in roles]
    return int(np.flatnonzero((player_CN == players).all(axis=1))[0])


@lru_cache(maxsize=2048)
def class_weights(roles: tuple[Role, ...], allowed: Allowed) -> Floats:
    """How many deals of each class are consistent: its prior weight in the eyes of one seat."""
    table = hypotheses(roles)
    counts_C = np.bincount(table.class_H[table.consistent(allowed)], minlength=len(table.classes.set_C))
    weight_C = counts_C.astype(np.float64)
    weight_C.flags.writeable = False  # the cache hands the same array to everybody
    return weight_C


def _distinct_permutations(roles: tuple[Role, ...]) -> NDArray[np.int8]:
    """All different orders of these roles, in lexicographic order of `ROLES`, grown seat by seat."""
    counts = Counter(roles)
    left_HR = np.array([[counts[role] for role in ROLES]], dtype=np.int8)
    seated_HN = np.zeros((1, 0), dtype=np.int8)
    for _ in roles:
        row_H, role_H = np.nonzero(left_HR)
        seated_HN = np.column_stack([seated_HN[row_H], role_H.astype(np.int8)])
        left_HR = left_HR[row_H]
        left_HR[np.arange(len(row_H)), role_H] -= 1
    return seated_HN
