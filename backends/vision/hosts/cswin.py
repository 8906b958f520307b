"""CSWin as a host of token mixers.

"CSWin Transformer: A General Vision Transformer Backbone with Cross-Shaped Windows", CVPR 2022. Half of the
heads look along vertical and half along horizontal stripes; each adds a depthwise convolution of its values
(LePE). A block with a mixer looks at its whole stage: there is one branch, and the mixer holds the
projections.

Legend: B pictures, H rows, W columns, N tokens, C width, S stripes of T tokens, A heads, D width of a head.
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
from backends.vision.mixers.tokens import as_map, as_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class CSWinSize:
    """Width of the first stage, depths, heads and widths of stripes."""

    dim: int
    depths: tuple[int, ...]
    num_heads: tuple[int, ...] = (2, 4, 8, 16)
    stripes: tuple[int, ...] = (1, 2, 7, 7)


CSWIN_TINY = CSWinSize(dim=64, depths=(2, 4, 18, 1))
CSWIN_SMALL = CSWinSize(dim=64, depths=(2, 4, 32, 2))
CSWIN_BASE = CSWinSize(dim=96, depths=(3, 6, 29, 2), num_heads=(4, 8, 16, 32))
CSWIN_BASE_384 = CSWinSize(dim=96, depths=(3, 6, 29, 2), num_heads=(4, 8, 16, 32), stripes=(1, 2, 12, 12))


class StripeAttention(nn.Module):
    """Softmax attention within windows of this shape, with the values' depthwise convolution (LePE)."""

    def __init__(self, dim: int, width: int, window: Grid) -> None:
        super().__init__()
        self.head_width = width
        self.window = window
        self.lepe = nn.Conv2d(dim, dim, kernel_size=3, padding=1, groups=dim)

    def forward(self, qkv_3BNC: Tensor, grid: Grid) -> Tensor:
        q_SATD, k_SATD, v_SATD = self._heads(qkv_3BNC, grid)
        o_SATD = functional.scaled_dot_product_attention(q_SATD, k_SATD, v_SATD)
        # The convolution stays within a stripe, as the attention does.
        v_SCHW = v_SATD.permute(0, 1, 3, 2).flatten(1, 2).unflatten(2, self.window)
        lepe_SATD = self.lepe(v_SCHW).unflatten(1, (-1, self.head_width)).flatten(3).transpose(2, 3)
        return self._tokens(o_SATD + lepe_SATD, grid)

    def _heads(self, qkv_3BNC: Tensor, grid: Grid) -> Tensor:
        """Query, key and value of every stripe, 3 x S x A x T x D."""
        size, dim = qkv_3BNC.shape[1], qkv_3BNC.shape[3]
        (rows, columns), (high, wide) = grid, self.window
        cut = qkv_3BNC.view(3, size, rows // high, high, columns // wide, wide, dim)
        stripes = cut.permute(0, 1, 2, 4, 3, 5, 6).reshape(3, -1, high * wide, dim)
        heads: Tensor = stripes.unflatten(-1, (-1, self.head_width)).transpose(2, 3)  # type: ignore[no-untyped-call]
        return heads

    def _tokens(self, o_SATD: Tensor, grid: Grid) -> Tensor:
        (rows, columns), (high, wide) = grid, self.window
        o_STC = o_SATD.transpose(1, 2).flatten(2)
        laid = o_STC.view(-1, rows // high, columns // wide, high, wide, o_STC.shape[2])
        return laid.permute(0, 1, 3, 2, 4, 5).reshape(-1, rows * columns, o_STC.shape[2])


class CrossAttention(nn.Module):
    """CSWin's own attention: half of the heads in each direction, or all over a stage of one window."""

    def __init__(self, dim: int, num_heads: int, grid: Grid, stripe: int) -> None:
        super().__init__()
        rows, columns = grid
        width = head_width(dim, num_heads)
        self.qkv = projection(dim, 3 * dim)
        self.proj = projection(dim, dim)
        windows = [grid] if (stripe, stripe) == grid else [(rows, stripe), (stripe, columns)]
        if bad := [window for window in windows if rows % window[0] or columns % window[1]]:
            raise ValueError(f"Stripes of {bad[0]} do not fill a stage of {grid}; change the size.")
        self.branches = nn.ModuleList(
            StripeAttention(dim // len(windows), width, window) for window in windows
        )

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        qkv_3BNC = self.qkv(x_BNC).unflatten(-1, (3, -1)).permute(2, 0, 1, 3)
        shares = qkv_3BNC.chunk(len(self.branches), dim=-1)
        seen = [branch(share.contiguous(), grid) for branch, share in zip(self.branches, shares, strict=True)]
        mixed: Tensor = self.proj(torch.cat(seen, -1))
        return mixed


class Block(nn.Module):
    """A mixer and a perceptron, each after a norm and beside a shortcut."""

    def __init__(self, dim: int, mixer: nn.Module, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = mixer
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, 4 * dim)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        x_BNC = x_BNC + self.drop_path(self.attn(self.norm1(x_BNC), grid))
        mixed: Tensor = x_BNC + self.drop_path(self.mlp(self.norm2(x_BNC)))
        return mixed


class Stage(nn.Module):
    """A convolution that embeds or merges, its norm, and blocks."""

    def __init__(self, embed: nn.Conv2d, blocks: list[Block]) -> None:
        super().__init__()
        self.embed = embed
        self.norm = nn.LayerNorm(embed.out_channels)
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        x_BCHW = self.embed(x_BCHW)
        grid = (x_BCHW.shape[2], x_BCHW.shape[3])
        x_BNC = self.norm(as_tokens(x_BCHW))
        for block in self.blocks:
            x_BNC = block(x_BNC, grid)
        return as_map(x_BNC, grid)


class CSWin(nn.Module):
    """Four stages, a norm, the mean of the last tokens, and a linear classifier."""

    def __init__(
        self,
        size: CSWinSize,
        make_mixer: MakeMixer,
        *,
        num_classes: int = 1000,
        image_size: int = 224,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        drops = iter(torch.linspace(0, drop_path, sum(size.depths), device="cpu").tolist())
        number, last = 0, len(size.depths) - 1
        stages = []
        for stage, depth in enumerate(size.depths):
            dim, heads = size.dim * 2**stage, size.num_heads[stage]
            grid = (image_size // 4 // 2**stage,) * 2
            stripe = grid[0] if stage == last else size.stripes[stage]  # the last stage is one window
            blocks = []
            for _ in range(depth):
                place = Place(stage=stage, block=number, dim=dim, num_heads=heads, grid=grid)
                mixer = make_mixer(place) or CrossAttention(dim, heads, grid, stripe)
                blocks.append(Block(dim, mixer, next(drops)))
                number += 1
            embed = nn.Conv2d(3, dim, 7, 4, 2) if stage == 0 else nn.Conv2d(dim // 2, dim, 3, 2, 1)
            stages.append(Stage(embed, blocks))
        self.stages = nn.Sequential(*stages)
        self.norm = nn.LayerNorm(size.dim * 2**last)
        self.head = nn.Linear(size.dim * 2**last, num_classes)
        initialise(self)

    def forward(self, picture_BCHW: Tensor) -> Tensor:
        """Scores of the classes, B x K."""
        scores: Tensor = self.head(self.norm(as_tokens(self.stages(picture_BCHW))).mean(1))
        return scores
