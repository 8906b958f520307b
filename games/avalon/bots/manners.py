"""What scripted bots do alike: their random stream, their few words, the Lady and the blind shot.

They speak only of what everybody has seen, so no bot ever gives away what the night told it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from games.avalon.actions import Action, Bid, Decision, HoldFire, Inspect, Propose, Shoot, Speak
from games.avalon.draws import rng
from games.avalon.roles import Side
from games.avalon.view import View


def stream_for(seed: int, decision: Decision) -> np.random.Generator:
    """The randomness of one decision; the order in which decisions are asked for does not matter."""
    return rng(seed, decision.id)


def known_evil(view: View) -> frozenset[int]:
    """The seats this seat is sure are Evil, itself among them if it is."""
    told_by_lady = {seat for seat, side in view.knowledge.lady.items() if side is Side.EVIL}
    own = {view.seat} if view.role.side is Side.EVIL else set()
    return (view.knowledge.evil or frozenset()) | told_by_lady | own


def team_on_table(view: View) -> tuple[int, ...]:
    """The team that is voted on or on its quest."""
    if view.table.team is None:
        raise AssertionError(f"No team is on the table in phase {view.table.phase}.")
    return view.table.team


def some_of(stream: np.random.Generator, seats: Sequence[int], count: int) -> tuple[int, ...]:
    """So many different seats at random."""
    return tuple(seats[place] for place in stream.permutation(len(seats))[:count])


def inspect(view: View, stream: np.random.Generator) -> Inspect:
    """Look at a seat of unknown side if there is one, all alike."""
    targets = [seat for seat in view.setup.seats if seat not in view.table.lady_holders]
    told = view.knowledge.lady.keys() | known_evil(view)
    unsure = [seat for seat in targets if seat not in told]
    return Inspect(some_of(stream, unsure or targets, 1)[0])


def shoot_anybody(view: View, stream: np.random.Generator) -> Action:
    """Hold fire as long as the rules let, then name any seat that is not known to be Evil."""
    if view.table.successes < 3:
        return HoldFire()
    evil = known_evil(view)
    return Shoot(some_of(stream, [seat for seat in view.setup.seats if seat not in evil], 1)[0])


def keep_silent(decision: Decision) -> Action:
    """The answer of a bot that leaves the floor, and the talk of the Evil seats, to others."""
    return Bid(0) if decision.kind == "bid" else Speak("")


def remark(view: View) -> str:
    """One true sentence on the latest quest, out of public facts only."""
    if not view.table.quests:
        return "No quest has been played yet, so the table has nothing to go by."
    latest = view.table.quests[-1]
    fails = f"{latest.fails} fail card{'' if latest.fails == 1 else 's'}"
    outcome = "succeeded" if latest.success else "failed"
    return f"Quest {latest.quest} {outcome} with {fails}; {list_seats(latest.team)} were on it."


def propose(view: View, choose: Callable[[], tuple[int, ...]]) -> Propose:
    """Name the chosen team, and say so where the table talks; a team already on the table stays."""
    if view.table.team is not None:
        return Propose(view.table.team)
    team = choose()
    if view.setup.rules.is_silent(view.table.attempt):
        return Propose(team)
    return Propose(team, f"For quest {view.table.quest} I name {list_seats(team)}.")


def list_seats(seats: Sequence[int]) -> str:
    *others, last = [str(seat) for seat in sorted(seats)]
    return f"seats {', '.join(others)} and {last}"
