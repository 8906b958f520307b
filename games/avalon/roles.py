"""Who one can be: the eight roles of Avalon and the side each fights for."""

from enum import StrEnum


class Side(StrEnum):
    GOOD = "good"
    EVIL = "evil"


class Role(StrEnum):
    MERLIN = "merlin"
    PERCIVAL = "percival"
    SERVANT = "servant"
    ASSASSIN = "assassin"
    MORGANA = "morgana"
    MORDRED = "mordred"
    OBERON = "oberon"
    MINION = "minion"

    # A role equals its name, so it may hash like it; Enum's own hash is a Python call, felt in every set.
    __hash__ = str.__hash__

    @property
    def side(self) -> Side:
        return Side.EVIL if self in EVIL_ROLES else Side.GOOD


EVIL_ROLES = frozenset({Role.ASSASSIN, Role.MORGANA, Role.MORDRED, Role.OBERON, Role.MINION})

# Roles that may stand in a game more than once: each side's filler.
FILLER_ROLES = frozenset({Role.SERVANT, Role.MINION})
