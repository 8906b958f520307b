"""Aggregates agree with the paper's library and with plain reasoning; intervals cover what they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.rl.evaluation.aggregates import (
    interquartile_mean,
    mean,
    median,
    optimality_gap,
    probability_of_improvement,
    score_matrix,
)
from backends.rl.evaluation.bootstrap import (
    all_estimates,
    estimate,
    estimate_difference,
    estimate_improvement,
)


def drawn(runs: int, tasks: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0.5, 1.0, (runs, tasks))


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 9), st.integers(1, 7), st.integers(0, 1000))
def test_the_interquartile_mean_is_scipys_trimmed_mean(runs: int, tasks: int, seed: int) -> None:
    from scipy.stats import trim_mean

    scores = drawn(runs, tasks, seed)
    assert interquartile_mean(scores) == pytest.approx(trim_mean(scores, 0.25, axis=None))


def test_the_aggregates_of_a_table_made_by_hand() -> None:
    scores = score_matrix([[0.0, 2.0], [1.0, 4.0]])
    assert mean(scores) == 1.75
    assert median(scores) == 1.75
    assert interquartile_mean(scores) == 1.5
    assert optimality_gap(scores) == 0.25
    assert optimality_gap(scores, goal=2.0) == pytest.approx(2 - 5 / 4)


def test_they_agree_with_the_papers_library() -> None:
    theirs = pytest.importorskip("rliable.metrics")
    scores = drawn(5, 6, 3)
    assert mean(scores) == pytest.approx(theirs.aggregate_mean(scores))
    assert median(scores) == pytest.approx(theirs.aggregate_median(scores))
    assert interquartile_mean(scores) == pytest.approx(theirs.aggregate_iqm(scores))
    assert optimality_gap(scores) == pytest.approx(theirs.aggregate_optimality_gap(scores, 1))
    others = drawn(4, 6, 4)
    assert probability_of_improvement(scores, others) == pytest.approx(
        theirs.probability_of_improvement(scores, others)
    )


def test_what_is_always_better_improves_with_certainty_and_a_twin_in_half_the_cases() -> None:
    scores = drawn(6, 3, 0)
    assert probability_of_improvement(scores + 100, scores) == 1.0
    assert probability_of_improvement(scores, scores) == pytest.approx(0.5)


def test_an_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(200):
        found = estimate(drawn(10, 4, seed), mean, draws=200, seed=seed)
        covered += found.low <= 0.5 <= found.high
    # The percentile bootstrap of ten runs is a little narrow: about 0.92 of 0.95.
    assert 0.85 <= covered / 200 <= 0.99


def test_pairing_removes_what_the_runs_share() -> None:
    scores = drawn(8, 3, 1)
    paired = estimate_difference(scores + 0.1, scores, mean, paired=True, draws=200)
    apart = estimate_difference(scores + 0.1, scores, mean, draws=200)
    assert paired.low == pytest.approx(0.1) and paired.high == pytest.approx(0.1)
    assert apart.low < 0 < apart.high


def test_a_bootstrap_is_a_function_of_its_seed_and_names_all_aggregates() -> None:
    scores = drawn(5, 2, 0)
    assert all_estimates(scores, draws=50) == all_estimates(scores, draws=50)
    assert set(all_estimates(scores, draws=10)) == {"mean", "median", "iqm", "optimality_gap"}
    assert estimate_improvement(scores + 9, scores, draws=20).low == 1.0


@pytest.mark.parametrize(
    ("scores", "told"), [([], "at least one"), ([[1.0, float("nan")]], "not finite"), (3.0, "table")]
)
def test_scores_that_mean_nothing_are_refused(scores: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        score_matrix(scores)  # type: ignore[arg-type]


def test_pairs_of_unequal_numbers_and_other_tasks_are_refused() -> None:
    with pytest.raises(ValueError, match="equal numbers"):
        estimate_difference(drawn(3, 2, 0), drawn(4, 2, 0), mean, paired=True)
    with pytest.raises(ValueError, match="same tasks"):
        probability_of_improvement(drawn(3, 2, 0), drawn(3, 1, 0))
