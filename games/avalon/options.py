"""The legal answers to a decision, listed from facts that both the game and the seat asked know."""

from functools import cache
from itertools import combinations

from games.avalon.actions import Action, Bid, Card, DecisionKind, HoldFire, Inspect, Propose, Shoot, Vote
from games.avalon.roles import Side
from games.avalon.setup import Setup
from games.avalon.talk import MAX_BID


def options(
    kind: DecisionKind,
    *,
    num_players: int,
    team_size: int,
    side: Side,
    lady_targets: tuple[int, ...],
    shot_targets: tuple[int, ...],
    may_hold_fire: bool,
) -> tuple[Action, ...]:
    """Every answer the rules allow, in a fixed order; () for speeches, which are free text."""
    match kind:
        case "propose":
            return _proposals(num_players, team_size)
        case "vote":
            return (Vote(False), Vote(True))
        case "card":
            return (Card(False), Card(True)) if side is Side.EVIL else (Card(False),)
        case "bid":
            return tuple(Bid(eagerness) for eagerness in range(MAX_BID + 1))
        case "inspect":
            return tuple(Inspect(target) for target in lady_targets)
        case "shoot":
            shots: tuple[Action, ...] = tuple(Shoot(target) for target in shot_targets)
            return (HoldFire(), *shots) if may_hold_fire else shots
        case "speak" | "evil_talk":
            return ()


@cache
def _proposals(num_players: int, size: int) -> tuple[Propose, ...]:
    return tuple(Propose(team) for team in combinations(range(1, num_players + 1), size))


def lady_options(setup: Setup, holders: tuple[int, ...]) -> tuple[int, ...]:
    """The seats that have never held the Lady of the Lake."""
    return tuple(seat for seat in setup.seats if seat not in holders)


def shot_options(setup: Setup, shooter: int, known_evil: frozenset[int] | None) -> tuple[int, ...]:
    """Whom the Assassin may name: anybody else, but no seat known to be Evil unless the rules allow it."""
    spared = {shooter}
    if not setup.rules.may_shoot_known_evil:
        spared |= known_evil or frozenset()
    return tuple(seat for seat in setup.seats if seat not in spared)
