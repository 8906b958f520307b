"""The bot that acts on exact beliefs (`beliefs.py`) in every decision, after spec 3.6.

Good proposes and approves what is most likely clean. Merlin knows what is clean, and with chance `hide`
votes as somebody would who does not. Evil proposes what looks innocent, and its Assassin shoots the seat
that is most likely Merlin. It speaks of public evidence only, and in the same words whatever its role.

Percival acts like a Servant who knows more. With Mordred in play Merlin trusts in what he sees.
"""

# Shape legend: C classes of deals, N seats, T teams

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from games.avalon.actions import Action, Bid, Card, Decision, HoldFire, Inspect, Shoot, Speak, Vote
from games.avalon.behaviour import BeliefParams
from games.avalon.beliefs import Posterior, beliefs_as_servant, beliefs_of, public_beliefs
from games.avalon.bots.deduction import teams_of
from games.avalon.bots.manners import known_evil, list_seats, propose, remark, stream_for, team_on_table
from games.avalon.hypotheses import classes_for
from games.avalon.options import shot_options
from games.avalon.roles import Role, Side
from games.avalon.setup import MAX_ATTEMPTS
from games.avalon.view import View

HIDE = 0.5  # how often Merlin votes as if he knew nothing
CLEAN_ENOUGH = 0.75  # share of the best team's chance to be clean that a team must reach to be approved
BLUFF = 0.45  # how often Evil approves a team that it cannot sink
HIDE_CARD = 0.5  # how often Evil plays success on quest 1
SAME = 1e-9  # chances that differ by less are alike
CLEAR = 0.1  # how much more suspicious than the least suspicious seat one must be to be named

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BayesPlayer:
    """Believes what the evidence says, and acts on it."""

    seed: int
    hide: float = HIDE
    params: BeliefParams | None = None
    """What it thinks of people's habits; the package's own parameters if None."""

    def act(self, view: View, decision: Decision) -> Action:
        match decision.kind:
            case "propose":
                return propose(view, lambda: self._choose_team(view, decision))
            case "vote":
                return Vote(self._approves(view, decision))
            case "card":
                return Card(view.role.side is Side.EVIL and self._sabotages(view, decision))
            case "inspect":
                return self._inspect(view, decision)
            case "shoot":
                return self._shoot(view, decision)
            case "speak":
                return Speak(f"{remark(view)} {self._suspicion(view, decision)}")
            case "evil_talk":
                return Speak(self._whisper(view))
            case "bid":
                return Bid(0)

    # -- teams and votes -----------------------------------------------------------------------------

    def _choose_team(self, view: View, decision: Decision) -> tuple[int, ...]:
        size = view.setup.team_size(view.table.quest)
        teams, is_member_TN = _teams(view.setup.num_players, size)
        evil = known_evil(view)
        evil_places = [seat - 1 for seat in evil]
        num_evil_T = is_member_TN[:, evil_places].sum(axis=1)
        with_self_T = is_member_TN[:, view.seat - 1]
        if view.role.side is Side.EVIL:
            wanted = min(view.setup.fails_required(view.table.quest), len(evil))
            clean_T = _clean_chances(public_beliefs(view, params=self.params), view, size)
            fitting_T = with_self_T & (num_evil_T == wanted)
        elif view.role is Role.MERLIN:
            clean_T = _clean_chances(beliefs_as_servant(view, params=self.params), view, size)
            fitting_T = num_evil_T == 0
        else:
            clean_T = _clean_chances(beliefs_of(view, params=self.params), view, size)
            fitting_T = np.ones(len(teams), dtype=np.bool_)
        best_T = fitting_T & (clean_T >= clean_T.max(where=fitting_T, initial=0.0) - SAME)
        if (best_T & with_self_T).any():
            best_T &= with_self_T
        return teams[self._one_of(np.flatnonzero(best_T), decision)]

    def _approves(self, view: View, decision: Decision) -> bool:
        if view.role.side is Side.EVIL:
            return self._approves_as_evil(view, decision)
        if view.table.attempt == MAX_ATTEMPTS:
            return True
        if view.role is not Role.MERLIN:
            return _looks_clean(beliefs_of(view, params=self.params), view)
        if stream_for(self.seed, decision).random() < self.hide:
            return _looks_clean(public_beliefs(view, params=self.params), view)
        return known_evil(view).isdisjoint(team_on_table(view))

    def _approves_as_evil(self, view: View, decision: Decision) -> bool:
        num_evil = len(known_evil(view).intersection(team_on_table(view)))
        if num_evil >= view.setup.fails_required(view.table.quest):
            return True
        if view.table.attempt == MAX_ATTEMPTS or view.table.successes >= 2:
            return False
        return bool(stream_for(self.seed, decision).random() < BLUFF)

    # -- cards, the Lady, the shot -------------------------------------------------------------------

    def _sabotages(self, view: View, decision: Decision) -> bool:
        """Fail, but not always at once, and not with more cards than it takes while the game goes on."""
        table = view.table
        required = view.setup.fails_required(table.quest)
        aboard = sorted(known_evil(view).intersection(team_on_table(view)))
        goes_on = table.fails < 2
        if goes_on and len(aboard) > required and view.seat not in aboard[:required]:
            return False
        return table.quest > 1 or bool(stream_for(self.seed, decision).random() >= HIDE_CARD)

    def _inspect(self, view: View, decision: Decision) -> Inspect:
        """Look at the seat whose side is least certain."""
        targets = [seat for seat in view.setup.seats if seat not in view.table.lady_holders]
        told = view.knowledge.lady.keys() | known_evil(view)
        unsure = [seat for seat in targets if seat not in told] or targets
        evil_N = beliefs_of(view, params=self.params).evil_N
        doubt = np.array([-abs(evil_N[seat - 1] - 0.5) for seat in unsure])
        return Inspect(unsure[self._one_of(np.flatnonzero(doubt >= doubt.max() - SAME), decision)])

    def _shoot(self, view: View, decision: Decision) -> Action:
        if view.table.successes < 3:
            return HoldFire()
        targets, chances = self._merlin_chances(view)
        return Shoot(targets[self._one_of(np.flatnonzero(chances >= chances.max() - SAME), decision)])

    def _merlin_chances(self, view: View) -> tuple[tuple[int, ...], Floats]:
        """Every seat that may be shot and is not known to be Evil, and how likely it is Merlin."""
        targets = shot_options(view.setup, view.seat, known_evil(view))
        merlin_N = beliefs_of(view, params=self.params).merlin_N
        return targets, merlin_N[[seat - 1 for seat in targets]]

    # -- words ---------------------------------------------------------------------------------------

    def _suspicion(self, view: View, decision: Decision) -> str:
        """Whom the public evidence speaks against, himself left out: nothing in it depends on the role."""
        evil_N = public_beliefs(view, params=self.params).evil_N
        others = [seat for seat in view.setup.seats if seat != view.seat]
        ranked = sorted(others, key=lambda seat: (-round(float(evil_N[seat - 1]), 6), seat))
        worst, best = ranked[0], ranked[-1]
        if evil_N[worst - 1] - evil_N[best - 1] < CLEAR:
            return "Nothing that we have all seen speaks against anybody in particular."
        share = round(100 * float(evil_N[worst - 1]))
        sentences = (
            f"From what lies open, seat {worst} worries me most: {share} in 100.",
            f"Going by votes and quests alone, I put seat {worst} at {share} in 100 to be Evil.",
            f"The record speaks against seat {worst} and for seat {best}.",
            f"If you ask me who looks worst on paper: {list_seats(ranked[:2])}.",
        )
        return sentences[int(stream_for(self.seed, decision).integers(len(sentences)))]

    def _whisper(self, view: View) -> str:
        """What it tells the Evil seats before the shot."""
        if view.table.successes < 3:
            return ""
        targets, chances = self._merlin_chances(view)
        place = int(chances.argmax())
        return f"I take seat {targets[place]} for Merlin: {round(100 * float(chances[place]))} in 100."

    def _one_of(self, places: NDArray[np.intp], decision: Decision) -> int:
        if len(places) == 1:
            return int(places[0])
        return int(places[stream_for(self.seed, decision).integers(len(places))])


