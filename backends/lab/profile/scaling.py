"""How a model's cost grows with its input: points over resolutions and the exponents that fit them.

An exponent is over pixels (or tokens): 1 is linear, 2 is what full attention comes to in the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backends.lab.errors import LabError


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A model at pictures of `side` pixels."""

    side: int
    macs: int
    saved_bytes: int
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Points and the exponents of a power of the pixels, over all points and over the last two."""

    points: tuple[Point, ...]
    macs_exponent: float
    macs_exponent_at_end: float
    memory_exponent: float
    time_exponent: float
    time_exponent_at_end: float


def fit_scaling(points: Sequence[Point]) -> Scaling:
    """Fit exponents. Raises `LabError` for fewer than two sizes."""
    if len({point.side for point in points}) < 2:
        raise LabError("A curve needs at least two resolutions.")
    pixels = [point.side**2 for point in points]
    macs = [point.macs for point in points]
    times = [point.milliseconds for point in points]
    return Scaling(
        points=tuple(points),
        macs_exponent=exponent(pixels, macs),
        macs_exponent_at_end=exponent(pixels[-2:], macs[-2:]),
        memory_exponent=exponent(pixels, [point.saved_bytes for point in points]),
        time_exponent=exponent(pixels, times),
        time_exponent_at_end=exponent(pixels[-2:], times[-2:]),
    )


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of costs over sizes on logarithmic axes, by least squares."""
    return float(np.polyfit(np.log(np.asarray(sizes)), np.log(np.asarray(costs)), 1)[0])
