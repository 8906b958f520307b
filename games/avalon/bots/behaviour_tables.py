"""How people play Avalon, as frequencies: proposals, votes and fail cards by kind of player.

Counted in 7,600 logged games between people on avalongame.online (`WhoaWhoa/avalonlogs`): 5 to 7
players, with Merlin, without Oberon; in 3,297 of them Mordred, whom Merlin cannot see, blurs the
Merlin rows a little. Every cell of the vote table rests on more than 500 votes.
"""

from typing import Literal

PlayerClass = Literal["servant", "merlin", "evil"]
"""Whose habit it is; `servant` is every Good seat but Merlin."""
Position = Literal["leader", "on_team", "off_team"]

# Chance to approve in attempts 1 to 4, by number of Evil on the team (0, 1, 2 and more); a Servant,
# who does not know it, has one figure. None: an Evil seat on the team makes it not clean.
_APPROVAL: dict[PlayerClass, dict[Position, tuple[float | None, float, float]]] = {
    "servant": {
        "leader": (0.926, 0.926, 0.926),
        "on_team": (0.697, 0.697, 0.697),
        "off_team": (0.422, 0.422, 0.422),
    },
    "evil": {
        "leader": (0.78, 0.905, 0.886),
        "on_team": (None, 0.765, 0.684),
        "off_team": (0.377, 0.504, 0.518),
    },
    "merlin": {
        "leader": (0.972, 0.874, 0.82),
        "on_team": (0.896, 0.510, 0.333),
        "off_team": (0.727, 0.392, 0.287),
    },
}

# The same in attempt 5, where a rejected team loses the game.
_HAMMER_SERVANT: dict[Position, float] = {"leader": 0.99, "on_team": 0.94, "off_team": 0.79}
_HAMMER_MERLIN = 0.87
_HAMMER_EVIL = 0.86
_HAMMER_EVIL_OFF_CLEAN_TEAM = 0.64

SELF_INCLUSION: dict[PlayerClass, float] = {"servant": 0.914, "merlin": 0.897, "evil": 0.832}
"""How often a leader puts himself on the team."""

# Chance of 0, 1, 2, 3 Evil on a proposed team, by leader and by (team size, players).
_PROPOSED_EVIL: dict[PlayerClass, dict[tuple[int, int], tuple[float, float, float, float]]] = {
    "servant": {
        (2, 5): (0.550, 0.421, 0.028, 0.0),
        (3, 5): (0.397, 0.467, 0.136, 0.0),
        (3, 6): (0.463, 0.459, 0.077, 0.0),
        (4, 6): (0.340, 0.483, 0.177, 0.0),
    },
    "merlin": {
        (2, 5): (0.681, 0.291, 0.028, 0.0),
        (3, 5): (0.537, 0.389, 0.074, 0.0),
        (3, 6): (0.658, 0.300, 0.042, 0.0),
        (4, 6): (0.545, 0.382, 0.073, 0.0),
    },
    "evil": {
        (2, 5): (0.086, 0.751, 0.163, 0.0),
        (3, 5): (0.033, 0.666, 0.301, 0.0),
        (3, 6): (0.054, 0.733, 0.213, 0.0),
        (4, 6): (0.030, 0.633, 0.336, 0.0),
    },
}

# The same over all sizes, for tables that were not counted apart (spec 3.6).
_PROPOSED_EVIL_ANYWHERE: dict[PlayerClass, tuple[float, float, float, float]] = {
    "servant": (0.45, 0.45, 0.095, 0.0),
    "merlin": (0.62, 0.33, 0.045, 0.0),
    "evil": (0.06, 0.70, 0.22, 0.0),
}

# Chance of 0, 1, 2 fail cards on quest 1 to 5 with one Evil seat aboard, and with two.
FAIL_CARDS: dict[int, tuple[tuple[float, float, float], ...]] = {
    1: (
        (0.810, 0.190, 0.0),
        (0.301, 0.699, 0.0),
        (0.265, 0.735, 0.0),
        (0.194, 0.806, 0.0),
        (0.053, 0.947, 0.0),
    ),
    2: (
        (0.729, 0.248, 0.023),
        (0.371, 0.491, 0.138),
        (0.253, 0.499, 0.248),
        (0.079, 0.289, 0.633),
        (0.012, 0.152, 0.836),
    ),
}


def approval_chance(player: PlayerClass, position: Position, num_evil: int, *, is_hammer: bool) -> float:
    """How likely such a player approves a team with so many Evil seats on it.

    Raises `ValueError` for an Evil seat on a team without Evil.
    """
    if is_hammer:
        if player == "servant":
            return _HAMMER_SERVANT[position]
        if player == "merlin":
            return _HAMMER_MERLIN
        return _HAMMER_EVIL_OFF_CLEAN_TEAM if position == "off_team" and num_evil == 0 else _HAMMER_EVIL
    chance = _APPROVAL[player][position][min(num_evil, 2)]
    if chance is None:
        raise ValueError("A team with an Evil seat on it has at least one Evil.")
    return chance


def proposed_evil_chances(player: PlayerClass, size: int, num_players: int) -> tuple[float, ...]:
    """How likely such a leader's team has 0, 1, 2, 3 Evil seats; the chances of one row, not normalised."""
    return _PROPOSED_EVIL[player].get((size, num_players), _PROPOSED_EVIL_ANYWHERE[player])


def fail_card_chance(num_evil: int, quest: int) -> float:
    """How likely one of so many Evil seats aboard plays a fail card.

    Two independent cards of this chance give the counted pairs within .06 on quest 4 and within .02
    elsewhere, so a seat need not know what its partner does.
    """
    aboard = min(num_evil, 2)
    _, one_fail, two_fails = FAIL_CARDS[aboard][quest - 1]
    return (one_fail + 2 * two_fails) / aboard


def fail_count_chance(fails: int, num_evil: int, quest: int) -> float:
    """How likely a quest with so many Evil seats aboard shows so many fail cards; more than 2 count as 2."""
    if fails > num_evil:
        return 0.0
    if num_evil == 0:
        return 1.0
    return FAIL_CARDS[min(num_evil, 2)][quest - 1][min(fails, 2)]
