"""How good beliefs are, held against finished games: log loss, calibration, the shot at Merlin (spec 4.4).

A `BeliefSource` says what a seat believes at a moment of a recorded game; `score_game` asks it after every
quest and before the end, and `summarise` draws rates with intervals from the scores of many games. The
intervals come from a bootstrap over games, because the seats and moments of one game are not independent.
"""

# Shape legend: G games, R resamples, B bins of probability, N seats

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from games.avalon.behaviour import BeliefParams
from games.avalon.beliefs import beliefs_of
from games.avalon.draws import rng
from games.avalon.events import Event
from games.avalon.knowledge import ACTS_WITH_EVIL
from games.avalon.options import shot_options
from games.avalon.recorded_games import FinishedGame
from games.avalon.roles import Role
from games.avalon.view import view

Floats = NDArray[np.float64]
Viewer = Literal["servant", "percival", "evil"]
"""Whose belief: a Servant's, Percival's, or that of an Evil seat that knows its partners (about Merlin)."""

NUM_BINS = 10
LEAST = 1e-6  # a probability of zero on the truth costs as much as this one
SAME = 1e-9
END = "end"


@dataclass(frozen=True, slots=True)
class SeatBelief:
    """What one seat believes; arrays by seat, beginning with seat 1."""

    evil_N: Floats
    merlin_N: Floats
    evil_sets: Mapping[frozenset[int], float] | None = None
    """How likely each Evil team is; None if the source tells of single seats only."""


class BeliefSource(Protocol):
    """Anything that can be asked what a seat believes."""

    def belief(self, events: Sequence[Event], seat: int) -> SeatBelief:
        """What this seat believes after these events of a recorded game.

        The events are those of the god view, and the source lets only through what the seat may know.
        """
        ...


@dataclass(frozen=True, slots=True)
class BayesBeliefs:
    """The exact beliefs of `beliefs.py`, for a seat that remembers its own cards."""

    params: BeliefParams | None = None

    def belief(self, events: Sequence[Event], seat: int) -> SeatBelief:
        believed = beliefs_of(view(events, seat), own_cards=own_cards(events, seat), params=self.params)
        return SeatBelief(believed.evil_N, believed.merlin_N, believed.evil_sets())


def own_cards(events: Iterable[Event], seat: int) -> dict[int, bool]:
    """By quest, whether this seat's card was a fail, as far as the record tells."""
    cards: dict[int, bool] = {}
    for event in events:
        if event.type == "card" and str(seat) in event.data["cards"]:
            cards[event.quest] = bool(event.data["cards"][str(seat)])
    return cards


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of a recorded game at which beliefs are asked for."""

    name: str
    """"quest 1" to "quest 5" for after that quest, or "end" for before the shot or the end."""
    num_events: int


def moments_of(game: FinishedGame) -> list[Moment]:
    """After every played quest, and before the roles (or the shot) are revealed."""
    moments = [
        Moment(f"quest {event.quest}", place)
        for place, event in enumerate(game.events, start=1)
        if event.type == "quest"
    ]
    reveals = [
        place
        for place, event in enumerate(game.events)
        if event.type == "end" or (event.type == "shot" and event.seat is not None)
    ]
    return [*moments, Moment(END, reveals[0])]


def viewers_of(game: FinishedGame) -> Iterator[tuple[int, Viewer]]:
    """The seats that have something to find out, with the kind of their view."""
    for seat, role in enumerate(game.roles, start=1):
        if role is Role.SERVANT:
            yield seat, "servant"
        elif role is Role.PERCIVAL:
            yield seat, "percival"
        elif role in ACTS_WITH_EVIL and game.merlin is not None:
            yield seat, "evil"


Cell = tuple[Viewer, str]
"""Whose beliefs at which moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotScore:
    """The shot at Merlin, by the player of the record and by the belief, which may be split between seats."""

    hit: float
    human_hit: bool
    prob_merlin: float
    by_chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GameScore:
    """One game's scores, each the mean over its seats of one kind."""

    values: Mapping[Cell, Mapping[str, float]]
    bins: Mapping[str, Floats]
    """By moment: seats that Servants judge, by bin of probability: how many, sum of it, how many are Evil."""
    shot: ShotScore | None


def score_game(game: FinishedGame, source: BeliefSource) -> GameScore:
    """Ask the source at every moment, for every seat that has something to find out."""
    gathered: dict[Cell, list[dict[str, float]]] = {}
    bins: dict[str, Floats] = {}
    for moment in moments_of(game):
        events = game.events[: moment.num_events]
        for seat, viewer in viewers_of(game):
            believed = source.belief(events, seat)
            gathered.setdefault((viewer, moment.name), []).append(_scores(game, seat, viewer, believed))
            if viewer == "servant":
                empty = np.zeros((3, NUM_BINS))
                bins[moment.name] = bins.get(moment.name, empty) + _bins(game, seat, believed)
    means = {
        cell: {name: float(np.mean([seat[name] for seat in seats])) for name in seats[0]}
        for cell, seats in gathered.items()
    }
    return GameScore(values=means, bins=bins, shot=_score_shot(game, source))


