"""Belief parameters out of finished games: habits are counted, weights are chosen (spec 3.3 and 3.4).

Games are split by fingerprint. Habits are frequencies over the training games with Merlin, each drawn
towards a broader table by a number of imagined observations: those of one kind of table towards those of
all, and those towards the published figures. The weights are the ones under which the validation games
are least surprising: who is Evil, in a Servant's eyes after every quest; who is Merlin, in the eyes of
Evil when it comes to the shot. The test games are not looked at.
"""

# Shape legend: G games or moments of games, C classes of deals, K kinds of evidence, P players, S places,
# E Evil seats aboard, Q quests, F fail cards

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from games.avalon.behaviour import (
    ABOARD_FOR_VOTES,
    MAX_ABOARD,
    PLAYERS,
    POSITIONS,
    BeliefParams,
    Floats,
    Habits,
    Kind,
    Weights,
    all_kinds,
    kind_of,
    published_habits,
)
from games.avalon.beliefs import Evidence, Named, Played, Voted, evidence_of, likelihood_of, place_of
from games.avalon.fingerprint import split_of
from games.avalon.hypotheses import Bools, class_of_deal, classes_for, player_of
from games.avalon.recorded_games import FinishedGame
from games.avalon.roles import Role
from games.avalon.setup import NUM_QUESTS, TEAM_SIZES
from games.errors import GameError

