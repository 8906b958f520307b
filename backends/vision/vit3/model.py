"""ViT^3 and H-ViT^3, its form of four stages.

"ViT^3: Unlocking Test-Time Training in Vision", CVPR 2026 (arXiv 2512.01643). Positions come from a depthwise
convolution before every block (CPE) and, in H-ViT^3, from rotary queries and keys; there is no class token.

Legend: B pictures, N tokens, C width, H rows, W columns.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from timm.layers.drop import DropPath
from timm.layers.mlp import Mlp
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.hosts.beginning import initialise
from backends.vision.mixers.place import Grid, Place
from backends.vision.mixers.projections import projection
from backends.vision.mixers.tokens import TokenConvolution, as_map, as_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ViT3Size:
    """A plain ViT^3."""

    dim: int
    num_heads: int
    depth: int = 12
    patch: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class HViT3Size:
    """An H-ViT^3: four stages after a stem of stride 4."""

    dims: tuple[int, ...]
    depths: tuple[int, ...]
    num_heads: tuple[int, ...]


VIT3_TINY = ViT3Size(dim=192, num_heads=6)
VIT3_SMALL = ViT3Size(dim=384, num_heads=6)
VIT3_BASE = ViT3Size(dim=768, num_heads=12)
H_VIT3_TINY = HViT3Size(dims=(64, 128, 320, 512), depths=(1, 3, 9, 4), num_heads=(2, 4, 10, 16))
H_VIT3_SMALL = HViT3Size(dims=(64, 128, 320, 512), depths=(2, 6, 18, 8), num_heads=(2, 4, 10, 16))
H_VIT3_BASE = HViT3Size(dims=(96, 192, 448, 640), depths=(2, 6, 18, 8), num_heads=(3, 6, 14, 20))


class Block(nn.Module):
    """CPE, mixer and perceptron, each beside a shortcut. The perceptron takes tokens and their grid."""

    def __init__(self, dim: int, mixer: nn.Module, mlp: nn.Module, drop_path: float, eps: float) -> None:
        super().__init__()
        self.cpe = TokenConvolution(dim)
        self.norm1 = nn.LayerNorm(dim, eps=eps)
        self.attn = mixer
        self.norm2 = nn.LayerNorm(dim, eps=eps)
        self.mlp = mlp
        self.drop_path = DropPath(drop_path)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        x_BNC = x_BNC + self.cpe.on_tokens(x_BNC, grid)
        x_BNC = x_BNC + self.drop_path(self.attn(self.norm1(x_BNC), grid))
        mixed: Tensor = x_BNC + self.drop_path(self.mlp(self.norm2(x_BNC), grid))
        return mixed


class Perceptron(Mlp):
    """The perceptron of ViT, which does not ask for the grid."""

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:  # type: ignore[override]
        del grid
        widened: Tensor = super().forward(x_BNC)  # type: ignore[no-untyped-call]
        return widened


class ConvolvingPerceptron(nn.Module):
    """The perceptron of H-ViT^3: within, each token hears from its neighbours."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc1 = projection(dim, 4 * dim)
        self.dwc = TokenConvolution(4 * dim)
        self.fc2 = projection(4 * dim, dim)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        wide = functional.gelu(self.fc1(x_BNC))
        wide = functional.gelu(wide + self.dwc.on_tokens(wide, grid))
        narrowed: Tensor = self.fc2(wide)
        return narrowed