def _scores(game: FinishedGame, seat: int, viewer: Viewer, believed: SeatBelief) -> dict[str, float]:
    scores: dict[str, float] = {}
    if viewer != "evil":
        judged = [other for other in game.setup.seats if other != seat]
        prob = np.clip([believed.evil_N[other - 1] for other in judged], LEAST, 1 - LEAST)
        is_evil = np.array([other in game.evil for other in judged])
        sets = believed.evil_sets or sets_from_seats(believed.evil_N, len(game.evil), seat)
        scores |= {
            "set_log_loss": -log(max(sets.get(game.evil, 0.0), LEAST)),
            "set_top1": _share_of_best(sets, game.evil),
            "seat_log_loss": float(-np.log(np.where(is_evil, prob, 1 - prob)).mean()),
            "seat_brier": float(np.square(prob - is_evil).mean()),
            "seat_accuracy": float(np.where(np.abs(prob - 0.5) < SAME, 0.5, (prob > 0.5) == is_evil).mean()),
        }
    if game.merlin is not None and viewer != "percival":
        scores["prob_merlin"] = float(believed.merlin_N[game.merlin - 1])
    return scores


def sets_from_seats(evil_N: Floats, num_evil: int, seat: int) -> dict[frozenset[int], float]:
    """The Evil teams' chances where only single seats' are told: as if the others' were independent."""
    odds = np.clip(evil_N, LEAST, 1 - LEAST) / np.clip(1 - evil_N, LEAST, 1 - LEAST)
    others = [other for other in range(1, len(evil_N) + 1) if other != seat]
    weight = {
        frozenset(team): float(np.prod([odds[other - 1] for other in team]))
        for team in combinations(others, num_evil)
    }
    total = sum(weight.values())
    return {team: share / total for team, share in weight.items()}


def _share_of_best(sets: Mapping[frozenset[int], float], truth: frozenset[int]) -> float:
    """One if the truth is the likeliest team, its share of the first place if others are as likely."""
    best = max(sets.values())
    first = [team for team, prob in sets.items() if prob >= best - SAME]
    return 1 / len(first) if truth in first else 0.0


def _bins(game: FinishedGame, seat: int, believed: SeatBelief) -> Floats:
    tally = np.zeros((3, NUM_BINS))
    for other in game.setup.seats:
        if other != seat:
            prob = float(believed.evil_N[other - 1])
            place = min(int(prob * NUM_BINS), NUM_BINS - 1)
            tally[:, place] += (1, prob, other in game.evil)
    return tally


def _score_shot(game: FinishedGame, source: BeliefSource) -> ShotScore | None:
    """The shot after Good's third success; an early one is not held against a belief."""
    if game.merlin is None or game.table.shot is None or game.table.successes < 3:
        return None
    shooter, target = game.table.shot
    place = next(place for place, event in enumerate(game.events) if event.type == "shot" and event.seat)
    mates = (
        frozenset(seat for seat in game.evil if game.roles[seat - 1] in ACTS_WITH_EVIL)
        if game.roles[shooter - 1] in ACTS_WITH_EVIL
        else frozenset({shooter})
    )
    targets = [seat for seat in shot_options(game.setup, shooter, mates) if seat not in mates]
    merlin_N = source.belief(game.events[:place], shooter).merlin_N
    chances = np.array([merlin_N[seat - 1] for seat in targets])
    best = [seat for seat, chance in zip(targets, chances, strict=True) if chance >= chances.max() - SAME]
    return ShotScore(
        hit=1 / len(best) if game.merlin in best else 0.0,
        human_hit=target == game.merlin,
        prob_merlin=float(merlin_N[game.merlin - 1]),
        by_chance=1 / len(targets),
    )


# -- rates with intervals ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate with its 95 % bootstrap interval, and how many games it rests on."""

    value: float
    low: float
    high: float
    games: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How often the seats of one bin of probability are Evil."""

    low: float
    high: float
    seats: int
    mean_probability: float
    share_evil: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The scores of many games."""

    games: int
    scores: Mapping[Cell, Mapping[str, Estimate]]
    calibration_error: Mapping[str, Estimate]
    """By moment: the expected calibration error of a Servant's probabilities that a seat is Evil."""
    reliability: tuple[Reliability, ...]
    """Over all quests; bins without a seat are left out."""
    shot: Mapping[str, Estimate]
    """Empty if no game came to a shot."""


