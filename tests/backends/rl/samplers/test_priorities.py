"""Priorities are what the papers' formulas say, and drawing by them and weighing by them come to the same."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from backends.lab.errors import LabError
from backends.rl.oper.bandit import bandit, bandit_priorities
from backends.rl.samplers.advantages import iterate, mean_of, multiplied
from backends.rl.samplers.index_stream import IndexStream
from backends.rl.samplers.priorities import (
    Standardisation,
    effective_share,
    exponential,
    mean_one,
    standardised,
    towards,
)
from backends.rl.samplers.returns import return_priorities, reward_priorities
from backends.rl.transitions.store import TransitionStore, make_store

PUBLISHED = (2.69, 3.77, 4.39, 4.72, 4.89)


def episodes(returns: list[float], length: int = 3) -> TransitionStore:
    total = len(returns) * length
    return make_store(
        {
            "obs": np.zeros((total, 1)),
            "next_obs": np.zeros((total, 1)),
            "action": np.zeros((total, 1)),
            "reward": np.repeat(returns, length) / length,
            "terminal": np.arange(1, total + 1) % length == 0,
            "timeout": np.zeros(total),
        },
        name="episodes",
    )


def test_the_bandit_improves_as_the_authors_notebook_does() -> None:
    store = bandit(0)
    found = bandit_priorities(store, 5)
    returns = [float((weights * store.reward).mean()) for weights in found]
    assert returns == pytest.approx(PUBLISHED, abs=0.03)
    assert [float(weights.std()) for weights in found] == pytest.approx(
        [0.66, 1.11, 1.41, 1.58, 1.68], abs=0.02
    )
    shares = [effective_share(weights) for weights in found]
    assert shares == pytest.approx([0.70, 0.45, 0.33, 0.29, 0.26], abs=0.015)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=30, unique=True))
def test_one_iteration_orders_transitions_by_advantage_and_drops_the_lowest(advantages: list[int]) -> None:
    values = np.array(advantages, dtype=np.float64)
    weights = multiplied(np.ones(len(values)), values)
    assert weights.mean() == pytest.approx(1)
    assert spearmanr(weights, values).statistic == pytest.approx(1)
    assert (weights == 0).sum() == 1


def random_mdp(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    moves = chance.dirichlet(np.ones(10), (10, 4))
    return moves, chance.normal(size=(10, 4)), chance.dirichlet(np.ones(4), 10)


def test_weighing_by_advantage_never_makes_a_behaviour_worse() -> None:
    # The paper's lemma, by exact solution of random tabular problems.
    chance, discount = np.random.default_rng(0), 0.9

    def value(policy: np.ndarray) -> np.ndarray:
        reward = (policy * rewards).sum(1)
        kernel = np.einsum("sa,sat->st", policy, moves)
        return np.linalg.solve(np.eye(10) - discount * kernel, reward)

    for _ in range(200):
        moves, rewards, behaviour = random_mdp(chance)
        v = value(behaviour)
        advantage = rewards + discount * moves @ v - v[:, None]
        weighed = behaviour * (advantage - advantage.min())
        improved = value(weighed / weighed.sum(1, keepdims=True))
        assert (improved >= v - 1e-9).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.floats(0.01, 0.4))
def test_standardising_hits_the_wanted_deviation_where_nothing_is_cut(seed: int, sigma: float) -> None:
    weights = mean_one(np.random.default_rng(seed).random(200))
    found = standardised(weights, Standardisation(sigma, floor=0.0))
    assert found.mean() == pytest.approx(1) and found.std() == pytest.approx(sigma, rel=1e-6)
    cut = standardised(weights, Standardisation(3.0, floor=0.1))
    assert cut.min() > 0 and cut.mean() == pytest.approx(1)


def test_equal_weights_stay_equal_and_bad_ones_are_refused() -> None:
    np.testing.assert_array_equal(standardised(np.full(5, 3.0), Standardisation()), np.ones(5))
    for bad in (np.zeros(3), np.array([1.0, -1.0]), np.array([1.0, np.nan])):
        with pytest.raises(LabError, match="riorities"):
            mean_one(bad)


def test_the_other_forms_keep_the_mean_and_the_order() -> None:
    weights = mean_one(np.arange(1.0, 11.0))
    for found in (exponential(weights), towards(weights, 0.3)):
        assert found.mean() == pytest.approx(1) and (np.diff(found) > 0).all()
    np.testing.assert_array_equal(towards(weights, 0.0), np.ones(10))


def test_returns_give_shares_between_the_worst_and_the_best_episode() -> None:
    store = episodes([0.0, 5.0, 10.0])
    weights = return_priorities(store)
    assert weights is not None
    np.testing.assert_allclose(weights, np.repeat([0, 1, 2], 3), atol=1e-6)
    with_base = return_priorities(store, 0.2)
    assert with_base is not None and (with_base > 0).all()
    inverse = return_priorities(store, inverse=True)
    assert inverse is not None
    np.testing.assert_allclose(inverse, np.repeat([2, 1, 0], 3), atol=1e-6)


def test_one_return_leaves_nothing_to_prefer() -> None:
    assert return_priorities(episodes([4.0, 4.0])) is None
    assert return_priorities(episodes([4.0])) is None
    assert reward_priorities(episodes([4.0, 4.0])) is None


def test_the_iteration_stops_before_too_few_are_left() -> None:
    def one_stands_out(weights: np.ndarray, number: int) -> np.ndarray:
        return np.append(np.zeros(99), 1.0)

    assert iterate(np.ones(100), one_stands_out, 3) == []
    np.testing.assert_allclose(mean_of([np.array([0.5, 1.5]), np.array([1.5, 0.5])]), [1, 1])


def test_batches_are_functions_of_their_number_and_streams_differ() -> None:
    one = IndexStream(size=50, batch_size=8, seed=3)
    again = IndexStream(size=50, batch_size=8, seed=3)
    far = again[2500]
    torch.testing.assert_close(one[0], again[0])
    torch.testing.assert_close(one[2500], far)
    other = IndexStream(size=50, batch_size=8, seed=3, stream=1)
    assert not torch.equal(one[0], other[0])


def test_drawing_by_weights_and_weighing_uniform_draws_agree_in_expectation() -> None:
    chance = np.random.default_rng(0)
    weights, values = mean_one(chance.random(40)), chance.normal(size=40)
    drawn = IndexStream(size=40, batch_size=200, seed=0, weights=weights)
    uniform = IndexStream(size=40, batch_size=200, seed=1)
    resampled = np.array([values[drawn[number].numpy()].mean() for number in range(1000)])
    index = [uniform[number].numpy() for number in range(1000)]
    reweighed = np.array([(weights * values)[some].mean() for some in index])
    error = np.hypot(resampled.std(), reweighed.std()) / np.sqrt(1000)
    assert abs(resampled.mean() - reweighed.mean()) < 3 * error
    assert resampled.mean() == pytest.approx((weights * values).mean(), abs=3 * error)


def test_a_weight_of_zero_is_never_drawn_and_wrong_lengths_are_refused() -> None:
    weights = np.array([0.0, 1.0, 0.0, 3.0, 0.0])
    drawn = IndexStream(size=5, batch_size=1000, seed=0, weights=weights)[0]
    assert set(drawn.tolist()) == {1, 3}
    with pytest.raises(ValueError, match="weights for"):
        IndexStream(size=4, batch_size=1, seed=0, weights=weights)