class ViT3(nn.Module):
    """The plain ViT^3: patches, blocks, a norm, the mean of the tokens, a linear classifier.

    With `dense` every token is classified, and there is no mean.
    """

    def __init__(
        self,
        size: ViT3Size,
        make_mixer: Callable[[Place], nn.Module],
        *,
        num_classes: int = 1000,
        image_size: int = 224,
        drop_path: float = 0.0,
        dense: bool = False,
    ) -> None:
        super().__init__()
        self.dense = dense
        self.patches = nn.Conv2d(3, size.dim, size.patch, size.patch)
        drops = torch.linspace(0, drop_path, size.depth, device="cpu").tolist()
        side = image_size // size.patch
        blocks = []
        for number, drop in enumerate(drops):
            place = Place(stage=0, block=number, dim=size.dim, num_heads=size.num_heads, grid=(side, side))
            mlp = Perceptron(size.dim, 4 * size.dim)
            blocks.append(Block(size.dim, make_mixer(place), mlp, drop, eps=1e-6))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(size.dim, eps=1e-6)
        self.head = nn.Linear(size.dim, num_classes)
        initialise(self)

    def forward(self, picture_BCHW: Tensor) -> Tensor:
        """Scores of the classes, B x K; of every token, B x N x K, if dense."""
        map_BCHW = self.patches(picture_BCHW)
        grid = (map_BCHW.shape[2], map_BCHW.shape[3])
        x_BNC = as_tokens(map_BCHW)
        for block in self.blocks:
            x_BNC = block(x_BNC, grid)
        x_BNC = self.norm(x_BNC)
        scores: Tensor = self.head(x_BNC if self.dense else x_BNC.mean(1))
        return scores


def _convolution(inside: int, outside: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution without a bias, and its norm."""
    return [
        nn.Conv2d(inside, outside, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outside),
    ]


def _stem(dim: int) -> nn.Sequential:
    half = dim // 2
    return nn.Sequential(
        *_convolution(3, half, 3, 2), nn.ReLU(),
        *_convolution(half, half, 3), nn.ReLU(),
        *_convolution(half, half, 3), nn.ReLU(),
        *_convolution(half, 4 * dim, 3, 2), nn.ReLU(),
        *_convolution(4 * dim, dim, 1),
    )  # fmt: skip


def _merging(dim: int, outside: int) -> nn.Sequential:
    wide = 4 * outside
    return nn.Sequential(
        nn.Conv2d(dim, wide, 1), nn.ReLU(),
        nn.Conv2d(wide, wide, 3, 2, 1, groups=wide), nn.ReLU(),
        nn.Conv2d(wide, outside, 1), nn.BatchNorm2d(outside),
    )  # fmt: skip


class Stage(nn.Module):
    """A stem or a merging, then blocks with rotary positions."""

    def __init__(self, embed: nn.Module, blocks: list[Block]) -> None:
        super().__init__()
        self.embed = embed
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        x_BCHW = self.embed(x_BCHW)
        grid = (x_BCHW.shape[2], x_BCHW.shape[3])
        x_BNC = as_tokens(x_BCHW)
        for block in self.blocks:
            x_BNC = block(x_BNC, grid)
        return as_map(x_BNC, grid)


class HViT3(nn.Module):
    """H-ViT^3: four stages, a batch norm of the last tokens, their mean, a linear classifier."""

    def __init__(
        self,
        size: HViT3Size,
        make_mixer: Callable[[Place], nn.Module],
        *,
        num_classes: int = 1000,
        image_size: int = 224,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        drops = iter(torch.linspace(0, drop_path, sum(size.depths), device="cpu").tolist())
        number = 0
        stages = []
        for stage, (dim, heads) in enumerate(zip(size.dims, size.num_heads, strict=True)):
            grid = (image_size // 4 // 2**stage,) * 2
            blocks = []
            for _ in range(size.depths[stage]):
                place = Place(stage=stage, block=number, dim=dim, num_heads=heads, grid=grid)
                mlp = ConvolvingPerceptron(dim)
                blocks.append(Block(dim, make_mixer(place), mlp, next(drops), eps=1e-5))
                number += 1
            stages.append(Stage(_stem(dim) if stage == 0 else _merging(size.dims[stage - 1], dim), blocks))
        self.stages = nn.Sequential(*stages)
        self.norm = nn.BatchNorm2d(size.dims[-1])
        self.head = nn.Linear(size.dims[-1], num_classes)
        initialise(self)

    def forward(self, picture_BCHW: Tensor) -> Tensor:
        """Scores of the classes, B x K."""
        scores: Tensor = self.head(self.norm(self.stages(picture_BCHW)).mean((2, 3)))
        return scores
