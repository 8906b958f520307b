"""When values will crash, from how they have grown.

Once the directions of weights and gradients have frozen, the values of a ReLU network of L linear layers
under plain gradient descent follow |Q| ~ (1 - C t)^(-L/(2L-2)) (arXiv 2310.04411, theorem 3; that of two
layers is also seen in our maze). So |Q| to the power -(2L-2)/L falls along a line, which meets zero at the
crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backends.rl.divergence.self_excitation import SelfExcitation


@dataclass(frozen=True, slots=True)
class Forecast:
    """A straight line through powers of |Q|: `crash` is where it meets zero, None if it does not fall.

    `straightness` is the line's R squared.
    """

    crash: float | None
    straightness: float


def decay_power(layers: int) -> float:
    """The power of |Q| that falls along a line for a network of so many linear layers."""
    if layers < 2:
        raise ValueError("The law holds for two linear layers or more.")
    return (2 * layers - 2) / layers


def forecast_crash(steps: Sequence[int], values: Sequence[float], layers: int = 2) -> Forecast:
    """Fit the law to positive values at some steps.

    Raises:
        ValueError: There are fewer than three, or one is not positive and finite.
    """
    x = np.asarray(steps, dtype=np.float64)
    q = np.asarray(values, dtype=np.float64)
    if len(x) < 3 or len(x) != len(q):
        raise ValueError("A line needs three steps or more, with a value each.")
    if not (np.isfinite(q).all() and (q > 0).all()):
        raise ValueError("The law is of magnitudes: positive and finite.")
    y = q ** -decay_power(layers)
    slope, height = np.polyfit(x, y, 1)
    spread = float(((y - y.mean()) ** 2).sum())
    rest = float(((y - (slope * x + height)) ** 2).sum())
    straightness = 1 - rest / spread if spread > 0 else 0.0
    return Forecast(float(-height / slope) if slope < 0 else None, straightness)


def steps_left(measured: SelfExcitation, rate: float, layers: int = 2) -> float | None:
    """How many steps of plain gradient descent are left, from the measure alone; None if it does not diverge.

    The law's growth rate d log|Q| / dt = L/(2L-2) C/(1 - C t) equals the measure's, and the crash is where
    1 - C t is zero.
    """
    if not measured.diverges:
        return None
    return 1 / (decay_power(layers) * measured.growth(rate))
