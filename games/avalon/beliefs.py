"""Who is who, as exact probabilities: Bayesian filtering over all deals (spec 3.2).

One likelihood of the public events serves every seat; a seat's own belief is that likelihood over the
deals which its private knowledge leaves, normalised. The likelihood of an event is added to that of the
events before it, which a cache keeps, so asking after every event costs one update each.

Kept apart until a belief is formed are the log-likelihoods of proposals, votes and fail cards, for the two
weight sets of `BeliefParams` weigh them differently: one finds Evil, the other Merlin.
"""

# Shape legend: H deals, C classes of deals, N seats, K kinds of evidence (proposals, votes, fails)

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from games.avalon.behaviour import ABOARD_FOR_VOTES, MAX_ABOARD, BeliefParams, Floats, Habits, Weights
from games.avalon.behaviour_file import shipped_params
from games.avalon.hypotheses import (
    Allowed,
    Bools,
    Classes,
    Hypotheses,
    bits_of,
    class_weights,
    classes_of,
    hypotheses,
)
from games.avalon.knowledge import Knowledge, possible_roles
from games.avalon.roles import Role
from games.avalon.setup import MAX_ATTEMPTS, NUM_EVIL, Setup
from games.avalon.table import Table
from games.avalon.view import View

PROPOSALS, VOTES, FAILS = range(3)


class Named(NamedTuple):
    """A leader named a team, to be voted on or sent."""

    leader: int
    team: tuple[int, ...]


class Voted(NamedTuple):
    """The seats that voted on a team, and those that approved, as bit masks (bit 0 for seat 1)."""

    leader: int
    team: tuple[int, ...]
    voting: int
    approving: int
    is_last_attempt: bool


class Played(NamedTuple):
    """A quest came back with so many fail cards."""

    quest: int
    team: tuple[int, ...]
    fails: int


Fact = Named | Voted | Played
Evidence = tuple[Fact, ...]


