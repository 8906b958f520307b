"""Pictures of six squares in noise, one of which is marked, drawn anew for every batch."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backends.lab.batches import Batch
from backends.vision.llava_uhd.grids import Grid

SIDE = 56
GRIDS: tuple[Grid, ...] = ((6, 1), (3, 2), (2, 3), (1, 6))
"""Columns by rows."""
SLICES = 6
_MARK = 14
_NOISE = 90


@dataclass(frozen=True, slots=True)
class Marked:
    """Pictures of one size, (count, height, width), and the row of each one's marked square."""

    pixels: Tensor
    rows: Tensor


def draw_marked(grid: Grid, count: int, chance: np.random.Generator) -> Marked:
    """Draw pictures of six squares, with a bright mark somewhere inside one of them."""
    columns, rows = grid
    pixels = chance.random((count, SIDE * rows, SIDE * columns), dtype=np.float32) * _NOISE
    squares = chance.integers(SLICES, size=count)
    corners = chance.integers(SIDE - _MARK + 1, size=(count, 2))
    corners += SIDE * np.stack((squares // columns, squares % columns), axis=1)
    for picture, (top, left) in zip(pixels, corners, strict=True):
        picture[top : top + _MARK, left : left + _MARK] = 255
    return Marked(torch.from_numpy(pixels / 127.5 - 0.4), torch.from_numpy(squares // columns))


def likeliest_row_share() -> float:
    """How often the likeliest row is right, for who knows the marked slice's place in the order only."""
    right = 0
    for place in range(SLICES):
        rows = [place // columns for columns, _ in GRIDS]
        right += max(rows.count(row) for row in rows)
    return right / (SLICES * len(GRIDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedBatches:
    """Pictures of one grid a step, all grids in turn."""

    count: int
    steps: int
    seed: int

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, number: int) -> Batch:
        chance = np.random.default_rng((self.seed, number))
        marked = draw_marked(GRIDS[number % len(GRIDS)], self.count, chance)
        return {"pixels": marked.pixels, "rows": marked.rows}