def open_bayes(seed: int) -> BayesPlayer:
    """One whose Merlin never hides."""
    return BayesPlayer(seed, hide=0.0)


def _looks_clean(belief: Posterior, view: View) -> bool:
    """Whether the team on the table is nearly as likely clean as the best one of its size."""
    team = team_on_table(view)
    clean_T = _clean_chances(belief, view, len(team))
    place = _places(view.setup.num_players, len(team))[tuple(sorted(team))]
    return bool(clean_T[place] >= CLEAN_ENOUGH * clean_T.max() - SAME)


def _clean_chances(belief: Posterior, view: View, size: int) -> Floats:
    """By team of this size, how likely it has no Evil seat."""
    clean_T: Floats = belief.prob_C @ _is_clean(view.setup.roles, size)
    return clean_T


@lru_cache(maxsize=64)
def _is_clean(roles: tuple[Role, ...], size: int) -> Floats:
    """By class of deals and team: 1 where the team has no Evil seat."""
    evil_CN = classes_for(roles).evil_CN
    _, is_member_TN = _teams(len(roles), size)
    is_clean_CT: Floats = (evil_CN @ is_member_TN.T == 0).astype(np.float64)
    return is_clean_CT


@lru_cache(maxsize=64)
def _teams(num_players: int, size: int) -> tuple[tuple[tuple[int, ...], ...], Bools]:
    teams = teams_of(num_players, size)
    is_member_TN = np.zeros((len(teams), num_players), dtype=np.bool_)
    for row, team in zip(is_member_TN, teams, strict=True):
        row[[seat - 1 for seat in team]] = True
    return teams, is_member_TN


@lru_cache(maxsize=64)
def _places(num_players: int, size: int) -> dict[tuple[int, ...], int]:
    return {team: place for place, team in enumerate(teams_of(num_players, size))}