class Likelihood(NamedTuple):
    """What the evidence says about every class of deals."""

    log_KC: Floats
    possible_C: Bools
    """False where a quest had more fail cards than Evil seats aboard."""


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What is believed about who is who, all arrays by seat beginning with seat 1."""

    hypotheses: Hypotheses
    prob_C: Floats
    """Of every class of deals, with the weights that find Evil."""
    merlin_prob_C: Floats
    """The same with the weights that find Merlin."""
    weight_C: Floats
    """How many deals of a class this seat holds possible."""
    allowed: Allowed

    @property
    def evil_N(self) -> Floats:
        """How likely each seat is Evil."""
        evil_N: Floats = self.prob_C @ self.hypotheses.classes.evil_CN
        return evil_N

    @property
    def merlin_N(self) -> Floats:
        """How likely each seat is Merlin; all zero where no Merlin is in play."""
        merlin_N: Floats = self.merlin_prob_C @ self.hypotheses.classes.merlin_CN
        return merlin_N

    @property
    def prob_H(self) -> Floats:
        """How likely each deal is, with the weights that find Evil."""
        share_C = self.prob_C / np.maximum(self.weight_C, 1.0)
        prob_H: Floats = share_C[self.hypotheses.class_H] * self.hypotheses.consistent(self.allowed)
        return prob_H

    def evil_sets(self) -> dict[frozenset[int], float]:
        """How likely each Evil team is that is possible at all."""
        classes = self.hypotheses.classes
        prob_S = np.bincount(classes.set_C, weights=self.prob_C)
        return {team: prob for team, prob in zip(classes.sets, prob_S.tolist(), strict=True) if prob > 0}


def beliefs_of(
    view: View, *, own_cards: Mapping[int, bool] | None = None, params: BeliefParams | None = None
) -> Posterior:
    """What a seat should believe, from its view alone, and the cards it has played if it remembers them.

    `own_cards` tells for each quest of the seat whether its card was a fail: an Evil seat that played
    success knows that the fails were others'.
    """
    allowed = _allowed(view, view.knowledge)
    played = () if own_cards is None else tuple(sorted(own_cards.items()))
    return _posterior(view, allowed, params or shipped_params(), view.seat, played)


def public_beliefs(view: View, *, params: BeliefParams | None = None) -> Posterior:
    """What somebody should believe who has seen the table and no more."""
    return _posterior(view, _allowed(view, None), params or shipped_params())


def beliefs_as_servant(view: View, *, params: BeliefParams | None = None) -> Posterior:
    """What this seat would believe if it were a Servant: public facts, and that it is no enemy itself.

    Raises `AssertionError` for an Evil seat that the table has found out.
    """
    servant = Knowledge(view.seat, Role.SERVANT, known_roles={view.seat: Role.SERVANT})
    return _posterior(view, _allowed(view, servant), params or shipped_params())


def evidence_of(setup: Setup, table: Table) -> Evidence:
    """What the table has seen, in order; a tentative team is not yet evidence."""
    facts: list[Fact] = []
    quests = iter(table.quests)
    for proposal in table.proposals:
        leader, team = proposal.leader, proposal.team
        facts.append(Named(leader, team))
        if not proposal.forced:
            facts.append(_voted(setup, leader, team, proposal.votes, proposal.attempt))
        quest = next(quests, None) if proposal.approved else None
        if quest is not None:
            facts.append(Played(quest.quest, quest.team, quest.fails))
    if table.team is not None and _awaits_vote(setup, table):
        facts.append(Named(table.leader, table.team))
    return tuple(facts)


def _voted(
    setup: Setup, leader: int, team: tuple[int, ...], votes: Mapping[int, bool], attempt: int
) -> Voted:
    voting = approving = 0
    for seat, approves in votes.items():
        if setup.rules.leader_votes or seat != leader:
            voting |= 1 << (seat - 1)
            approving |= approves << (seat - 1)
    return Voted(leader, team, voting, approving, attempt == MAX_ATTEMPTS)


def _awaits_vote(setup: Setup, table: Table) -> bool:
    if table.proposals:
        latest = table.proposals[-1]
        if (latest.quest, latest.attempt) == (table.quest, table.attempt):
            return False
    return table.phase == "vote" or setup.rules.talk != "tentative_then_final"


def _allowed(view: View, knowledge: Knowledge | None) -> Allowed:
    """The roles that each seat may have: what a seat knows, and what a shot before the end has shown."""
    setup = view.setup
    if knowledge is None:
        allowed = [bits_of(frozenset(setup.roles))] * setup.num_players
    else:
        allowed = [bits_of(roles) for roles in possible_roles(setup, knowledge)]
    if view.table.shot is not None:
        shooter, target = view.table.shot
        merlin = bits_of(frozenset({Role.MERLIN}))
        was_hit = view.table.ending is not None and view.table.ending.reason == "merlin_shot"
        allowed[shooter - 1] &= bits_of(frozenset({setup.assassin}))
        allowed[target - 1] &= merlin if was_hit else ~merlin & 0xFF
    return tuple(allowed)


def _posterior(
    view: View,
    allowed: Allowed,
    params: BeliefParams,
    seat: int = 0,
    own_cards: tuple[tuple[int, bool], ...] = (),
) -> Posterior:
    roles = view.setup.roles
    evidence = evidence_of(view.setup, view.table)
    likelihood = likelihood_of(view.setup.has_merlin, params.habits_of(view.setup), evidence)
    table = hypotheses(roles)
    weight_C = class_weights(roles, allowed)
    if own_cards:
        weight_C = weight_C * _others_could(table.classes, evidence, seat, dict(own_cards))
    support_C = np.where(likelihood.possible_C, weight_C, 0.0)
    return Posterior(
        hypotheses=table,
        prob_C=tempered(likelihood.log_KC, support_C, params.evil),
        merlin_prob_C=tempered(likelihood.log_KC, support_C, params.merlin),
        weight_C=weight_C,
        allowed=allowed,
    )


def tempered(log_KC: Floats, support_C: Floats, weights: Weights) -> Floats:
    """Probabilities of the classes: prior weights times the likelihood of each kind to its power.

    Raises `AssertionError` if nothing is possible, which legal play and true knowledge never lead to.
    """
    logits_C = weights.as_array() @ log_KC
    most = logits_C.max(where=support_C > 0, initial=-np.inf)
    if most == -np.inf:
        raise AssertionError("No deal fits what this seat knows and what the table has seen.")
    weight_C = np.exp(np.minimum(logits_C - most, 0.0)) * support_C
    prob_C: Floats = weight_C / weight_C.sum()
    return prob_C


def _others_could(classes: Classes, evidence: Evidence, seat: int, own_cards: Mapping[int, bool]) -> Bools:
    """Where a seat's own success cards leave enough other Evil seats for the fails that were seen."""
    possible_C = np.ones(len(classes.set_C), dtype=np.bool_)
    is_evil_C = classes.evil_CN[:, seat - 1] > 0
    for fact in evidence:
        if isinstance(fact, Played) and seat in fact.team and own_cards.get(fact.quest) is False:
            others_C = _aboard(classes, fact.team) - is_evil_C
            possible_C &= others_C >= fact.fails
    return possible_C


