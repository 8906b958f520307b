"""How many games end, computed all at once with numpy and without telling a single event.

The players' choices are drawn up beforehand as arrays; a game reads those it comes to and leaves the
rest. `live_table` given the same choices ends the same way (that is a test), but pays for its events;
this is for estimating rates over hundreds of thousands of games.

Shapes: B games, N seats, Q five quests, A five attempts. Sets of seats are bit masks, bit 0 for seat 1.
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from games.avalon.draws import rng
from games.avalon.knowledge import ACTS_WITH_EVIL
from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.setup import MAX_ATTEMPTS, NUM_QUESTS, Setup
from games.avalon.state import Ending, EndReason
from games.errors import GameError

ROLES = tuple(Role)
REASONS: tuple[EndReason, ...] = get_args(EndReason)
_UNDECIDED = -1
_CODE = {reason: code for code, reason in enumerate(REASONS)}

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What chance and the players choose in many games, for every point that a game may come to."""

    roles_BN: Ints
    """Places in `ROLES`, by seat."""
    first_leader_B: Ints
    teams_BQA: Ints
    """The team that is voted on, as its place among the quest's sorted teams (`teams_of`)."""
    approving_BQA: Ints
    """Bit mask of the seats that approve."""
    failing_BQ: Ints
    """Bit mask of the seats that play a fail card if they are Evil and on the team."""
    shot_BQ: Ints
    """The seat the Assassin names after this quest, if it comes to that."""
    holds_BQ: Bools
    """Whether the Assassin lets an early shot pass (`after_every_quest`)."""

    @property
    def num_games(self) -> int:
        return len(self.first_leader_B)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """How the games ended."""

    reason_B: Ints
    """Places in `REASONS`."""
    successes_B: Ints
    fails_B: Ints
    num_proposals_B: Ints

    def ending(self, game: int) -> Ending:
        """The end of one game."""
        reason = REASONS[self.reason_B[game]]
        return Ending(Side.GOOD if reason in ("merlin_survived", "three_successes") else Side.EVIL, reason)

    def rates(self) -> dict[EndReason, float]:
        """The share of the games that ended for each reason."""
        shares = np.bincount(self.reason_B, minlength=len(REASONS)) / len(self.reason_B)
        return dict(zip(REASONS, shares.tolist(), strict=True))


@cache
def teams_of(num_players: int, size: int) -> tuple[tuple[int, ...], ...]:
    """Every team of this size, sorted, in order."""
    return tuple(combinations(range(1, num_players + 1), size))


def random_choices(setup: Setup, seed: int, num_games: int) -> Choices:
    """Uniform legal choices: any team, coin-flip votes and fail cards, any legal target for the shot."""
    stream = rng(seed, "outcomes")
    num_players = setup.num_players
    grid = (num_games, NUM_QUESTS, MAX_ATTEMPTS)
    listed = np.array([ROLES.index(role) for role in setup.roles])
    roles_BN = np.tile(listed, (num_games, 1))
    if setup.rules.shuffle_seats:
        roles_BN = stream.permuted(roles_BN, axis=1)
    random_leader = setup.rules.first_leader == "random"
    num_teams = [len(teams_of(num_players, size)) for size in setup.team_sizes]
    targets_BN = _legal_targets(setup, roles_BN)
    lottery_BQN = stream.random((num_games, NUM_QUESTS, num_players)) * targets_BN[:, None, :]
    num_targets_B = targets_BN.sum(axis=1)
    return Choices(
        roles_BN=roles_BN,
        first_leader_B=stream.integers(1, num_players + 1, num_games)
        if random_leader
        else np.ones(num_games, dtype=np.int64),
        teams_BQA=stream.integers(0, np.array(num_teams)[:, None], grid),
        approving_BQA=stream.integers(0, 2**num_players, grid),
        failing_BQ=stream.integers(0, 2**num_players, grid[:2]),
        shot_BQ=lottery_BQN.argmax(axis=2) + 1,
        holds_BQ=stream.random(grid[:2]) * (num_targets_B[:, None] + 1) < 1,
    )


