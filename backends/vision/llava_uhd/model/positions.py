"""Position tables of a square grid, stretched to the grid of any piece (LLaVA-UHD, section 3.1).

Bicubic interpolation (a = -0.75, half-pixel centres, clamped edges) is linear and separable, so a stretch is
one small matrix for the columns and one for the rows. These matrices depend on nothing but two counts; they
are what is cached. The stretched table itself never is, so new weights can not meet an old stretch.
Everything runs in float32: in bfloat16 the interpolation loses the differences between neighbours.
"""

# Shape legend: S positions of the source grid, N of the target grid, R rows, C columns, D width

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import Grid


@lru_cache(maxsize=1024)
def _bicubic(source: int, target: int, device: torch.device) -> Tensor:
    """The matrix (target, source) that interpolates one axis."""
    units = torch.eye(source, dtype=torch.float64)[None, :, :, None]
    drawn = functional.interpolate(units, size=(target, 1), mode="bicubic", align_corners=False)
    return drawn[0, :, :, 0].T.to(device, torch.float32).contiguous()


def stretched(table_SD: Tensor, grid: Grid) -> Tensor:
    """Interpolate a square table, row by row, to a grid of columns and rows, (N, D).

    At the table's own grid it is returned as it is, bit by bit.
    """
    side = round(table_SD.shape[0] ** 0.5)
    columns, rows = grid
    if (columns, rows) == (side, side):
        return table_SD
    width = table_SD.shape[1]
    table_RCD = table_SD.float().reshape(side, side, width)
    across = _bicubic(side, columns, table_SD.device)
    down = _bicubic(side, rows, table_SD.device)
    wide_RCD = across @ table_RCD
    full_ND: Tensor = (down @ wide_RCD.flatten(1)).reshape(rows * columns, width)
    return full_ND.to(table_SD.dtype)


def sincos_2d(side: int, width: int) -> Tensor:
    """Fixed positions of a square grid, (side * side, width), as in MAE: columns, then rows, half of it each.

    Raises `ModelError` for a width that is no multiple of 4.
    """
    if width % 4:
        raise ModelError(f"2-D sine positions need a width that is a multiple of 4, not {width}.")
    axis = sincos_1d(side, width // 2)
    columns, rows = axis.repeat(side, 1), axis.repeat_interleave(side, dim=0)
    return torch.cat((columns, rows), dim=1).float()


def sincos_1d(places: int, width: int) -> Tensor:
    """Fixed positions along a line, (places, width), in float64: sines of all frequencies, then cosines."""
    frequencies = 10000.0 ** (-torch.arange(width // 2, dtype=torch.float64) / (width // 2))
    angles = torch.arange(places, dtype=torch.float64)[:, None] * frequencies
    return torch.cat((angles.sin(), angles.cos()), dim=1)


class GridPositions(nn.Module):
    """Learned positions of a square grid, for pieces of any shape."""

    def __init__(self, side: int, width: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(side * side, width))

    def forward(self, grid: Grid) -> Tensor:
        return stretched(self.table, grid)