# -- the public likelihood -----------------------------------------------------------------------------


@lru_cache(maxsize=512)
def likelihood_of(has_merlin: bool, habits: Habits, evidence: Evidence) -> Likelihood:
    """Of all evidence so far: that of the evidence before, and the update equations of spec 3.2."""
    classes = classes_of(habits.num_players, has_merlin)
    if not evidence:
        num_classes = len(classes.set_C)
        return _kept(np.zeros((3, num_classes)), np.ones(num_classes, dtype=np.bool_))
    log_KC, possible_C = likelihood_of(has_merlin, habits, evidence[:-1])
    log_KC = log_KC.copy()
    fact = evidence[-1]
    aboard_C = _aboard(classes, fact.team)
    logs = _logs_of(habits)
    if isinstance(fact, Named):
        leader_C = classes.player_CN[:, fact.leader - 1]
        log_KC[PROPOSALS] += logs.proposed_PE[len(fact.team)][leader_C, aboard_C]
    elif isinstance(fact, Voted):
        log_KC[VOTES] += _vote_term(classes, logs, fact, aboard_C)
    else:
        possible_C = possible_C & (aboard_C >= fact.fails)
        log_KC[FAILS] += logs.fails_EQF[aboard_C, fact.quest - 1, fact.fails]
    return _kept(log_KC, possible_C)


def _kept(log_KC: Floats, possible_C: Bools) -> Likelihood:
    """Read-only, for the cache hands the same arrays to everybody."""
    log_KC.flags.writeable = possible_C.flags.writeable = False
    return Likelihood(log_KC, possible_C)


class _Logs(NamedTuple):
    """Habits as log-likelihoods; an impossible cell says 0, for a mask rules it out or no class has it."""

    votes_LVPSE: Floats
    """By whether it was the last attempt, and by the vote."""
    proposed_PE: Mapping[int, Floats]
    """Of a team with so many Evil seats, any of the teams with so many being alike."""
    fails_EQF: Floats


@lru_cache(maxsize=64)
def _logs_of(habits: Habits) -> _Logs:
    approve_LPSE = np.stack([habits.approve_PSE, habits.approve_last_PSE])
    return _Logs(
        np.log(np.stack([1 - approve_LPSE, approve_LPSE], axis=1)),
        {
            size: _log(chances_PE / _teams_alike(habits.num_players, size))
            for size, chances_PE in habits.proposed_PE.items()
        },
        _log(habits.fails_EQF),
    )


def _teams_alike(num_players: int, size: int) -> Floats:
    """By number of Evil seats on a team of this size: how many teams have so many, at least 1."""
    num_evil = NUM_EVIL[num_players]
    teams = [
        comb(num_evil, aboard) * comb(num_players - num_evil, size - aboard) if aboard <= size else 0
        for aboard in range(MAX_ABOARD + 1)
    ]
    return np.maximum(np.array(teams, dtype=np.float64), 1.0)


def _log(chances: Floats) -> Floats:
    return np.log(chances, out=np.zeros_like(chances), where=chances > 0)


def _aboard(classes: Classes, team: tuple[int, ...]) -> NDArray[np.intp]:
    """How many Evil seats each class has on a team."""
    places = [seat - 1 for seat in team]
    aboard_C: NDArray[np.intp] = classes.evil_CN[:, places].sum(axis=1).astype(np.intp)
    return aboard_C


def _vote_term(classes: Classes, logs: _Logs, fact: Voted, aboard_C: NDArray[np.intp]) -> Floats:
    seats = range(classes.player_CN.shape[1])
    place_N = np.array([place_of(fact, seat + 1) for seat in seats])
    vote_N = np.array([fact.approving >> seat & 1 for seat in seats])
    is_voting_N = np.array([fact.voting >> seat & 1 for seat in seats])
    e_C1 = np.minimum(aboard_C, ABOARD_FOR_VOTES)[:, None]
    log_CN = logs.votes_LVPSE[int(fact.is_last_attempt), vote_N, classes.player_CN, place_N, e_C1]
    term_C: Floats = log_CN @ is_voting_N
    return term_C


def place_of(fact: Voted, seat: int) -> int:
    """The place in `behaviour.POSITIONS`."""
    if seat == fact.leader:
        return 0
    return 1 if seat in fact.team else 2
