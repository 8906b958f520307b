"""Pictures that carry a code of their own: what a colour means is shown in some cells and asked in others.

Each picture draws a random map from colours to labels. A cell of 2 x 2 pixels shows a colour in its left
column; in its right column a cell of the context shows the label, as a shade, and a cell that asks shows
grey. To answer, a model has to learn the picture's own map from its context.
"""

import torch
from torch import Generator, Tensor

NUM_COLOURS = 8
NUM_LABELS = 4
ASKS = 0.5
"""The share of cells that ask."""

CELL = 2  # pixels of a side
_NOTHING = -1  # the label of a cell that does not ask


def make_maps(count: int, side: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw `count` pictures, N x 3 x side x side around zero, and each cell's label, -1 unless it asks."""
    chance = Generator().manual_seed(seed)
    cells = side // CELL
    code = torch.randint(NUM_LABELS, (count, NUM_COLOURS), generator=chance)
    colours = torch.randint(NUM_COLOURS, (count, cells, cells), generator=chance)
    labels = code.gather(1, colours.flatten(1)).view_as(colours)
    asks = torch.rand(count, cells, cells, generator=chance) < ASKS
    # Colours are the corners of a cube, labels are shades from -2 to 2.
    bits = torch.stack([colours >> bit & 1 for bit in range(3)], 1).float()
    shades = torch.where(asks, 0.0, 4 * labels / (NUM_LABELS - 1) - 2)
    left = 2 * bits - 1
    right = shades[:, None].expand(-1, 3, -1, -1)
    pairs = torch.stack([left, right], -1).flatten(3)  # N x 3 x cells x (cells * 2)
    pictures = pairs.repeat_interleave(CELL, 2)
    return pictures, torch.where(asks, labels, _NOTHING).flatten(1)
