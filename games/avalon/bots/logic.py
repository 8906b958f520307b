"""DeepRole's deduction-only bot (arXiv 1906.02330): believes in one possible deal at a time.

For each decision it imagines one way to seat Evil that its own knowledge and the fail cards allow, all
alike, and takes it for true. It weighs no behaviour, and as Evil it never hides.
"""

from dataclasses import dataclass

import numpy as np

from games.avalon.actions import Action, Card, Decision, Speak, Vote
from games.avalon.bots.deduction import consistent_sets, full_evidence, seats_of
from games.avalon.bots.manners import (
    inspect,
    keep_silent,
    propose,
    remark,
    shoot_anybody,
    some_of,
    stream_for,
    team_on_table,
)
from games.avalon.roles import Side
from games.avalon.setup import MAX_ATTEMPTS
from games.avalon.view import View


@dataclass(frozen=True, slots=True)
class LogicPlayer:
    """Good names and approves what is clean in the deal it imagines, Evil approves the rest."""

    seed: int

    def act(self, view: View, decision: Decision) -> Action:
        stream = stream_for(self.seed, decision)
        match decision.kind:
            case "propose":
                return propose(view, lambda: _random_team(view, stream))
            case "vote":
                return Vote(_trusts(view, stream) is (view.role.side is Side.GOOD))
            case "card":
                return Card(view.role.side is Side.EVIL)
            case "inspect":
                return inspect(view, stream)
            case "shoot":
                return shoot_anybody(view, stream)
            case "speak":
                return Speak(remark(view))
            case "bid" | "evil_talk":
                return keep_silent(decision)


def _random_team(view: View, stream: np.random.Generator) -> tuple[int, ...]:
    """Any team for Evil; for Good one that is clean in the deal it imagines, as in DeepRole's code."""
    suspects = _imagine_evil(view, stream) if view.role.side is Side.GOOD else frozenset()
    members = [seat for seat in view.setup.seats if seat not in suspects]
    return tuple(sorted(some_of(stream, members, view.setup.team_size(view.table.quest))))


def _trusts(view: View, stream: np.random.Generator) -> bool:
    """Whether a Good player would let this team go."""
    if view.table.attempt == MAX_ATTEMPTS:
        return True
    return _imagine_evil(view, stream).isdisjoint((view.table.leader, *team_on_table(view)))


def _imagine_evil(view: View, stream: np.random.Generator) -> frozenset[int]:
    evil_HN = consistent_sets(full_evidence(view))
    return seats_of(evil_HN[stream.integers(len(evil_HN))])
