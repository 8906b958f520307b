"""Bandit tasks that share a representation: of random features, and of pictures of digits.

In every round each of the M tasks shows its own K arms, described by vectors. The mean reward of an arm is
linear, with a head of the task's own, in features that all tasks share.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Shape legend: M tasks, K arms, D numbers of an arm's description, H hidden units, R numbers of its features,
# P pictures, B arms in any arrangement


@dataclass(frozen=True, slots=True)
class Round:
    """What every task shows in a round, and what its arms pay on average, which only the judge knows."""

    arms_MKD: Floats
    means_MK: Floats


class BanditTasks(Protocol):
    """M bandits that are played side by side."""

    @property
    def num_tasks(self) -> int: ...

    @property
    def num_arms(self) -> int: ...

    @property
    def width(self) -> int:
        """Numbers in the description of an arm."""
        ...

    @property
    def noise(self) -> float:
        """Standard deviation of a reward about its mean."""
        ...

    def round(self, stream: np.random.Generator) -> Round:
        """The next arms."""
        ...


@dataclass(frozen=True, slots=True)
class ReluFeatures:
    """A random network of one hidden layer whose features have length one, so that ‖φ(x)‖ ≤ 1."""

    first_DH: Floats
    second_HR: Floats

    @classmethod
    def draw(cls, width: int, hidden: int, features: int, stream: np.random.Generator) -> "ReluFeatures":
        """A network with normal weights."""
        first = stream.normal(size=(width, hidden)) / np.sqrt(width)
        return cls(first, stream.normal(size=(hidden, features)) / np.sqrt(hidden))

    def __call__(self, arms_BD: Floats) -> Floats:
        raw = np.maximum(arms_BD @ self.first_DH, 0.0) @ self.second_HR
        # An arm that no hidden unit answers to has the zero vector, which has no direction.
        scaled: Floats = raw / np.maximum(np.linalg.norm(raw, axis=-1, keepdims=True), 1e-12)
        return scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFeatureTasks:
    """Bandits whose arms are normal vectors and whose rewards are linear in shared features."""

    features: ReluFeatures
    heads_MR: Floats
    num_arms: int
    noise: float

    @property
    def num_tasks(self) -> int:
        return len(self.heads_MR)

    @property
    def width(self) -> int:
        return len(self.features.first_DH)

    @classmethod
    def draw(
        cls,
        features: ReluFeatures,
        *,
        num_tasks: int,
        num_arms: int,
        noise: float,
        stream: np.random.Generator,
    ) -> "SharedFeatureTasks":
        """Tasks with normal heads, of mean square length R: the setting allows ‖w‖ ≤ √R."""
        heads = stream.normal(size=(num_tasks, features.second_HR.shape[1]))
        return cls(features=features, heads_MR=heads, num_arms=num_arms, noise=noise)

    def round(self, stream: np.random.Generator) -> Round:
        arms_MKD = stream.normal(size=(self.num_tasks, self.num_arms, self.width))
        return Round(arms_MKD, np.einsum("mkr,mr->mk", self.features(arms_MKD), self.heads_MR))


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitTasks:
    """Bandits whose arms are pictures of digits; each task pays by the digit, by a price list of its own."""

    pictures_PD: Floats
    digits_P: NDArray[np.int64]
    prices_MR: Floats
    num_arms: int
    noise: float

    @property
    def num_tasks(self) -> int:
        return len(self.prices_MR)

    @property
    def width(self) -> int:
        return int(self.pictures_PD.shape[1])

    @classmethod
    def draw(
        cls, *, num_tasks: int, num_arms: int, noise: float, stream: np.random.Generator
    ) -> "DigitTasks":
        """Tasks over scikit-learn's 8 x 8 digits, with normal prices."""
        from sklearn.datasets import load_digits

        pictures, digits = load_digits(return_X_y=True)
        return cls(
            pictures_PD=pictures / 16.0,
            digits_P=digits.astype(np.int64),
            prices_MR=stream.normal(size=(num_tasks, 10)),
            num_arms=num_arms,
            noise=noise,
        )

    def round(self, stream: np.random.Generator) -> Round:
        shown_MK = stream.integers(len(self.digits_P), size=(self.num_tasks, self.num_arms))
        means_MK = np.take_along_axis(self.prices_MR, self.digits_P[shown_MK], axis=1)
        return Round(self.pictures_PD[shown_MK], means_MK)
