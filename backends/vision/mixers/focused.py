"""Focused linear attention: sharper directions for queries and keys, and a convolution that restores rank.

"FLatten Transformer: Vision Transformer using Focused Linear Attention", ICCV 2023 (arXiv 2308.00442).

Legend: B pictures, N tokens, M keys after reduction, C width, H heads, D width of a head.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.linear import EPS, linear_attention, linear_weights
from backends.vision.mixers.place import Grid
from backends.vision.mixers.projections import head_width, projection
from backends.vision.mixers.tokens import as_map, as_tokens, resampled

_LARGE_POWER = 6  # above, powers leave the range of fp32 unless the largest entry is one


def focused(u: Tensor, power: float) -> Tensor:
    """Raise non-negative vectors to a power and give them their norm back: f_p(u) = |u| u^p / |u^p|.

    Computed in fp32 over the last axis.
    """
    wide = u.float()
    base = wide / wide.amax(-1, keepdim=True).detach() if power > _LARGE_POWER else wide
    raised = base.pow(power)
    factor = torch.linalg.vector_norm(wide, dim=-1, keepdim=True) / torch.linalg.vector_norm(
        raised, dim=-1, keepdim=True
    )
    sharper: Tensor = (raised * factor).to(u.dtype)
    return sharper


class FocusedAttention(nn.Module):
    """Focused linear attention over a grid of tokens.

    The focus acts on all heads together, before they are split; the convolution of the values is one of D
    channels that all heads share. The keys' learned positions are made for `grid`; for other grids they are
    resampled. `local_positions` adds the values' full-width convolution of CSWin hosts (LePE).

    With `reduction` keys and values come from a map so many times smaller. Values are brought back to all
    tokens before the convolution along the `line` of tokens, as released, or on the `map`.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        grid: Grid,
        *,
        power: float = 3,
        kernel: int = 5,
        restores_rank: bool = True,
        local_positions: bool = False,
        reduction: int = 1,
        upsampling: Literal["line", "map"] = "line",
    ) -> None:
        super().__init__()
        width = head_width(dim, num_heads)
        self.head_width = width
        self.power = power
        self.upsampling = upsampling
        self.key_grid = (grid[0] // reduction, grid[1] // reduction)
        self.reduction = reduction
        self.q = projection(dim, dim)
        self.kv = projection(dim, 2 * dim)
        self.proj = projection(dim, dim)
        self.scale = nn.Parameter(torch.zeros(1, 1, dim))
        self.positions = nn.Parameter(torch.zeros(1, self.key_grid[0] * self.key_grid[1], dim))
        self.dwc = (
            nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width) if restores_rank else None
        )
        self.lepe = nn.Conv2d(dim, dim, 3, padding=1, groups=dim) if local_positions else None
        if reduction > 1:
            self.sr = nn.Conv2d(dim, dim, reduction, reduction)
            self.norm = nn.LayerNorm(dim)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        q_BHND, k_BHMD, v_BHMD = self._attended(x_BNC, grid)
        o_BHND = linear_attention(q_BHND, k_BHMD, v_BHMD)
        o_BNC = o_BHND.transpose(1, 2).flatten(2)
        if self.dwc is not None or self.lepe is not None:
            o_BNC = o_BNC + self._local(self._on_all_tokens(v_BHMD, grid), grid)
        mixed: Tensor = self.proj(o_BNC)
        return mixed

    def weights(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        """The weights of every token on every key, B x H x N x M, without the convolution's share."""
        q_BHND, k_BHMD, _ = self._attended(x_BNC, grid)
        return linear_weights(q_BHND, k_BHMD)

    def _attended(self, x_BNC: Tensor, grid: Grid) -> tuple[Tensor, Tensor, Tensor]:
        y_BMC, key_grid = x_BNC, grid
        if self.reduction > 1:
            y_BMC = self.norm(as_tokens(self.sr(as_map(x_BNC, grid))))
            key_grid = (grid[0] // self.reduction, grid[1] // self.reduction)
        k_BMC, v_BMC = self.kv(y_BMC).chunk(2, -1)
        k_BMC = k_BMC + resampled(self.positions, self.key_grid, key_grid)
        inverse = 1 / functional.softplus(self.scale)
        q_BNC, k_BMC = (
            focused(torch.addcmul(EPS * inverse, functional.relu(u), inverse), self.power)
            for u in (self.q(x_BNC), k_BMC)
        )
        return self._heads(q_BNC), self._heads(k_BMC), self._heads(v_BMC)

    def _heads(self, u_BNC: Tensor) -> Tensor:
        size, tokens, _ = u_BNC.shape
        return u_BNC.reshape(size, tokens, -1, self.head_width).transpose(1, 2)

    def _on_all_tokens(self, v_BHMD: Tensor, grid: Grid) -> Tensor:
        """The values as maps of every head, (BH) x D x rows x columns."""
        maps = v_BHMD.flatten(0, 1)
        if self.reduction == 1:
            return maps.reshape(-1, *grid, self.head_width).permute(0, 3, 1, 2)
        if self.upsampling == "line":
            line = functional.interpolate(maps.transpose(1, 2), size=grid[0] * grid[1], mode="linear")
            return line.reshape(-1, self.head_width, *grid)
        small = as_map(maps, (grid[0] // self.reduction, grid[1] // self.reduction))
        return functional.interpolate(small, grid, mode="bilinear", align_corners=False)

    def _local(self, v_map: Tensor, grid: Grid) -> Tensor:
        """What convolutions make of the values, B x N x C."""
        tokens, dim = grid[0] * grid[1], self.proj.in_features
        local = v_map.new_zeros(()) if self.dwc is None else self.dwc(v_map)
        if self.lepe is not None:
            local = local + self.lepe(v_map.reshape(-1, dim, *grid)).reshape(v_map.shape)
        answer: Tensor = local.reshape(-1, dim, tokens).transpose(1, 2)
        return answer