def summarise(scores: Sequence[GameScore], *, resamples: int = 1000, seed: int = 0) -> Summary:
    """Means over games with bootstrap intervals. Raises `ValueError` without any game."""
    if not scores:
        raise ValueError("There are no games to draw a mean from.")
    bootstrap = _Bootstrap(len(scores), resamples, seed)
    cells = sorted({cell for score in scores for cell in score.values}, key=_cell_order)
    moments = sorted({moment for score in scores for moment in score.bins}, key=_moment_order)
    by_moment = {
        moment: np.array([score.bins.get(moment, np.zeros((3, NUM_BINS))) for score in scores])
        for moment in moments
    }
    played = [by_moment[moment] for moment in moments if moment != END]
    return Summary(
        games=len(scores),
        scores={
            cell: {
                name: bootstrap.mean([score.values.get(cell, {}).get(name) for score in scores])
                for name in _names(scores, cell)
            }
            for cell in cells
        },
        calibration_error={moment: bootstrap.calibration(bins) for moment, bins in by_moment.items()},
        reliability=_reliability(np.sum(played, axis=(0, 1))) if played else (),
        shot=_shots(scores, bootstrap),
    )


def _names(scores: Sequence[GameScore], cell: Cell) -> list[str]:
    found: dict[str, None] = {}
    for score in scores:
        found |= dict.fromkeys(score.values.get(cell, {}))
    return list(found)


def _moment_order(moment: str) -> tuple[bool, str]:
    return moment == END, moment


def _cell_order(cell: Cell) -> tuple[int, bool, str]:
    viewer, moment = cell
    return ("servant", "percival", "evil").index(viewer), *_moment_order(moment)


def _shots(scores: Sequence[GameScore], bootstrap: "_Bootstrap") -> dict[str, Estimate]:
    shots = [score.shot for score in scores]
    if not any(shots):
        return {}

    def mean(figure: Callable[[ShotScore], float]) -> Estimate:
        return bootstrap.mean([None if shot is None else figure(shot) for shot in shots])

    return {
        "bayes_hit": mean(lambda shot: shot.hit),
        "human_hit": mean(lambda shot: shot.human_hit),
        "difference": mean(lambda shot: shot.hit - shot.human_hit),
        "by_chance": mean(lambda shot: shot.by_chance),
        "prob_merlin": mean(lambda shot: shot.prob_merlin),
    }


def _reliability(tally: Floats) -> tuple[Reliability, ...]:
    seats, sums, evil = tally
    return tuple(
        Reliability(
            low=place / NUM_BINS,
            high=(place + 1) / NUM_BINS,
            seats=int(seats[place]),
            mean_probability=float(sums[place] / seats[place]),
            share_evil=float(evil[place] / seats[place]),
        )
        for place in range(NUM_BINS)
        if seats[place]
    )


class _Bootstrap:
    """The same resamples of the games for every figure, so that figures of one run compare."""

    def __init__(self, num_games: int, resamples: int, seed: int) -> None:
        even = np.full(num_games, 1 / num_games)
        draws_RG = rng(seed, "bootstrap").multinomial(num_games, even, size=resamples)
        self._draws_RG = draws_RG.astype(np.float32)

    def mean(self, values: Sequence[float | None]) -> Estimate:
        """The mean over the games that have a value."""
        has_G = np.array([value is not None for value in values], dtype=np.float32)
        value_G = np.array([0.0 if value is None else value for value in values])
        count_R = self._draws_RG @ has_G
        sum_R = self._draws_RG @ value_G.astype(np.float32)
        mean_R = sum_R[count_R > 0] / count_R[count_R > 0]
        return _estimate(float(value_G.sum() / has_G.sum()), mean_R, int(has_G.sum()))

    def calibration(self, bins_G3B: Floats) -> Estimate:
        """The expected calibration error: how far bins of probability are from the shares they claim.

        A resample adds noise to every bin, and noise adds to a mean of distances; the interval is that of the
        resamples moved back onto the estimate.
        """
        num_games = len(bins_G3B)
        sums_R3B = (self._draws_RG @ bins_G3B.reshape(num_games, -1).astype(np.float32)).reshape(
            -1, 3, NUM_BINS
        )
        error_R = _calibration_error(sums_R3B.astype(np.float64))
        value = _calibration_error(bins_G3B.sum(axis=0)[None])[0]
        error_R = np.maximum(error_R - error_R.mean() + value, 0.0)
        return _estimate(float(value), error_R, int((bins_G3B[:, 0].sum(axis=1) > 0).sum()))


def _calibration_error(sums_R3B: Floats) -> Floats:
    seats_RB, claimed_RB, evil_RB = sums_R3B[:, 0], sums_R3B[:, 1], sums_R3B[:, 2]
    error_R: Floats = np.abs(claimed_RB - evil_RB).sum(axis=1) / np.maximum(seats_RB.sum(axis=1), 1)
    return error_R


def _estimate(value: float, resampled: NDArray[np.floating], games: int) -> Estimate:
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(value, float(low), float(high), games)
