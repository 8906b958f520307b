"""From a picture to the tensors that an encoder takes: planned, cut and normalised, nothing padded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from backends.vision.llava_uhd.cutting import cut
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.planner import SlicePlan


@dataclass(frozen=True, slots=True)
class PixelStatistics:
    """What pixels from 0 to 1 are normalised by, for red, green and blue."""

    mean: tuple[float, float, float]
    spread: tuple[float, float, float]

    def normalised(self, image: Image.Image) -> Tensor:
        """An RGB picture as (3, height, width)."""
        values = torch.from_numpy(np.asarray(image, dtype=np.float32) / 255).permute(2, 0, 1)
        mean, spread = (torch.tensor(three)[:, None, None] for three in (self.mean, self.spread))
        return (values - mean) / spread


CLIP_PIXELS = PixelStatistics((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
SIGLIP_PIXELS = PixelStatistics((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass(frozen=True, slots=True)
class PlannedPicture:
    """A plan and the pixels of its pieces, each (3, height, width), in the order in which they are read.

    Raises `ModelError` where they are not the plan's.
    """

    plan: SlicePlan
    pieces: Sequence[Tensor]

    def __post_init__(self) -> None:
        wanted = [piece.size for piece in self.plan.pieces]
        given = [(piece.shape[-1], piece.shape[-2]) for piece in self.pieces]
        if wanted != given:
            raise ModelError(f"The plan wants pieces of {wanted} pixels, but they have {given}.")


def planned_picture(
    image: Image.Image, plan: SlicePlan, statistics: PixelStatistics = CLIP_PIXELS
) -> PlannedPicture:
    """Cut an RGB picture by its plan and normalise the pieces."""
    return PlannedPicture(plan, [statistics.normalised(piece) for _, piece in cut(image, plan)])
