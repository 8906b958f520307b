"""Priorities of transitions: weights of mean one, and how OPER brings them to a wanted spread."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.lab.errors import LabError

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Standardisation:
    """The deviation that weights shall have, and where they are cut below; the mean weight is one."""

    sigma: float = 2.0
    floor: float = 0.1


def mean_one(weights: Weights) -> Weights:
    """Weights in the same proportions with mean one.

    Raises:
        LabError: One is negative or not finite, or all are zero.
    """
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise LabError("Priorities are not negative and finite; some of these are not.")
    mean = weights.mean()
    if mean == 0:
        raise LabError("All priorities are zero; nothing could be drawn.")
    scaled: Weights = weights / mean
    return scaled


def standardised(weights: Weights, wanted: Standardisation) -> Weights:
    """Move weights to mean one and the wanted deviation, cut them below, and bring the mean back to one.

    Equal weights stay equal: they have no spread to widen.
    """
    spread = weights.std()
    if spread <= 1e-12 * max(abs(weights.mean()), 1.0):
        return np.ones_like(weights)
    moved = 1 + (weights - weights.mean()) * (wanted.sigma / spread)
    return mean_one(np.maximum(moved, wanted.floor))


def exponential(weights: Weights, temperature: float = 1.0) -> Weights:
    """The other form of the released code: p in proportion to exp(temperature * w / mean |w|)."""
    scaled = temperature * weights / np.abs(weights).mean()
    return mean_one(np.exp(scaled - scaled.max()))


def towards(weights: Weights, share: float) -> Weights:
    """Priorities on the way from uniform (share 0) to the given ones (share 1): progressive balancing."""
    return (1 - share) + share * weights


def effective_share(weights: Weights) -> float:
    """The effective sample size, (sum w)^2 / sum w^2, as a share of all transitions."""
    return float(weights.sum() ** 2 / ((weights**2).sum() * len(weights)))
