"""How people play, as the likelihood of what a table sees: the parameters of belief (spec 3.2 and 3.3).

`Habits` are chances counted in games between people; `BeliefParams` add how far to trust each kind of
evidence. Two sets of weights, because acts of one game are not independent of each other: everybody
proposes from the same public facts, which makes weight 1 over-confident about who is Evil, while
proposals do help to find Merlin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from games.avalon.bots.behaviour_tables import (
    PlayerClass,
    Position,
    approval_chance,
    fail_count_chance,
    proposed_evil_chances,
)
from games.avalon.roles import Role
from games.avalon.setup import NUM_EVIL, NUM_QUESTS, TEAM_SIZES, Setup

# Shape legend: P kinds of player, S places at the table, E Evil seats aboard, Q quests, F fail cards

PLAYERS: tuple[PlayerClass, ...] = ("servant", "merlin", "evil")
POSITIONS: tuple[Position, ...] = ("leader", "on_team", "off_team")
MAX_ABOARD = 4
"""Most Evil seats that can be on a team."""
ABOARD_FOR_VOTES = 2
"""More Evil seats aboard than this make no difference to a vote."""

Floats = NDArray[np.float64]
Kind = tuple[int, bool]
"""Tables alike enough to share habits: the number of players, and whether Mordred is in play."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Habits:
    """The chances of one kind of table; told apart by identity, so that they can be a cache's key."""

    num_players: int
    approve_PSE: Floats
    """To approve in attempts 1 to 4, by Evil aboard up to `ABOARD_FOR_VOTES`; a Servant cannot tell."""
    approve_last_PSE: Floats
    """The same in attempt 5."""
    proposed_PE: Mapping[int, Floats]
    """By team size: how many Evil seats a leader's team has."""
    fails_EQF: Floats
    """How many fail cards a quest shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How far to trust each kind of evidence; 1 takes it as independent of everything else."""

    proposals: float
    votes: float
    fails: float

    def as_array(self) -> Floats:
        return np.array([self.proposals, self.votes, self.fails])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BeliefParams:
    """All that belief rests on beside the rules."""

    habits: Mapping[Kind, Habits]
    evil: Weights
    """To find the Evil seats."""
    merlin: Weights
    """To find Merlin."""
    source: str
    """Where habits and weights come from, in a sentence."""
    fitted_on: frozenset[str] = frozenset()
    """Fingerprints of the games that were counted or that a weight was chosen on."""
    report: Mapping[str, object] = field(default_factory=dict)
    """What the fit found: splits and losses."""

    def habits_of(self, setup: Setup) -> Habits:
        """The habits for this table."""
        return self.habits[kind_of(setup)]


def kind_of(setup: Setup) -> Kind:
    return setup.num_players, Role.MORDRED in setup.roles


def all_kinds() -> list[Kind]:
    return [(num_players, mordred) for num_players in TEAM_SIZES for mordred in (False, True)]


# -- the published tables ----------------------------------------------------------------------------


def published_params(*, evil: Weights | None = None, merlin: Weights | None = None) -> BeliefParams:
    """The spec's tables; by default with all weights 1."""
    ones = Weights(proposals=1.0, votes=1.0, fails=1.0)
    return BeliefParams(
        habits={kind: published_habits(kind[0]) for kind in all_kinds()},
        evil=evil or ones,
        merlin=merlin or ones,
        source="Frequencies of 7,600 logged games between people (spec 3.3).",
    )


@cache
def published_habits(num_players: int) -> Habits:
    """The spec's tables for so many players, every possible act with some chance."""
    return Habits(
        num_players=num_players,
        approve_PSE=_approvals(is_hammer=False),
        approve_last_PSE=_approvals(is_hammer=True),
        proposed_PE={
            size: np.array([_proposed(player, size, num_players) for player in PLAYERS])
            for size in sorted(set(TEAM_SIZES[num_players]))
        },
        fails_EQF=np.array(
            [
                [_fails(aboard, quest) for quest in range(1, NUM_QUESTS + 1)]
                for aboard in range(MAX_ABOARD + 1)
            ]
        ),
    )


def _approvals(*, is_hammer: bool) -> Floats:
    def chance(player: PlayerClass, place: Position, aboard: int) -> float:
        # An Evil seat on the team makes one aboard; the cell for none is never asked for.
        least = 1 if player == "evil" and place == "on_team" else 0
        return approval_chance(player, place, max(aboard, least), is_hammer=is_hammer)

    return np.array(
        [
            [[chance(player, place, aboard) for aboard in range(ABOARD_FOR_VOTES + 1)] for place in POSITIONS]
            for player in PLAYERS
        ]
    )


_UNCOUNTED = 0.004  # chance of all that a published row leaves out, if its figures leave it nothing


def _proposed(player: PlayerClass, size: int, num_players: int) -> Floats:
    counted = proposed_evil_chances(player, size, num_players)
    most = min(size, NUM_EVIL[num_players])
    chances = np.array([*counted, *[0.0] * (MAX_ABOARD + 1 - len(counted))])
    chances[most + 1 :] = 0.0
    uncounted = (chances == 0) & (np.arange(MAX_ABOARD + 1) <= most)
    if uncounted.any():
        chances[uncounted] = max(1 - chances.sum(), _UNCOUNTED) / uncounted.sum()
    normalised: Floats = chances / chances.sum()
    return normalised


def _fails(aboard: int, quest: int) -> Floats:
    """The published rows end at two fail cards, "2" standing for all more."""
    chances = np.zeros(MAX_ABOARD + 1)
    for fails in range(min(aboard, 2) + 1):
        chances[fails] = fail_count_chance(fails, aboard, quest)
    if aboard > 2:
        chances[2 : aboard + 1] = chances[2] / (aboard - 1)
    normalised: Floats = chances / chances.sum()
    return normalised
