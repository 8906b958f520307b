"""Scores of beliefs: worked out by hand on small games, with sources that believe what a test tells them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import pytest

from games.avalon.actions import Shoot
from games.avalon.belief_scores import (
    BayesBeliefs,
    GameScore,
    SeatBelief,
    ShotScore,
    moments_of,
    own_cards,
    score_game,
    sets_from_seats,
    summarise,
)
from games.avalon.beliefs import beliefs_of
from games.avalon.bots import make_bot
from games.avalon.events import Event
from games.avalon.play import play
from games.avalon.recorded_games import FinishedGame, Skipped, finished_game
from games.avalon.roles import Role
from games.avalon.setup import Setup, preset
from games.avalon.view import view
from tests.games.avalon.playthrough import HandGame

M, P, S, A, N, G = Role.MERLIN, Role.PERCIVAL, Role.SERVANT, Role.ASSASSIN, Role.MINION, Role.MORGANA


@dataclass(frozen=True, slots=True)
class Fixed:
    """Believes the same at every moment."""

    evil: tuple[float, ...]
    merlin: tuple[float, ...]

    def belief(self, events: Sequence[Event], seat: int) -> SeatBelief:
        return SeatBelief(np.array(self.evil), np.array(self.merlin))


def shot_game(target: int) -> FinishedGame:
    """Seat 1 is Merlin, seats 4 and 5 are Evil; three clean quests, then seat 4 shoots."""
    game = HandGame(Setup(roles=(M, S, S, A, N)))
    game.quest((1, 2))
    game.quest((1, 2, 3))
    game.quest((1, 2))
    game.do({4: Shoot(target)})
    return finished(game.state.setup, game.events)


def finished(setup: Setup, events: Sequence[Event]) -> FinishedGame:
    game = finished_game("game", setup, events)
    assert isinstance(game, FinishedGame)
    return game


def test_a_game_without_an_end_is_no_evidence() -> None:
    game = HandGame(preset("5-basic"))
    assert isinstance(finished_game("open", game.state.setup, game.events), Skipped)


def test_beliefs_are_asked_for_after_every_quest_and_before_the_shot() -> None:
    game = shot_game(1)
    moments = moments_of(game)
    assert [moment.name for moment in moments] == ["quest 1", "quest 2", "quest 3", "end"]
    assert all(game.events[moment.num_events - 1].type == "quest" for moment in moments)
    rejected = HandGame(preset("5-basic"))
    for _ in range(5):
        rejected.reject()
    (end,) = moments_of(finished(rejected.state.setup, rejected.events))
    assert end.name == "end"
    assert rejected.events[end.num_events].type == "end"


def test_log_losses_and_the_brier_score_are_those_of_the_stated_probabilities() -> None:
    source = Fixed(evil=(0.1, 0.0, 0.3, 0.8, 0.8), merlin=(0.4, 0.2, 0.2, 0.1, 0.1))
    score = score_game(shot_game(2), source)
    seen_by_2 = -np.log([0.9, 0.7, 0.8, 0.8])
    seen_by_3 = -np.log([0.9, 1 - 1e-6, 0.8, 0.8])
    servant = score.values["servant", "quest 2"]
    assert servant["seat_log_loss"] == pytest.approx((seen_by_2.mean() + seen_by_3.mean()) / 2)
    brier = (np.mean([0.01, 0.09, 0.04, 0.04]) + np.mean([0.01, 0.0, 0.04, 0.04])) / 2
    assert servant["seat_brier"] == pytest.approx(brier, abs=1e-5)
    assert servant["seat_accuracy"] == 1
    assert servant["set_top1"] == 1
    assert servant["prob_merlin"] == pytest.approx(0.4)
    assert score.values["evil", "end"] == {"prob_merlin": pytest.approx(0.4)}


def test_a_team_from_single_seats_is_the_product_of_their_odds() -> None:
    sets = sets_from_seats(np.array([0.0, 0.5, 0.5, 0.8, 0.8]), 2, 1)
    assert len(sets) == 6
    assert sum(sets.values()) == pytest.approx(1)
    assert sets[frozenset({4, 5})] / sets[frozenset({2, 3})] == pytest.approx(16)
    assert sets[frozenset({2, 4})] / sets[frozenset({2, 3})] == pytest.approx(4)


def test_first_place_is_shared_between_equals() -> None:
    score = score_game(shot_game(2), Fixed(evil=(0.5,) * 5, merlin=(0.2,) * 5))
    assert score.values["servant", "end"]["set_top1"] == pytest.approx(1 / 6)
    assert score.values["servant", "end"]["set_log_loss"] == pytest.approx(log(6))
    assert score.values["servant", "end"]["seat_accuracy"] == 0.5
    assert score.shot == ShotScore(hit=1 / 3, human_hit=False, prob_merlin=0.2, by_chance=1 / 3)


@pytest.mark.parametrize(("target", "human_hit"), [(1, True), (3, False)])
def test_the_shot_is_held_against_the_players(target: int, human_hit: bool) -> None:
    score = score_game(shot_game(target), Fixed(evil=(0.4,) * 5, merlin=(0.5, 0.3, 0.2, 0.9, 0.9)))
    assert score.shot is not None
    assert (score.shot.hit, score.shot.human_hit) == (1, human_hit)  # its own partners are no targets


def test_a_seat_remembers_its_own_cards_and_no_others() -> None:
    game = HandGame(preset("5-basic"))
    game.quest((1, 4), 4)
    game.quest((1, 2, 5))
    assert own_cards(game.events, 4) == {1: True}
    assert own_cards(game.events, 1) == {1: False, 2: False}
    assert own_cards(game.events, 3) == {}


def test_the_bayes_source_believes_what_the_seat_should() -> None:
    setup = preset("6-recon")
    played = play(setup, {seat: make_bot("human_table", seat) for seat in setup.seats}, seed=4)
    believed = BayesBeliefs().belief(played.events[:20], 2)
    expected = beliefs_of(view(played.events[:20], 2), own_cards=own_cards(played.events[:20], 2))
    assert (believed.evil_N == expected.evil_N).all()
    assert believed.evil_sets == expected.evil_sets()


# -- summaries -------------------------------------------------------------------------------------------


def score_of(value: float, bins: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> GameScore:
    return GameScore(values={("servant", "quest 1"): {"set_top1": value}}, bins={"quest 1": bins}, shot=None)


def tally(*seats: tuple[int, float, float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    bins = np.zeros((3, 10))
    for place, count, claimed, evil in seats:
        bins[:, place] = count, claimed, evil
    return bins


def test_a_mean_lies_within_its_interval_and_is_that_of_the_games() -> None:
    scores = [score_of(value, tally()) for value in (0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0)]
    estimate = summarise(scores).scores["servant", "quest 1"]["set_top1"]
    assert estimate.value == pytest.approx(5 / 8)
    assert estimate.low < 5 / 8 < estimate.high
    assert estimate.games == 8
    again = summarise(scores).scores["servant", "quest 1"]["set_top1"]
    assert again == estimate


def test_the_interval_of_many_games_is_that_of_the_normal_approximation() -> None:
    stream = np.random.Generator(np.random.PCG64(1))
    scores = [score_of(float(value), tally()) for value in stream.random(600) < 0.3]
    estimate = summarise(scores, resamples=2000).scores["servant", "quest 1"]["set_top1"]
    half = 1.96 * np.sqrt(estimate.value * (1 - estimate.value) / 600)
    assert estimate.high - estimate.value == pytest.approx(half, rel=0.15)
    assert estimate.value - estimate.low == pytest.approx(half, rel=0.15)


def test_calibration_error_is_the_mean_distance_of_claim_and_truth() -> None:
    # 10 seats claimed at .25, 2 of them Evil; 30 at .85, 24 of them Evil: (|2.5 - 2| + |25.5 - 24|) / 40.
    summary = summarise([score_of(1.0, tally((2, 10, 2.5, 2), (8, 30, 25.5, 24)))])
    assert summary.calibration_error["quest 1"].value == pytest.approx(2 / 40)
    low, high = summary.reliability
    assert (low.seats, low.mean_probability, low.share_evil) == (10, 0.25, 0.2)
    assert (high.low, high.high, high.share_evil) == (0.8, 0.9, 0.8)


def test_without_games_there_is_no_summary() -> None:
    with pytest.raises(ValueError, match="no games"):
        summarise([])


def test_percival_is_scored_apart_and_merlin_is_not_asked() -> None:
    setup = preset("6-recon")
    played = play(setup, {seat: make_bot("human_table", seat) for seat in setup.seats}, seed=4)
    score = score_game(finished(setup, played.events), BayesBeliefs())
    assert {viewer for viewer, _ in score.values} == {"servant", "percival", "evil"}
    assert "prob_merlin" not in score.values["percival", "end"]
    assert set(score.values["evil", "end"]) == {"prob_merlin"}
