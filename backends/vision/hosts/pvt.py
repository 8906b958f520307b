"""PVT, the first version, as a host of token mixers.

"Pyramid Vision Transformer: A Versatile Backbone for Dense Prediction without Convolutions", ICCV 2021, in
the form that the mixers' authors use: tokens are averaged, there is no class token. Their code also owns a
last norm that it never applies; it is left out here, so a model has twice the last width fewer parameters.

Legend: B pictures, N tokens of a stage, M tokens after reduction, C width, H heads, D width of a head.
"""

from dataclasses import dataclass

import torch
from timm.layers.drop import DropPath
from timm.layers.mlp import Mlp
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.hosts.beginning import initialise
from backends.vision.mixers.place import Grid, MakeMixer, Place
from backends.vision.mixers.projections import head_width, projection
from backends.vision.mixers.tokens import as_map, as_tokens, resampled

NORM_EPS = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class PVTSize:
    """Widths, depths, heads, widening of the perceptrons and spatial reduction of the stages."""

    depths: tuple[int, ...]
    dims: tuple[int, ...] = (64, 128, 320, 512)
    num_heads: tuple[int, ...] = (1, 2, 5, 8)
    mlp_ratios: tuple[int, ...] = (8, 8, 4, 4)
    reductions: tuple[int, ...] = (8, 4, 2, 1)


PVT_TINY = PVTSize(depths=(2, 2, 2, 2))
PVT_SMALL = PVTSize(depths=(3, 4, 6, 3))
PVT_MEDIUM = PVTSize(depths=(3, 4, 18, 3))
PVT_LARGE = PVTSize(depths=(3, 8, 27, 3))


class ReducedAttention(nn.Module):
    """PVT's own attention: keys and values are taken from a map that is `reduction` times smaller."""

    def __init__(self, dim: int, num_heads: int, reduction: int) -> None:
        super().__init__()
        self.head_width = head_width(dim, num_heads)
        self.q = projection(dim, dim)
        self.kv = projection(dim, 2 * dim)
        self.proj = projection(dim, dim)
        self.sr: nn.Conv2d | None = None
        if reduction > 1:
            self.sr = nn.Conv2d(dim, dim, kernel_size=reduction, stride=reduction)
            self.norm = nn.LayerNorm(dim)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        size, tokens, dim = x_BNC.shape
        y_BMC = x_BNC if self.sr is None else self.norm(as_tokens(self.sr(as_map(x_BNC, grid))))
        q_BHND = self.q(x_BNC).unflatten(-1, (-1, self.head_width)).transpose(1, 2)
        k_BHMD, v_BHMD = self.kv(y_BMC).unflatten(-1, (2, -1, self.head_width)).permute(2, 0, 3, 1, 4)
        o_BHND = functional.scaled_dot_product_attention(q_BHND, k_BHMD, v_BHMD)
        mixed: Tensor = self.proj(o_BHND.transpose(1, 2).reshape(size, tokens, dim))
        return mixed


class Block(nn.Module):
    """A mixer and a perceptron, each after a norm and beside a shortcut."""

    def __init__(self, dim: int, mixer: nn.Module, mlp_ratio: float, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.attn = mixer
        self.norm2 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        x_BNC = x_BNC + self.drop_path(self.attn(self.norm1(x_BNC), grid))
        shortened: Tensor = x_BNC + self.drop_path(self.mlp(self.norm2(x_BNC)))
        return shortened


class Stage(nn.Module):
    """Patches, their learned positions, and blocks."""

    def __init__(self, dim_before: int, dim: int, patch: int, grid: Grid, blocks: list[Block]) -> None:
        super().__init__()
        self.grid = grid
        self.patches = nn.Conv2d(dim_before, dim, kernel_size=patch, stride=patch)
        self.norm = nn.LayerNorm(dim)
        self.positions = nn.Parameter(torch.empty(1, grid[0] * grid[1], dim))
        nn.init.trunc_normal_(self.positions, std=0.02)
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        x_BCHW = self.patches(x_BCHW)
        grid = (x_BCHW.shape[2], x_BCHW.shape[3])
        x_BNC = self.norm(as_tokens(x_BCHW)) + resampled(self.positions, self.grid, grid)
        for block in self.blocks:
            x_BNC = block(x_BNC, grid)
        return as_map(x_BNC, grid)


class PVT(nn.Module):
    """Four stages, the mean of the last tokens, and a linear classifier."""

    def __init__(
        self,
        size: PVTSize,
        make_mixer: MakeMixer,
        *,
        num_classes: int = 1000,
        image_size: int = 224,
        patch: int = 4,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        drops = iter(torch.linspace(0, drop_path, sum(size.depths), device="cpu").tolist())
        number = 0
        stages = []
        for stage, dim in enumerate(size.dims):
            side = image_size // patch // 2**stage
            blocks = []
            for _ in range(size.depths[stage]):
                heads = size.num_heads[stage]
                place = Place(stage=stage, block=number, dim=dim, num_heads=heads, grid=(side, side))
                mixer = make_mixer(place) or ReducedAttention(dim, heads, size.reductions[stage])
                blocks.append(Block(dim, mixer, size.mlp_ratios[stage], next(drops)))
                number += 1
            before = 3 if stage == 0 else size.dims[stage - 1]
            stages.append(Stage(before, dim, patch if stage == 0 else 2, (side, side), blocks))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(size.dims[-1], num_classes)
        initialise(self)

    def forward(self, picture_BCHW: Tensor) -> Tensor:
        """Scores of the classes, B x K."""
        scores: Tensor = self.head(self.stages(picture_BCHW).mean((2, 3)))
        return scores
