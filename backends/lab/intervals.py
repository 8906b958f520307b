"""Means with their 95 % intervals over few runs, by Student's t."""

from collections.abc import Sequence
from statistics import fmean, stdev

from scipy.stats import t


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean and the half-width of its 95 % interval. Needs at least two values."""
    if len(values) < 2:
        raise ValueError("One value has no spread; run more seeds.")
    quantile = float(t.ppf(0.975, len(values) - 1))
    return fmean(values), quantile * stdev(values) / len(values) ** 0.5


def paired_interval(values: Sequence[float], baseline: Sequence[float]) -> tuple[float, float]:
    """The mean difference of runs that share a seed, and the half-width of its interval."""
    return mean_interval([value - other for value, other in zip(values, baseline, strict=True)])
