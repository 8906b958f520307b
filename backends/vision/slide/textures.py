"""Pictures of stripes, whose class is their direction and width: what a neighbourhood shows, not a pixel.

The phase changes from block to block at random, so that no place of a picture tells anything by itself.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

DIRECTIONS = 4
WAVELENGTHS = (3.0, 5.0)
NUM_CLASSES = DIRECTIONS * len(WAVELENGTHS)

_BLOCK = 8  # pixels of a side over which the phase stays
_JITTER = math.radians(8)
_NOISE = 2.0


def make_textures(count: int, side: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw `count` textures, N x 3 x side x side around zero, and their classes."""
    chance = Generator().manual_seed(seed)
    labels = torch.randperm(count, generator=chance) % NUM_CLASSES
    jitter = _JITTER * (2 * torch.rand(count, 1, 1, generator=chance) - 1)
    angle = (labels % DIRECTIONS)[:, None, None] * (math.pi / DIRECTIONS) + jitter
    wavelength = torch.tensor(WAVELENGTHS)[labels // DIRECTIONS][:, None, None]
    blocks = math.ceil(side / _BLOCK)
    phases = 2 * math.pi * torch.rand(count, 1, blocks, blocks, generator=chance)
    phase = functional.interpolate(phases, scale_factor=_BLOCK, mode="nearest")[:, 0, :side, :side]
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    along = columns * angle.cos() + rows * angle.sin()
    stripes = torch.sin(2 * math.pi * along / wavelength + phase)[:, None].expand(-1, 3, -1, -1)
    return stripes + _NOISE * torch.randn(stripes.shape, generator=chance), labels