def outcomes(setup: Setup, choices: Choices) -> Outcomes:
    """Play all games to their ends. Raises `GameError` where a game comes to a shot that is not allowed."""
    rules, num_players = setup.rules, setup.num_players
    num_games = choices.num_games
    bits_N = 1 << np.arange(num_players)
    evil_B = (_has_role(choices.roles_BN, EVIL_ROLES) * bits_N).sum(axis=1)
    targets_BN = _legal_targets(setup, choices.roles_BN)
    merlin_B = _has_role(choices.roles_BN, frozenset({Role.MERLIN})).argmax(axis=1) + 1
    attempts_A = np.arange(MAX_ATTEMPTS)
    forced_A = np.array([rules.is_forced(attempt) for attempt in range(1, MAX_ATTEMPTS + 1)])

    reason_B = np.full(num_games, _UNDECIDED)
    successes_B, fails_B, num_proposals_B = (np.zeros(num_games, dtype=np.int64) for _ in range(3))
    spent_B = np.zeros(num_games, dtype=np.bool_)
    for quest in range(NUM_QUESTS):
        open_B = reason_B == _UNDECIDED
        approving_BA = choices.approving_BQA[:, quest]
        if not rules.leader_votes:
            leader_BA = (choices.first_leader_B - 1 + num_proposals_B)[:, None] + attempts_A
            approving_BA = approving_BA | (1 << leader_BA % num_players)
        approved_BA = (2 * np.bitwise_count(approving_BA) > num_players) | forced_A
        goes_B = approved_BA.any(axis=1)
        attempt_B = np.where(goes_B, approved_BA.argmax(axis=1), MAX_ATTEMPTS - 1)
        num_proposals_B += open_B * (attempt_B + 1)
        reason_B[open_B & ~goes_B] = _CODE["five_rejections"]
        open_B &= goes_B

        teams = np.array([_mask(team) for team in teams_of(num_players, setup.team_size(quest + 1))])
        team_B = teams[choices.teams_BQA[np.arange(num_games), quest, attempt_B]]
        num_fails_B = np.bitwise_count(choices.failing_BQ[:, quest] & team_B & evil_B)
        success_B = num_fails_B < setup.fails_required(quest + 1)
        successes_B += open_B & success_B
        fails_B += open_B & ~success_B

        reason_B[open_B & (fails_B == 3)] = _CODE["three_fails"]
        won_B = open_B & (successes_B == 3)
        if not setup.has_merlin:
            reason_B[won_B] = _CODE["three_successes"]
            continue
        shoots_B = won_B & ~spent_B
        if rules.assassin_window == "after_every_quest":
            open_B &= (fails_B < 3) & (successes_B < 3) & ~spent_B
            shoots_B |= open_B & ~choices.holds_BQ[:, quest]
        shot_B = choices.shot_BQ[:, quest]
        _check_shots(shots=shot_B[shoots_B], allowed=targets_BN[shoots_B], quest=quest + 1)
        spent_B |= shoots_B
        reason_B[won_B] = _CODE["merlin_survived"]
        reason_B[shoots_B & (shot_B == merlin_B)] = _CODE["merlin_shot"]
    return Outcomes(
        reason_B=reason_B, successes_B=successes_B, fails_B=fails_B, num_proposals_B=num_proposals_B
    )


def _has_role(roles_BN: Ints, wanted: frozenset[Role]) -> Bools:
    return np.array([role in wanted for role in ROLES])[roles_BN]


def _legal_targets(setup: Setup, roles_BN: Ints) -> Bools:
    """Whom the Assassin may name, by seat; see `options.shot_options`."""
    spared = {setup.assassin}
    if not setup.rules.may_shoot_known_evil and setup.assassin in ACTS_WITH_EVIL:
        spared |= ACTS_WITH_EVIL
    return ~_has_role(roles_BN, frozenset(spared))


def _check_shots(*, shots: Ints, allowed: Bools, quest: int) -> None:
    legal = allowed[np.arange(len(shots)), shots - 1]
    if not legal.all():
        raise GameError(f"After quest {quest} a shot names seat {shots[~legal][0]}, which the rules forbid.")


def _mask(team: tuple[int, ...]) -> int:
    return sum(1 << (seat - 1) for seat in team)
