"""Two-dimensional rotary positions: pairs of channels turn by the row and by the column of their token.

"RoFormer: Enhanced Transformer with Rotary Position Embedding", Neurocomputing 2024, on a grid. It acts on
the whole width, before heads are split: the first half of the pairs turns with the row, the second with the
column.

Legend: B pictures, N tokens, C width, P = C / 2 pairs.
"""

import torch
from torch import Tensor, nn

from backends.vision.mixers.place import Grid

BASE = 10_000.0


class RotaryPositions(nn.Module):
    """Turns tokens by their place. Angles are kept for `grid` and computed for any other; always in fp32."""

    turns_NP2: Tensor

    def __init__(self, dim: int, grid: Grid) -> None:
        super().__init__()
        if dim % 4:
            raise ValueError(f"Rows and columns share a width in fours; {dim} is no multiple.")
        self.dim = dim
        self.grid = grid
        self.register_buffer("turns_NP2", turns(dim, grid), persistent=False)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        angles = self.turns_NP2 if grid == self.grid else turns(self.dim, grid).to(x_BNC.device)
        cosine_NP, sine_NP = angles.unbind(-1)
        even_BNP, odd_BNP = x_BNC.float().reshape(*x_BNC.shape[:2], -1, 2).unbind(-1)
        turned = torch.stack(
            [even_BNP * cosine_NP - odd_BNP * sine_NP, even_BNP * sine_NP + odd_BNP * cosine_NP], -1
        )
        return turned.flatten(2)


def turns(dim: int, grid: Grid) -> Tensor:
    """Cosine and sine of each token's angle in each pair, N x P x 2."""
    frequencies = BASE ** -(torch.arange(dim // 4) / (dim // 4))
    rows, columns = torch.meshgrid(torch.arange(grid[0]), torch.arange(grid[1]), indexing="ij")
    angles = torch.cat([rows.reshape(-1, 1) * frequencies, columns.reshape(-1, 1) * frequencies], 1)
    return torch.stack([angles.cos(), angles.sin()], -1)
