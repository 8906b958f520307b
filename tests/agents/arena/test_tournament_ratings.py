"""Bradley-Terry by side and OpenSkill: planted strengths come out again."""

import numpy as np
import pytest
from openskill.models import PlackettLuce
from scipy.optimize import minimize
from scipy.special import expit

from agents.arena.ratings import PRIOR_SD_OF_TABLE, fit, open_skill, rate
from agents.arena.record import GameRecord
from agents.arena.statistics import Floats
from games.avalon.roles import Side
from tests.agents.arena.tournament_games import records_of

# A strong liar who is a poor detective, his opposite, and two in between.
GOOD = {"liar": -1.2, "plain": -0.3, "fair": 0.4, "detective": 1.1}
EVIL = {"liar": 1.2, "plain": 0.3, "fair": -0.4, "detective": -1.1}
TABLE = -0.5


def planted(deals: int, seed: int) -> list[GameRecord]:
    chance = np.random.default_rng(seed)

    def good_wins(good: str, evil: str, deal: int) -> bool:
        return bool(chance.random() < expit(GOOD[good] - EVIL[evil] + TABLE))

    return list(records_of(list(GOOD), deals, good_wins))


def test_planted_strengths_are_recovered_in_order_and_size() -> None:
    ratings = rate(planted(250, 1), list(GOOD), seed=1)
    for recovered, truth in ((ratings.good, GOOD), (ratings.evil, EVIL)):
        order = sorted(recovered, key=lambda agent: recovered[agent].theta.value)
        assert order == sorted(truth, key=truth.__getitem__)
        for agent, strength in truth.items():
            assert recovered[agent].theta.value == pytest.approx(strength, abs=0.35)
    assert ratings.table.value == pytest.approx(TABLE, abs=0.35)


def test_intervals_hold_differences_of_the_truth() -> None:
    ratings = rate(planted(250, 2), list(GOOD), seed=1)
    for recovered, truth in ((ratings.good, GOOD), (ratings.evil, EVIL)):
        for agent, strength in truth.items():
            theta = recovered[agent].theta
            assert theta.low is not None and theta.high is not None
            assert theta.low - 0.3 < strength < theta.high + 0.3  # the thetas' common level is the prior's
            assert 0.1 < theta.high - theta.low < 0.8


def test_the_fit_is_the_top_of_the_posterior() -> None:
    design_CP = np.array(
        [[1, 0, -1, 0, 1], [1, 0, 0, -1, 1], [0, 1, -1, 0, 1], [0, 1, 0, -1, 1]], dtype=float
    )
    games_C = np.array([10.0, 20.0, 30.0, 5.0])
    wins_C = np.array([9.0, 4.0, 30.0, 0.0])
    precision_P = np.array([1, 1, 1, 1, PRIOR_SD_OF_TABLE**-2])

    def loss(theta_P: Floats) -> float:
        chance_C = expit(design_CP @ theta_P)
        likelihood = wins_C * np.log(chance_C) + (games_C - wins_C) * np.log1p(-chance_C)
        return float(0.5 * (precision_P * theta_P**2).sum() - likelihood.sum())

    expected_P = minimize(loss, np.zeros(5), tol=1e-10).x
    found_P = fit(design_CP, games_C[None], wins_C[None])[0]
    np.testing.assert_allclose(found_P, expected_P, atol=1e-4)


def test_a_side_that_wins_everything_keeps_finite_ratings() -> None:
    ratings = rate(list(records_of("ab", 50, lambda *_: True)), "ab", seed=1)
    assert 3 < ratings.table.value < 20
    assert ratings.good["a"].theta.value == pytest.approx(ratings.good["b"].theta.value)


def test_openskill_is_the_librarys_own_rating_by_side() -> None:
    (record,) = [game for game in records_of("ab", 1, lambda *_: True) if game.lineup == "good=a,evil=b"]
    skill = open_skill([record], ["a", "b"])
    model = PlackettLuce()
    (winner,), (loser,) = model.rate([[model.rating()], [model.rating()]])
    assert (skill["a", Side.GOOD].mu, skill["a", Side.GOOD].sigma) == (winner.mu, winner.sigma)
    assert (skill["b", Side.EVIL].mu, skill["b", Side.EVIL].sigma) == (loser.mu, loser.sigma)
    assert skill["a", Side.EVIL].mu == skill["b", Side.GOOD].mu == 25


def test_openskill_orders_planted_strengths() -> None:
    skill = open_skill(planted(150, 3), list(GOOD))
    for side, truth in ((Side.GOOD, GOOD), (Side.EVIL, EVIL)):
        means = {agent: skill[agent, side].mu for agent in truth}
        assert means["detective"] > means["liar"] if side is Side.GOOD else means["liar"] > means["detective"]
