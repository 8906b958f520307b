"""Stratified bootstrap intervals: runs are drawn anew within each task, tasks stay."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backends.rl.evaluation.aggregates import (
    AGGREGATES,
    Aggregate,
    Scores,
    probability_of_improvement,
    score_matrix,
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def estimate(scores: ArrayLike, aggregate: Aggregate, *, draws: int = 2000, seed: int = 0) -> Estimate:
    """An aggregate of the runs with its percentile interval."""
    matrix = score_matrix(scores)
    chance = np.random.default_rng(seed)
    found = [aggregate(_drawn(matrix, chance)) for _ in range(draws)]
    return _between(aggregate(matrix), found)


def estimate_difference(
    scores: ArrayLike,
    others: ArrayLike,
    aggregate: Aggregate,
    *,
    paired: bool = False,
    draws: int = 2000,
    seed: int = 0,
) -> Estimate:
    """How much an aggregate is higher for the first runs than for the others.

    `paired` draws the same runs of both, for runs that share a seed.

    Raises:
        ValueError: Paired runs are not of one shape.
    """
    ours, theirs = score_matrix(scores), score_matrix(others)
    if paired and ours.shape != theirs.shape:
        raise ValueError("Paired runs come in equal numbers.")
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        rows = chance.integers(len(ours), size=ours.shape)
        again = rows if paired else chance.integers(len(theirs), size=theirs.shape)
        found.append(aggregate(_rows(ours, rows)) - aggregate(_rows(theirs, again)))
    return _between(aggregate(ours) - aggregate(theirs), found)


def estimate_improvement(
    scores: ArrayLike, others: ArrayLike, *, draws: int = 1000, seed: int = 0
) -> Estimate:
    """The probability of improvement over the others, with its interval."""
    ours, theirs = score_matrix(scores), score_matrix(others)
    chance = np.random.default_rng(seed)
    found = [probability_of_improvement(_drawn(ours, chance), _drawn(theirs, chance)) for _ in range(draws)]
    return _between(probability_of_improvement(ours, theirs), found)


def all_estimates(
    scores: ArrayLike, *, draws: int = 2000, seed: int = 0, aggregates: Mapping[str, Aggregate] = AGGREGATES
) -> dict[str, Estimate]:
    """Every aggregate by its name."""
    return {name: estimate(scores, found, draws=draws, seed=seed) for name, found in aggregates.items()}


def _drawn(scores: Scores, chance: np.random.Generator) -> Scores:
    return _rows(scores, chance.integers(len(scores), size=scores.shape))


_Rows = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def _rows(scores: Scores, rows: _Rows) -> Scores:
    return np.take_along_axis(scores, rows, axis=0)


def _between(value: float, found: list[float]) -> Estimate:
    low, high = np.quantile(found, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
