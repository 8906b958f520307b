"""Swin as a host: timm's model, in which a block with a mixer looks at its whole stage instead of windows.

Swin: "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021. A window that
covers the stage is not shifted, so a block with a mixer needs neither windows nor masks.

Legend: B pictures, H rows, W columns, N = HW tokens, C width.
"""

from dataclasses import dataclass
from typing import Any

from timm.models.swin_transformer import SwinTransformer, SwinTransformerBlock
from torch import Tensor, nn

from backends.vision.mixers.place import MakeMixer, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SwinSize:
    """Width of the first stage, depths and heads."""

    dim: int
    depths: tuple[int, ...]
    num_heads: tuple[int, ...]


SWIN_TINY = SwinSize(dim=96, depths=(2, 2, 6, 2), num_heads=(3, 6, 12, 24))
SWIN_SMALL = SwinSize(dim=96, depths=(2, 2, 18, 2), num_heads=(3, 6, 12, 24))
SWIN_BASE = SwinSize(dim=128, depths=(2, 2, 18, 2), num_heads=(4, 8, 16, 32))


class WholeStageBlock(nn.Module):
    """A Swin block with a mixer over the whole stage in place of window attention."""

    def __init__(self, block: SwinTransformerBlock, mixer: nn.Module) -> None:
        super().__init__()
        self.norm1 = block.norm1
        self.attn = mixer
        self.drop_path1 = block.drop_path1
        self.norm2 = block.norm2
        self.mlp = block.mlp
        self.drop_path2 = block.drop_path2

    def forward(self, x_BHWC: Tensor) -> Tensor:
        size, rows, columns, dim = x_BHWC.shape
        x_BNC = x_BHWC.reshape(size, rows * columns, dim)
        x_BNC = x_BNC + self.drop_path1(self.attn(self.norm1(x_BNC), (rows, columns)))
        x_BNC = x_BNC + self.drop_path2(self.mlp(self.norm2(x_BNC)))
        mixed: Tensor = x_BNC.reshape(size, rows, columns, dim)
        return mixed


def swin(
    size: SwinSize,
    make_mixer: MakeMixer,
    *,
    num_classes: int = 1000,
    image_size: int = 224,
    window: int = 7,
    patch: int = 4,
    drop_path: float = 0.0,
) -> SwinTransformer:
    """Build a Swin with these mixers; blocks without one keep windows of `window` tokens a side."""
    model = SwinTransformer(
        img_size=image_size,
        patch_size=patch,
        num_classes=num_classes,
        embed_dim=size.dim,
        depths=size.depths,
        num_heads=size.num_heads,
        window_size=window,
        drop_path_rate=drop_path,
    )
    number = 0
    for stage, layer in enumerate(model.layers):
        side = image_size // patch // 2**stage
        blocks: Any = layer.blocks  # an nn.Sequential, which mypy takes for any attribute of a module
        for inside in range(size.depths[stage]):
            place = Place(
                stage=stage,
                block=number,
                dim=size.dim * 2**stage,
                num_heads=size.num_heads[stage],
                grid=(side, side),
            )
            if (mixer := make_mixer(place)) is not None:
                blocks[inside] = WholeStageBlock(blocks[inside], mixer)
            number += 1
    return model
