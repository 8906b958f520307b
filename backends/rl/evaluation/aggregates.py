"""Aggregates of normalised scores over runs and tasks (Agarwal et al., NeurIPS 2021), in numpy.

The library of the paper, rliable, cannot be imported beside pandas 3, through one that it depends on; the
tests compare with its aggregate functions, which can. A score of 1 is the reference (a human, an expert).
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import mannwhitneyu

Scores = NDArray[np.float64]
"""A row a run, a column a task."""
Aggregate = Callable[[Scores], float]


def score_matrix(scores: ArrayLike) -> Scores:
    """Scores as runs by tasks; a plain list is the runs of one task.

    Raises:
        ValueError: There is no score, a score is not finite, or tasks have different numbers of runs.
    """
    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError("Scores are a table of runs by tasks with at least one of each.")
    if not np.isfinite(matrix).all():
        raise ValueError("A score is not finite; a run that failed has to be said, not averaged.")
    return matrix


def mean(scores: Scores) -> float:
    """The mean of the tasks' means."""
    return float(scores.mean(axis=0).mean())


def median(scores: Scores) -> float:
    """The median of the tasks' means."""
    return float(np.median(scores.mean(axis=0)))


def interquartile_mean(scores: Scores) -> float:
    """The mean of the middle half of all runs of all tasks.

    As scipy's trimmed mean, the quarter that is cut on each side is rounded down to whole runs.
    """
    ordered = np.sort(scores, axis=None)
    cut = int(0.25 * ordered.size)
    return float(ordered[cut : ordered.size - cut].mean())


def optimality_gap(scores: Scores, goal: float = 1.0) -> float:
    """By how much runs fall short of a goal on average; what exceeds it counts for nothing."""
    return float(goal - np.minimum(scores, goal).mean())


AGGREGATES: Mapping[str, Aggregate] = {
    "mean": mean,
    "median": median,
    "iqm": interquartile_mean,
    "optimality_gap": optimality_gap,
}


def probability_of_improvement(scores: Scores, others: Scores) -> float:
    """How probably a run of ours is better than one of the others, on a task drawn at random; ties are half.

    Raises:
        ValueError: The two do not have the same tasks.
    """
    if scores.shape[1] != others.shape[1]:
        raise ValueError("Only scores of the same tasks can be compared.")
    wins = [
        mannwhitneyu(scores[:, task], others[:, task]).statistic / (len(scores) * len(others))
        for task in range(scores.shape[1])
    ]
    return float(np.mean(wins))
