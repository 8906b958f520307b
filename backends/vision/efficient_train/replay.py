"""The replay buffer of EfficientTrain++: pictures that were prepared once are shown several times.

Where pictures are small, the network is soon done and waits for whoever prepares them. So in early segments
each batch has one part of fresh pictures and the rest is drawn from batches that were prepared before. Here
the buffer is a memory of what can be made again: which pieces a batch is drawn from follows from its number,
so a resumed run sees the batches that it would have seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.lab.batches import Batch, Shuffled, generator_for
from backends.vision.efficient_train.batches import CurriculumBatches

_MOST_PIECES = 32  # of a prepared batch; the buffer is drawn from piece by piece


@dataclass(frozen=True, slots=True)
class Replay:
    """Each prepared picture is shown `times` times on average, from the last `capacity` batches."""

    times: int
    capacity: int


RELEASED = (Replay(4, 1920),) * 2 + (Replay(2, 256),) * 4 + (Replay(1, 1),) * 4
"""For the ten segments of EfficientTrain++."""


class ReplayedBatches:
    """The batches of a curriculum with a replay for each segment; a buffer never outlives its segment.

    Raises:
        ValueError: Segments and replays differ in number, or a replay does not share a batch evenly.
    """

    def __init__(self, source: CurriculumBatches, replays: Sequence[Replay]) -> None:
        if len(replays) != len(source.curriculum.segments):
            raise ValueError(
                f"There are {len(source.curriculum.segments)} segments and {len(replays)} replays."
            )
        size = source.order.batch_size
        if uneven := [replay.times for replay in replays if size % replay.times]:
            raise ValueError(f"A batch of {size} cannot have one fresh part in {uneven[0]}.")
        self._source = source
        self._replays = tuple(replays)
        self._kept: dict[int, Batch] = {}

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, number: int) -> Batch:
        replay, begin = self._at(number)
        if replay.times == 1:
            self._kept.clear()
            return self._source[number]
        oldest = max(begin, number - replay.capacity + 1)
        self._kept = {step: batch for step, batch in self._kept.items() if step >= oldest}
        fresh = self._fresh(number, replay)
        self._kept[number] = _halved(fresh)
        pieces = math.gcd(len(fresh["label"]), _MOST_PIECES)
        chance = generator_for(self._source.order.seed, number, 3)
        count = (replay.times - 1) * pieces
        steps = torch.randint(oldest, number + 1, (count,), generator=chance).tolist()
        places = torch.randint(pieces, (count,), generator=chance).tolist()
        drawn = [self._piece(step, place, pieces, replay) for step, place in zip(steps, places, strict=True)]
        return {
            name: torch.cat([value, *(piece[name].to(value.dtype) for piece in drawn)])
            for name, value in fresh.items()
        }

    @property
    def num_kept(self) -> int:
        """Prepared batches in the buffer."""
        return len(self._kept)

    def _at(self, number: int) -> tuple[Replay, int]:
        """The replay of a step, and where its segment begins."""
        begin = 0
        for segment, replay in zip(self._source.curriculum.segments, self._replays, strict=True):
            if number < begin + segment.steps:
                return replay, begin
            begin += segment.steps
        raise IndexError(f"There is no batch {number}; there are {len(self)}.")

    def _fresh(self, number: int, replay: Replay) -> Batch:
        """The pictures of a step that are prepared for it."""
        order = self._source.order
        own = Shuffled(order.num_examples, order.batch_size // replay.times, order.seed)
        return self._source.prepared(own.indices(number), number)

    def _piece(self, step: int, place: int, pieces: int, replay: Replay) -> dict[str, Tensor]:
        if step not in self._kept:  # a run that goes on has lost what it had prepared
            self._kept[step] = _halved(self._fresh(step, replay))
        return {name: value.chunk(pieces)[place] for name, value in self._kept[step].items()}


def _halved(batch: Batch) -> Batch:
    """In half precision, as released, so that twice as much is kept."""
    return {name: value.half() if value.is_floating_point() else value for name, value in batch.items()}
