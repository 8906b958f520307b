"""GFUCB exactly, for a finite class of representations.

GFUCB (NeurIPS 2022) keeps, in the space of functions of all tasks together, every f whose squared distance
to the least-squares fit on the data is at most β, and plays the arms of the most optimistic of them. With
finitely many representations the fit and the set are known in closed form: for each representation the heads
form an ellipsoid, whose size is what the representation's loss leaves of the budget β. The budget is one for
all tasks, which is where sharing enters.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from backends.rl.gfucb.tasks import Floats

Features = Callable[[Floats], Floats]

# Shape legend: N representations, M tasks, K arms, D numbers of an arm, R numbers of its features,
# G multipliers

_MULTIPLIERS_G = np.concatenate([[0.0], np.logspace(-3, 3, 25)])
_MOST_SWEEPS = 20


def theoretical_radius(noise: float, num_tasks: int, features: int, representations: int) -> float:
    """β as the theory orders it: noise² times the numbers in all heads plus the logarithm of the class."""
    return noise**2 * (num_tasks * features + math.log(representations))


class FiniteClassUcb:
    """The learner: `choose` arms for all tasks, then `learn` what they paid.

    Args:
        candidates: The class of representations; one alone makes this LinUCB.
        size: Numbers in their features.
        num_tasks: Tasks that share one of them.
        radius: β.
        ridge: λ of the ridge regression in every head.
    """

    def __init__(
        self,
        candidates: Sequence[Features],
        size: int,
        num_tasks: int,
        *,
        radius: float,
        ridge: float = 1.0,
    ) -> None:
        self._candidates = candidates
        self._radius = radius
        self._inverse_NMRR = np.tile(np.eye(size) / ridge, (len(candidates), num_tasks, 1, 1))
        self._sums_NMR = np.zeros((len(candidates), num_tasks, size))
        self._rewards_squared = 0.0

    @property
    def heads_NMR(self) -> Floats:
        """The ridge fit of every head under every representation."""
        heads: Floats = (self._inverse_NMRR @ self._sums_NMR[..., None])[..., 0]
        return heads

    @property
    def losses_N(self) -> Floats:
        """The joint ridge loss of each representation at its best heads."""
        losses: Floats = self._rewards_squared - np.einsum("nmr,nmr->n", self._sums_NMR, self.heads_NMR)
        return losses

    @property
    def slack_N(self) -> Floats:
        """What of β is left to the heads of each representation; below zero it is ruled out."""
        losses_N = self.losses_N
        slack: Floats = self._radius - (losses_N - losses_N.min())
        return slack

    @property
    def best_representation(self) -> int:
        """The one that fits best."""
        return int(self.losses_N.argmin())

    def contains(self, representation: int, heads_MR: Floats) -> bool:
        """Whether the confidence set holds this representation with these heads."""
        off_MR = heads_MR - self.heads_NMR[representation]
        counted_MRR = np.linalg.inv(self._inverse_NMRR[representation])
        distance = np.einsum("mr,mrs,ms->", off_MR, counted_MRR, off_MR)
        return bool(distance <= self.slack_N[representation])

    def choose(self, arms_MKD: Floats) -> NDArray[np.int64]:
        """An arm for every task, of the most optimistic function of the set."""
        return self.optimistic(arms_MKD)[0]

    def optimistic(self, arms_MKD: Floats) -> tuple[NDArray[np.int64], float]:
        """The arms and the value of max over f in the set and over arms of Σ f(arm).

        For a representation with slack B and chosen arms it is Σ φᵀŵ + √(B Σ φᵀA⁻¹φ): the tasks are tied by
        the sum under the root. Arms are found by a scan over its slope, then improved one task at a time
        until none helps; for one task that is exact.
        """
        features_NMKR = np.stack([candidate(arms_MKD) for candidate in self._candidates])
        means_NMK = (features_NMKR @ self.heads_NMR[..., None])[..., 0]
        widths_NMK = (features_NMKR @ self._inverse_NMRR * features_NMKR).sum(-1)
        slack_N = self.slack_N
        alive = np.flatnonzero(slack_N >= 0)
        arms_NM, value_N = most_optimistic(means_NMK[alive], widths_NMK[alive], slack_N[alive])
        winner = int(value_N.argmax())
        return arms_NM[winner], float(value_N[winner])

    def learn(self, arms_MD: Floats, rewards_M: Floats) -> None:
        """Take what the played arms paid."""
        features_NMR = np.stack([candidate(arms_MD) for candidate in self._candidates])
        # Sherman and Morrison's update of A⁻¹ by one row.
        gain_NMR = np.einsum("nmrs,nms->nmr", self._inverse_NMRR, features_NMR)
        scale_NM = 1.0 + np.einsum("nmr,nmr->nm", features_NMR, gain_NMR)
        self._inverse_NMRR -= gain_NMR[..., :, None] * gain_NMR[..., None, :] / scale_NM[..., None, None]
        self._sums_NMR += rewards_M[:, None] * features_NMR
        self._rewards_squared += float(rewards_M @ rewards_M)


def most_optimistic(
    means_NMK: Floats, widths_NMK: Floats, slack_N: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """For each representation the arms of the most optimistic heads within its slack, and their value."""
    best_N = np.full(len(slack_N), -np.inf)
    arms_NM = np.zeros(means_NMK.shape[:2], dtype=np.int64)
    for multiplier in _MULTIPLIERS_G:
        tried_NM = (means_NMK + multiplier * slack_N[:, None, None] * widths_NMK).argmax(-1)
        value_N = _value(means_NMK, widths_NMK, slack_N, tried_NM)
        better = value_N > best_N
        best_N[better], arms_NM[better] = value_N[better], tried_NM[better]
    for _ in range(_MOST_SWEEPS):
        if not _improve(means_NMK, widths_NMK, slack_N, arms_NM):
            break
    return arms_NM, _value(means_NMK, widths_NMK, slack_N, arms_NM)


def _value(means_NMK: Floats, widths_NMK: Floats, slack_N: Floats, arms_NM: NDArray[np.int64]) -> Floats:
    mean_N = np.take_along_axis(means_NMK, arms_NM[..., None], -1).sum((1, 2))
    width_N = np.take_along_axis(widths_NMK, arms_NM[..., None], -1).sum((1, 2))
    value: Floats = mean_N + np.sqrt(slack_N * width_N)
    return value


def _improve(means_NMK: Floats, widths_NMK: Floats, slack_N: Floats, arms_NM: NDArray[np.int64]) -> bool:
    """Change each task's arm to the best beside those of the others; whether any changed."""
    changed = False
    for task in range(arms_NM.shape[1]):
        width_N = np.take_along_axis(widths_NMK, arms_NM[..., None], -1)[..., 0].sum(1)
        own_N = np.take_along_axis(widths_NMK[:, task], arms_NM[:, task, None], -1)[:, 0]
        others_N1 = np.maximum(width_N - own_N, 0.0)[:, None]
        value_NK = means_NMK[:, task] + np.sqrt(slack_N[:, None] * (others_N1 + widths_NMK[:, task]))
        now_N = np.take_along_axis(value_NK, arms_NM[:, task, None], -1)[:, 0]
        better = value_NK.max(-1) > now_N + 1e-12
        arms_NM[better, task] = value_NK.argmax(-1)[better]
        changed = changed or bool(better.any())
    return changed
