"""The batches of a curriculum: pictures at full size, augmented, then cut to what the segment shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.lab.batches import Batch, Shuffled, generator_for
from backends.lab.readers.images import LabelledImages
from backends.vision.efficient_train.curriculum import Curriculum
from backends.vision.efficient_train.frequency import crop_frequencies, crop_high_frequencies, resize_down
from backends.vision.efficient_train.spec import Crop

CROPS: Mapping[Crop, Callable[[Tensor, int], Tensor]] = {
    "fft": crop_frequencies,
    "resize": resize_down,
    "high": crop_high_frequencies,
}
_SHIFT = 8  # a random crop may shift a picture by an eighth of its side


@dataclass(frozen=True, slots=True, kw_only=True)
class CurriculumBatches:
    """Every epoch shows every picture, whatever its size is by then."""

    data: LabelledImages
    curriculum: Curriculum
    order: Shuffled
    crop: Crop
    accumulate: int = 1

    def __len__(self) -> int:
        return self.curriculum.num_steps * self.accumulate

    def __getitem__(self, number: int) -> Batch:
        return self.prepared(self.order.indices(number), number)

    def prepared(self, indices: Tensor, number: int) -> Batch:
        """These pictures as the batch of this number shows them."""
        step = number // self.accumulate
        side = self.curriculum.full_side
        pictures = _shifted(self.data.load(indices, side), generator_for(self.order.seed, number, 1))
        if (magnitude := self.curriculum.magnitude_at(step)) > 0:
            seed = int(generator_for(self.order.seed, number, 2).initial_seed())
            pictures = _augmented(pictures, magnitude, seed)
        small = CROPS[self.crop](pictures, self.curriculum.segment_at(step).side)
        return {"image": normalised(small), "label": self.data.labels[indices]}


def normalised(pictures: Tensor) -> Tensor:
    """Pictures from 0 to 1, brought around zero."""
    return (pictures - 0.5) / 0.25


def _shifted(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """A crop of the same side from a picture with repeated edges."""
    side = pictures.shape[-1]
    pad = side // _SHIFT
    padded = torch.nn.functional.pad(pictures, (pad, pad, pad, pad), mode="replicate")
    top, left = torch.randint(2 * pad + 1, (2, len(pictures)), generator=chance)
    rows = top[:, None] + torch.arange(side)
    columns = left[:, None] + torch.arange(side)
    picture = torch.arange(len(pictures))[:, None, None]
    return padded.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _augmented(pictures: Tensor, magnitude: float, seed: int) -> Tensor:
    """RandAugment, each picture by itself, in a random stream of its own."""
    from torchvision.transforms import v2  # takes seconds to import, and small runs do not augment

    augment = v2.RandAugment(magnitude=round(magnitude))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.stack([augment(picture) for picture in pictures])
