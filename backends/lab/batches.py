"""The data of a run as batches by number.

A batch is a pure function of its number: the order, the views and the noise follow from a seed and the
number alone. So a resumed run sees the batches that it would have seen, at any number of loader processes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

Batch = Mapping[str, Tensor]


class Batches(Protocol):
    """All batches of a run, in order."""

    def __len__(self) -> int:
        """How many there are in the whole run."""
        ...

    def __getitem__(self, number: int) -> Batch:
        """The batch of this number, made anew."""
        ...


def generator_for(seed: int, *numbers: int) -> Generator:
    """A random stream of its own for a batch, an epoch, a view: by a seed and what numbers it."""
    mixed = seed
    for number in numbers:
        # SplitMix64's step: near numbers give unrelated streams.
        mixed = (mixed * 0x9E3779B97F4A7C15 + number + 1) & (2**64 - 1)
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        mixed ^= mixed >> 27
    return Generator().manual_seed(mixed & (2**63 - 1))


@dataclass(frozen=True, slots=True)
class Shuffled:
    """Which examples are in which batch: every epoch in a new order, the last part batch left out."""

    num_examples: int
    batch_size: int
    seed: int

    @property
    def per_epoch(self) -> int:
        return max(self.num_examples // self.batch_size, 1)

    def indices(self, number: int) -> Tensor:
        """The examples of a batch; fewer than `batch_size` only where there are not as many."""
        epoch, place = divmod(number, self.per_epoch)
        order = torch.randperm(self.num_examples, generator=generator_for(self.seed, epoch))
        return order[place * self.batch_size : (place + 1) * self.batch_size]


class _Numbered(Dataset[Batch]):
    def __init__(self, batches: Batches, numbers: range) -> None:
        self._batches = batches
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: int) -> Batch:
        return self._batches[self._numbers[place]]


def stream(batches: Batches, numbers: range, workers: int) -> Iterator[Batch]:
    """The batches of these numbers in order, made here or ahead of time by `workers` processes."""
    if workers == 0:
        yield from (batches[number] for number in numbers)
        return
    # A generator of its own: the loader draws from it, and must not disturb the run's stream.
    yield from DataLoader(
        _Numbered(batches, numbers),
        batch_size=None,
        num_workers=workers,
        generator=Generator(),
        pin_memory=torch.cuda.is_available(),
    )
