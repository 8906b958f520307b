"""An average person at the table: proposals, votes and cards drawn from counted human habits.

The habits are in `behaviour_tables.py`. A Servant cannot draw how many Evil seats his team shall have,
for he does not know them: he proposes what is clean under the Evil team that explains the fail cards
best, and so comes within .06 of the counted figures (5 seats, 1,500 games, on teams of two and three).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from games.avalon.actions import Action, Card, Decision, Speak, Vote
from games.avalon.bots.behaviour_tables import (
    SELF_INCLUSION,
    PlayerClass,
    Position,
    approval_chance,
    fail_card_chance,
    fail_count_chance,
    proposed_evil_chances,
)
from games.avalon.bots.deduction import Evidence, consistent_sets, full_evidence, seats_of
from games.avalon.bots.manners import (
    inspect,
    keep_silent,
    known_evil,
    propose,
    remark,
    shoot_anybody,
    some_of,
    stream_for,
    team_on_table,
)
from games.avalon.roles import Role, Side
from games.avalon.setup import MAX_ATTEMPTS
from games.avalon.view import View


@dataclass(frozen=True, slots=True)
class HumanTablePlayer:
    """Plays as often this way or that as people do, with no thought of its own."""

    seed: int

    def act(self, view: View, decision: Decision) -> Action:
        stream = stream_for(self.seed, decision)
        match decision.kind:
            case "propose":
                return propose(view, lambda: _choose_team(view, stream))
            case "vote":
                return Vote(bool(stream.random() < _approval(view)))
            case "card":
                return Card(bool(stream.random() < _failing(view)))
            case "inspect":
                return inspect(view, stream)
            case "shoot":
                return shoot_anybody(view, stream)
            case "speak":
                return Speak(remark(view))
            case "bid" | "evil_talk":
                return keep_silent(decision)


def class_of(role: Role) -> PlayerClass:
    if role.side is Side.EVIL:
        return "evil"
    return "merlin" if role is Role.MERLIN else "servant"


def _approval(view: View) -> float:
    position: Position = "off_team"
    if view.seat == view.table.leader:
        position = "leader"
    elif view.seat in team_on_table(view):
        position = "on_team"
    num_evil = len(known_evil(view).intersection(team_on_table(view)))
    return approval_chance(
        class_of(view.role), position, num_evil, is_hammer=view.table.attempt == MAX_ATTEMPTS
    )


def _failing(view: View) -> float:
    if view.role.side is Side.GOOD:
        return 0.0
    return fail_card_chance(len(known_evil(view).intersection(team_on_table(view))), view.table.quest)


def _choose_team(view: View, stream: np.random.Generator) -> tuple[int, ...]:
    player = class_of(view.role)
    size = view.setup.team_size(view.table.quest)
    if player == "servant":
        evil = _suspected_evil(full_evidence(view), stream)
        return _assemble(view, evil, 0, size, SELF_INCLUSION[player], stream)
    evil = known_evil(view)
    chances = _feasible(proposed_evil_chances(player, size, view.setup.num_players), view, size, len(evil))
    num_evil = int(stream.choice(len(chances), p=chances))
    joins = SELF_INCLUSION[player]
    if player == "evil":
        joins /= 1 - chances[0]  # the counted share is over all teams; a clean one never has him aboard
    return _assemble(view, evil, num_evil, size, joins, stream)


def _suspected_evil(evidence: Evidence, stream: np.random.Generator) -> frozenset[int]:
    """An Evil team that explains the fail cards best, any of them where several do."""
    best_HN = best_explanations(evidence)
    return seats_of(best_HN[stream.integers(len(best_HN))])


@lru_cache(maxsize=4096)
def best_explanations(evidence: Evidence) -> NDArray[np.bool_]:
    """The possible Evil sets under which the fail cards are most likely; at first, all."""
    evil_HN = consistent_sets(evidence)
    likelihood_H = np.ones(len(evil_HN))
    for quest, (team, fails) in enumerate(evidence.quests, start=1):
        aboard_H = evil_HN[:, [seat - 1 for seat in team]].sum(axis=1)
        likelihood_H *= [fail_count_chance(fails, int(aboard), quest) for aboard in aboard_H]
    best_HN: NDArray[np.bool_] = evil_HN[np.isclose(likelihood_H, likelihood_H.max())]
    return best_HN


def _feasible(chances: tuple[float, ...], view: View, size: int, num_known_evil: int) -> list[float]:
    """The chances of the counts that these seats can make up, summing to one."""
    num_others = view.setup.num_players - num_known_evil
    possible = [
        chance if num_evil <= num_known_evil and size - num_evil <= num_others else 0.0
        for num_evil, chance in enumerate(chances)
    ]
    return [chance / sum(possible) for chance in possible]


def _assemble(
    view: View, evil: frozenset[int], num_evil: int, size: int, joins: float, stream: np.random.Generator
) -> tuple[int, ...]:
    """A random team with so many of these Evil seats; a leader who may choose joins with this chance."""
    others = [seat for seat in view.setup.seats if seat != view.seat]
    bad = [seat for seat in others if seat in evil]
    fine = [seat for seat in others if seat not in evil]
    like_leader, places = (bad, num_evil) if view.seat in evil else (fine, size - num_evil)
    must_join = places > len(like_leader)
    is_aboard = places > 0 and (must_join or bool(stream.random() < joins))
    team = [view.seat] if is_aboard else []
    team += some_of(stream, bad, num_evil - (is_aboard and like_leader is bad))
    team += some_of(stream, fine, size - len(team))
    return tuple(sorted(team))
