"""Batches of shuffled examples, for those who only say what a batch of some examples is."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from backends.lab.batches import Batch, Shuffled


@dataclass(frozen=True, slots=True)
class ShuffledBatches:
    """Every epoch shows every example once; `make` takes the examples of a batch and the batch's number."""

    order: Shuffled
    num_batches: int
    make: Callable[[Tensor, int], Batch]

    def __len__(self) -> int:
        return self.num_batches

    def __getitem__(self, number: int) -> Batch:
        return self.make(self.order.indices(number), number)
