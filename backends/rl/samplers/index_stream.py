"""Indices of batches by number: a resumed run draws what it would have drawn, at any priorities."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backends.lab.batches import generator_for

_CHUNK = 1000  # batches drawn at once: one search through all priorities would cost more than a step


@dataclass(kw_only=True)
class IndexStream:
    """Batches of indices below `size`, in proportion to `weights` if there are some.

    `stream` parts the streams of one run, so that the policy's batches are not the values'.
    """

    size: int
    batch_size: int
    seed: int
    stream: int = 0
    weights: NDArray[np.float64] | None = None
    device: Literal["cpu", "cuda"] = "cpu"
    _chunk: int = field(default=-1, init=False, repr=False)
    _drawn: Tensor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.weights is not None:
            if self.weights.shape != (self.size,):
                raise ValueError(f"{self.weights.shape} weights for {self.size} transitions")
            self._until = torch.from_numpy(np.cumsum(self.weights))

    def __getitem__(self, number: int) -> Tensor:
        """The indices of the batch of this number."""
        chunk, place = divmod(number, _CHUNK)
        if chunk != self._chunk:
            self._drawn = self._draw(chunk).to(self.device)
            self._chunk = chunk
        return self._drawn[place]

    def _draw(self, chunk: int) -> Tensor:
        chance = generator_for(self.seed, self.stream, chunk)
        shape = (_CHUNK, self.batch_size)
        if self.weights is None:
            return torch.randint(self.size, shape, generator=chance)
        points = torch.rand(shape, generator=chance, dtype=torch.float64) * self._until[-1]
        return torch.searchsorted(self._until, points, right=True).clamp_(max=self.size - 1)