TOWARDS_PUBLISHED = 20.0  # imagined observations
TOWARDS_ALL_TABLES = 40.0
START = Weights(proposals=0.3, votes=0.6, fails=1.0)
STEPS = (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
NO_BETTER = 1e-6  # nats; fail cards say nothing about Merlin to those who know Evil, and their weight stays
ROUNDS = 3  # of choosing one weight after another; nothing moves in the last

Loss = Callable[[Weights], float]


@dataclass(slots=True)
class _Tally:
    """What happened how often, at one kind of table or at several."""

    votes_LPSEV: Floats = field(
        default_factory=lambda: np.zeros((2, len(PLAYERS), len(POSITIONS), ABOARD_FOR_VOTES + 1, 2))
    )
    proposed_PE: dict[int, Floats] = field(default_factory=dict)
    fails_EQF: Floats = field(default_factory=lambda: np.zeros((MAX_ABOARD + 1, NUM_QUESTS, MAX_ABOARD + 1)))

    def add(self, other: "_Tally") -> None:
        self.votes_LPSEV += other.votes_LPSEV
        self.fails_EQF += other.fails_EQF
        for size, counts in other.proposed_PE.items():
            self._proposed(size)[...] += counts

    def count(self, game: FinishedGame, evidence: Evidence) -> None:
        for fact in evidence:
            aboard = len(game.evil.intersection(fact.team))
            if isinstance(fact, Named):
                leader = player_of(game.roles[fact.leader - 1])
                self._proposed(len(fact.team))[leader, aboard] += 1
            elif isinstance(fact, Voted):
                self._count_votes(game, fact, min(aboard, ABOARD_FOR_VOTES))
            else:
                self.fails_EQF[aboard, fact.quest - 1, fact.fails] += 1

    def _proposed(self, size: int) -> Floats:
        return self.proposed_PE.setdefault(size, np.zeros((len(PLAYERS), MAX_ABOARD + 1)))

    def _count_votes(self, game: FinishedGame, fact: Voted, aboard: int) -> None:
        for seat in game.setup.seats:
            if fact.voting >> (seat - 1) & 1:
                player = player_of(game.roles[seat - 1])
                vote = fact.approving >> (seat - 1) & 1
                self.votes_LPSEV[int(fact.is_last_attempt), player, place_of(fact, seat), aboard, vote] += 1


def fit(games: Iterable[FinishedGame], source: str) -> BeliefParams:
    """Count habits and choose weights. Raises `GameError` if there are no games to count or to choose on."""
    unique = {game.fingerprint: game for game in games if game.merlin is not None}
    parts: dict[str, list[FinishedGame]] = {"train": [], "validation": [], "test": []}
    for name, game in unique.items():
        parts[split_of(name)].append(game)
    for part in ("train", "validation"):
        if not parts[part]:
            raise GameError(
                f"Of {len(unique)} games with Merlin none falls into the {part} split; give more games."
            )
    habits = count_habits(parts["train"])
    return with_chosen_weights(habits, parts["validation"], source, parts)


def with_chosen_weights(
    habits: Mapping[Kind, Habits],
    validation: Sequence[FinishedGame],
    source: str,
    parts: Mapping[str, Sequence[FinishedGame]],
) -> BeliefParams:
    """Parameters with the weights that the validation games choose for these habits."""
    evil_loss = _evil_loss(habits, validation)
    merlin_loss = _merlin_loss(habits, validation)
    evil, merlin = choose_weights(evil_loss), choose_weights(merlin_loss)
    ones = Weights(proposals=1.0, votes=1.0, fails=1.0)
    return BeliefParams(
        habits=habits,
        evil=evil,
        merlin=merlin,
        source=source,
        fitted_on=frozenset(game.fingerprint for part in ("train", "validation") for game in parts[part]),
        report={
            "games": {part: len(games) for part, games in parts.items()},
            "validation log loss of the Evil team": {
                "chosen": round(evil_loss(evil), 4),
                "all weights 1": round(evil_loss(ones), 4),
            },
            "validation log loss of Merlin at the shot": {
                "chosen": round(merlin_loss(merlin), 4),
                "all weights 1": round(merlin_loss(ones), 4),
            },
        },
    )


def choose_weights(loss: Loss) -> Weights:
    """The best weights that going along one axis after another finds."""
    best, best_loss = START, loss(START)
    for _ in range(ROUNDS):
        for axis in ("proposals", "votes", "fails"):
            for step in STEPS:
                tried = replace(best, **{axis: step})
                tried_loss = loss(tried)
                if tried_loss < best_loss - NO_BETTER:
                    best, best_loss = tried, tried_loss
    return best


# -- counting ------------------------------------------------------------------------------------------


def count_habits(games: Iterable[FinishedGame]) -> dict[Kind, Habits]:
    """The habits of every kind of table."""
    tallies: dict[Kind, _Tally] = {kind: _Tally() for kind in all_kinds()}
    fails_by_need: dict[int, Floats] = {need: np.zeros_like(_Tally().fails_EQF) for need in (1, 2)}
    for game in games:
        tally = _Tally()
        tally.count(game, evidence_of(game.setup, game.table))
        tallies[kind_of(game.setup)].add(tally)
        for quest in range(NUM_QUESTS):
            need = game.setup.fails_required(quest + 1)
            fails_by_need[need][:, quest] += tally.fails_EQF[:, quest]
    everywhere = _Tally()
    by_size: dict[int, _Tally] = {num_players: _Tally() for num_players in TEAM_SIZES}
    for (num_players, _), tally in tallies.items():
        everywhere.add(tally)
        by_size[num_players].add(tally)
    return {
        kind: _habits(kind[0], tally, by_size[kind[0]], everywhere, fails_by_need)
        for kind, tally in tallies.items()
    }


def _habits(
    num_players: int,
    tally: _Tally,
    same_size: _Tally,
    everywhere: _Tally,
    fails_by_need: Mapping[int, Floats],
) -> Habits:
    published = published_habits(num_players)
    votes_LPSE = np.stack([published.approve_PSE, published.approve_last_PSE])
    prior_LPSEV = np.stack([1 - votes_LPSE, votes_LPSE], axis=-1)
    pooled_LPSEV = _drawn(_blind(everywhere.votes_LPSEV), prior_LPSEV, TOWARDS_PUBLISHED)
    own_LPSEV = _drawn(_blind(tally.votes_LPSEV), pooled_LPSEV, TOWARDS_ALL_TABLES)
    fails_EQF = np.zeros_like(published.fails_EQF)
    two_fails = num_players >= 7
    for quest in range(NUM_QUESTS):
        need = 2 if two_fails and quest == 3 else 1
        pooled_EF = _drawn(fails_by_need[need][:, quest], published.fails_EQF[:, quest], TOWARDS_PUBLISHED)
        fails_EQF[:, quest] = _drawn(tally.fails_EQF[:, quest], pooled_EF, TOWARDS_ALL_TABLES)
    return Habits(
        num_players=num_players,
        approve_PSE=own_LPSEV[0, ..., 1],
        approve_last_PSE=own_LPSEV[1, ..., 1],
        proposed_PE={
            size: _drawn(
                tally.proposed_PE.get(size, np.zeros_like(prior_PE)),
                _drawn(same_size.proposed_PE.get(size, np.zeros_like(prior_PE)), prior_PE, TOWARDS_PUBLISHED),
                TOWARDS_ALL_TABLES,
            )
            for size, prior_PE in published.proposed_PE.items()
        },
        fails_EQF=fails_EQF,
    )


def _blind(votes_LPSEV: Floats) -> Floats:
    """The votes of Servants counted together, whoever was aboard: they do not know it."""
    counts = votes_LPSEV.copy()
    servant = PLAYERS.index("servant")
    counts[:, servant] = counts[:, servant].sum(axis=2, keepdims=True)
    return counts


def _drawn(counts: Floats, prior: Floats, strength: float) -> Floats:
    """Frequencies along the last axis, drawn towards a prior by so many imagined observations."""
    share: Floats = (counts + strength * prior) / (counts.sum(axis=-1, keepdims=True) + strength)
    return share


# -- the surprise of the validation games ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Questions:
    """What one size of table was asked: the evidence, what was possible, and what was true."""

    log_GKC: Floats
    possible_GC: Bools
    true_GC: Bools

    def losses(self, weights: Weights) -> Floats:
        """By question, the surprise of the truth in nats."""
        logits_GC = np.einsum("k,gkc->gc", weights.as_array(), self.log_GKC)
        logits_GC[~self.possible_GC] = -np.inf
        logits_GC -= logits_GC.max(axis=1, keepdims=True)
        prob_GC = np.exp(logits_GC)
        losses_G: Floats = np.log(prob_GC.sum(axis=1)) - np.log((prob_GC * self.true_GC).sum(axis=1))
        return losses_G


def _mean_loss(asked: Sequence[_Questions]) -> Loss:
    def loss(weights: Weights) -> float:
        return float(np.concatenate([questions.losses(weights) for questions in asked]).mean())

    return loss


def _evil_loss(habits: Mapping[Kind, Habits], games: Sequence[FinishedGame]) -> Loss:
    """Of the Evil team, in the eyes of the game's first Servant, after every quest."""
    rows: dict[int, list[tuple[Floats, Bools, Bools]]] = {}
    for game in games:
        if Role.SERVANT not in game.roles:
            continue
        seat = game.roles.index(Role.SERVANT)
        classes = classes_for(game.roles)
        true_C = classes.set_C == classes.set_C[class_of_deal(game.roles)]
        mine_C = (classes.evil_CN[:, seat] == 0) & (classes.merlin_CN[:, seat] == 0)
        evidence = evidence_of(game.setup, game.table)
        for place, fact in enumerate(evidence, start=1):
            if isinstance(fact, Played):
                seen = likelihood_of(True, habits[kind_of(game.setup)], evidence[:place])
                rows.setdefault(len(game.roles), []).append((seen.log_KC, seen.possible_C & mine_C, true_C))
    return _mean_loss([_stacked(asked) for asked in rows.values()])


def _merlin_loss(habits: Mapping[Kind, Habits], games: Sequence[FinishedGame]) -> Loss:
    """Of Merlin, given the Evil team, in the games that came to the shot."""
    rows: dict[int, list[tuple[Floats, Bools, Bools]]] = {}
    for game in games:
        if game.table.successes < 3 or game.merlin is None:
            continue
        classes = classes_for(game.roles)
        truth = class_of_deal(game.roles)
        partners_C = classes.set_C == classes.set_C[truth]
        true_C = np.arange(len(partners_C)) == truth
        evidence = evidence_of(game.setup, game.table)
        seen = likelihood_of(True, habits[kind_of(game.setup)], evidence)
        rows.setdefault(len(game.roles), []).append(
            (seen.log_KC[:, partners_C], seen.possible_C[partners_C], true_C[partners_C])
        )
    return _mean_loss([_stacked(asked) for asked in rows.values()])


def _stacked(asked: Sequence[tuple[Floats, Bools, Bools]]) -> _Questions:
    logs, possible, true = zip(*asked, strict=True)
    return _Questions(np.stack(logs), np.stack(possible), np.stack(true))
