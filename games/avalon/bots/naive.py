"""AvalonBench's rule bots (arXiv 2310.05036), re-specified: honest deduction against plain sabotage.

At a table of five under AvalonBench's rules Good wins .394 +- .009 of the games (3,000), published is
.382. Percival plays as a Servant, and every Evil role but the Assassin as the Minion.
"""

from dataclasses import dataclass

import numpy as np

from games.avalon.actions import Action, Card, Decision, Speak, Vote
from games.avalon.bots.deduction import cleanest_teams, servant_evidence
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
from games.avalon.setup import NUM_EVIL
from games.avalon.view import View


@dataclass(frozen=True, slots=True)
class NaivePlayer:
    """Good approves only the cleanest teams it can think of; Evil only those it can sink."""

    seed: int

    def act(self, view: View, decision: Decision) -> Action:
        match decision.kind:
            case "propose":
                return propose(view, lambda: _choose_team(view, stream_for(self.seed, decision)))
            case "vote":
                return Vote(_approves(view, team_on_table(view)))
            case "card":
                return Card(view.role.side is Side.EVIL and _sabotages(view))
            case "inspect":
                return inspect(view, stream_for(self.seed, decision))
            case "shoot":
                return shoot_anybody(view, stream_for(self.seed, decision))
            case "speak":
                return Speak(remark(view))
            case "bid" | "evil_talk":
                return keep_silent(decision)


def _choose_team(view: View, stream: np.random.Generator) -> tuple[int, ...]:
    if view.role.side is Side.GOOD and view.role is not Role.MERLIN:
        favourites = preferred_teams(view)
        return favourites[stream.integers(len(favourites))]
    evil = known_evil(view)
    members = [view.seat]
    if view.role.side is Side.EVIL:
        partners = sorted(evil - {view.seat})
        members += some_of(stream, partners, view.setup.fails_required(view.table.quest) - 1)
    others = [seat for seat in view.setup.seats if seat not in evil and seat != view.seat]
    size = view.setup.team_size(view.table.quest)
    return tuple(sorted([*members, *some_of(stream, others, size - len(members))]))


def _approves(view: View, team: tuple[int, ...]) -> bool:
    num_evil = len(known_evil(view).intersection(team))
    if view.role.side is Side.EVIL:
        return num_evil >= view.setup.fails_required(view.table.quest)
    if view.role is Role.MERLIN:
        return num_evil == 0
    return team in preferred_teams(view)


def _sabotages(view: View) -> bool:
    """The Assassin fails when enough Evil is aboard; the others leave a certain fail to him."""
    needed = view.setup.fails_required(view.table.quest)
    num_evil = len(known_evil(view).intersection(team_on_table(view)))
    if num_evil <= needed or view.role is view.setup.assassin:
        return num_evil >= needed
    leaves_it_to_assassin = needed == 1 and NUM_EVIL[view.setup.num_players] == 2 and view.setup.has_merlin
    return not leaves_it_to_assassin


def preferred_teams(view: View) -> tuple[tuple[int, ...], ...]:
    """A Servant's favourites: the cleanest teams, those around the largest spotless team first."""
    evidence = servant_evidence(view)
    cleanest = cleanest_teams(evidence, view.setup.team_size(view.table.quest))
    spotless = [frozenset(team) for team, fails in evidence.quests if fails == 0]
    if len(cleanest) > 1 and spotless:
        largest = max(spotless, key=len)
        within = [team for team in cleanest if largest.issuperset(team)]
        around = [team for team in cleanest if largest.issubset(team)]
        return tuple(sorted(within or around or cleanest))
    return tuple(sorted(cleanest))
