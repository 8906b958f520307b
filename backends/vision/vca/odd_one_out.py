"""The world of odd ones out: 4 x 4 cells with one texture, but for one cell, whose texture is the class."""

import math

import torch
from torch import Tensor

from backends.lab.batches import generator_for
from backends.lab.readers.images import ArrayImages, ImageSplit

CELLS, SIDE = 4, 8
TEXTURES = ("rows", "columns", "rising", "falling")
_TRAIN, _TEST = 4000, 400


def odd_one_out(seed: int) -> ImageSplit:
    """Draw a training and a test set."""
    return ImageSplit(draw(_TRAIN, seed, 0), draw(_TEST, seed, 1))


def draw(count: int, *seeds: int) -> ArrayImages:
    """Draw pictures of 32 pixels a side: the common texture, the odd cell and its texture at random."""
    chance = generator_for(*seeds)
    labels = torch.randint(len(TEXTURES), (count,), generator=chance)
    other = torch.randint(1, len(TEXTURES), (count,), generator=chance)
    common = (labels + other) % len(TEXTURES)
    odd = torch.randint(CELLS * CELLS, (count,), generator=chance)
    which = common[:, None].repeat(1, CELLS * CELLS)
    which[torch.arange(count), odd] = labels
    cells = _stripes(which) + 0.2 * torch.randn(count, CELLS * CELLS, SIDE, SIDE, generator=chance)
    grid = cells.view(count, CELLS, CELLS, SIDE, SIDE).permute(0, 1, 3, 2, 4).flatten(3, 4).flatten(1, 2)
    bytes_NHW = (grid.clamp(0, 1) * 255).round().to(torch.uint8)
    return ArrayImages(bytes_NHW[:, None].repeat(1, 3, 1, 1), labels, TEXTURES)


def _stripes(which: Tensor) -> Tensor:
    """Cells (N x cells x side x side) of stripes along rows, columns and the two diagonals."""
    down, across = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    along = torch.stack([down, across, down + across, down - across])[which]
    return 0.5 + 0.4 * torch.sin(2 * math.pi * along / 4)
