"""Draws in proportion to priorities, from a tree of sums (prioritised replay, Schaul et al. 2016)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class SumTree:
    """Weights of places, kept as sums of pairs up to the root: a draw and a change take a step a level."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._leaves = 1 << max(size - 1, 1).bit_length()
        self._sums = np.zeros(2 * self._leaves)

    @property
    def total(self) -> float:
        return float(self._sums[1])

    def weights(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """The weights of places."""
        return self._sums[self._leaves + places]

    def put(self, places: NDArray[np.int64], weights: NDArray[np.float64]) -> None:
        """Change weights; of a place named twice the last weight counts."""
        nodes = self._leaves + places
        self._sums[nodes] = weights
        while nodes[0] > 1:
            nodes = np.unique(nodes // 2)
            self._sums[nodes] = self._sums[2 * nodes] + self._sums[2 * nodes + 1]

    def draw(self, number: int) -> NDArray[np.int64]:
        """Places in proportion to their weights, from torch's own random stream.

        Raises:
            ValueError: All weights are 0.
        """
        if self.total <= 0:
            raise ValueError("There is nothing to draw: every weight is 0.")
        left = torch.rand(number, dtype=torch.float64).numpy() * self.total
        nodes = np.ones(number, np.int64)
        while nodes[0] < self._leaves:
            nodes = 2 * nodes
            below = self._sums[nodes]
            goes_right = (left >= below) & (self._sums[nodes + 1] > 0)
            left = np.where(goes_right, left - below, left)
            nodes = nodes + goes_right
        return nodes - self._leaves

    def state(self) -> Tensor:
        """The weights of all places."""
        return torch.from_numpy(self._sums[self._leaves : self._leaves + self.size].copy())

    def restore(self, state: Tensor) -> None:
        """Take weights back."""
        self.put(np.arange(self.size), state.numpy())


class Priorities:
    """Which steps of a ring of steps are drawn, and how much each draw counts.

    A step's weight is its priority to the power `alpha`; a new step has priority 1. Steps too near to the
    ring's seam to have a whole window around them have weight 0 until they do.
    """

    def __init__(self, capacity: int, before: int, after: int, alpha: float) -> None:
        self.capacity = capacity
        self.before = before
        self.after = after
        self.alpha = alpha
        self._tree = SumTree(capacity)

    def append(self, count: int) -> None:
        """Hear that `count` steps have been kept in all, one more than before."""
        newest = count - 1
        ready = newest - self.after
        if ready >= self.before:
            self._put(ready, 1.0)
        if count > self.capacity:
            # The oldest step kept has lost the step before it.
            self._put(count - self.capacity + self.before - 1, 0.0)

    def draw(self, number: int, count: int, beta: float) -> tuple[Tensor, Tensor]:
        """The numbers of steps, and weights that undo the unevenness to the power `beta`, at most 1."""
        places = self._tree.draw(number)
        weights = self._tree.weights(places) ** -beta
        newest = count - 1
        steps = newest - (newest - places) % self.capacity
        return torch.from_numpy(steps), torch.from_numpy(weights / weights.max()).float()

    def update(self, steps: Tensor, priorities: Tensor) -> None:
        """Give drawn steps new priorities."""
        places = steps.numpy() % self.capacity
        self._tree.put(places, priorities.double().numpy() ** self.alpha)

    def state(self) -> Mapping[str, Any]:
        """What a checkpoint keeps."""
        return {"weights": self._tree.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a checkpoint's weights."""
        self._tree.restore(state["weights"])

    def _put(self, step: int, weight: float) -> None:
        self._tree.put(np.array([step % self.capacity]), np.array([weight]))
