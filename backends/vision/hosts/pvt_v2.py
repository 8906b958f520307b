"""PVT v2 as a host: timm's model, whose attention is called with the grid as every mixer is.

"PVT v2: Improved Baselines with Pyramid Vision Transformer", Computational Visual Media 2022.
"""

import math
from dataclasses import dataclass
from typing import Any

from timm.models.pvt_v2 import PyramidVisionTransformerV2
from torch import nn

from backends.vision.mixers.place import MakeMixer, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PVTv2Size:
    """Widths, depths, heads and widening of the perceptrons of the stages."""

    depths: tuple[int, ...]
    dims: tuple[int, ...] = (64, 128, 320, 512)
    num_heads: tuple[int, ...] = (1, 2, 5, 8)
    mlp_ratios: tuple[float, ...] = (8, 8, 4, 4)
    reductions: tuple[int, ...] = (8, 4, 2, 1)


PVT_V2_B0 = PVTv2Size(depths=(2, 2, 2, 2), dims=(32, 64, 160, 256))
PVT_V2_B1 = PVTv2Size(depths=(2, 2, 2, 2))
PVT_V2_B2 = PVTv2Size(depths=(3, 4, 6, 3))
PVT_V2_B3 = PVTv2Size(depths=(3, 4, 18, 3))
PVT_V2_B4 = PVTv2Size(depths=(3, 8, 27, 3))
PVT_V2_B5 = PVTv2Size(depths=(3, 6, 40, 3), mlp_ratios=(4, 4, 4, 4))


def pvt_v2(
    size: PVTv2Size,
    make_mixer: MakeMixer,
    *,
    num_classes: int = 1000,
    image_size: int = 224,
    drop_path: float = 0.0,
) -> PyramidVisionTransformerV2:
    """Build a PVT v2 with these mixers; blocks without one keep attention over a reduced map.

    Convolutions of a mixer begin as the host's do, normal by their fan-out, as in the mixers' own code.
    """
    model = PyramidVisionTransformerV2(
        num_classes=num_classes,
        depths=size.depths,
        embed_dims=size.dims,
        num_heads=size.num_heads,
        sr_ratios=size.reductions,
        mlp_ratios=size.mlp_ratios,
        drop_path_rate=drop_path,
        norm_layer=_norm,  # type: ignore[arg-type]  # a function that builds a norm does
    )
    number = 0
    for stage, layer in enumerate(model.stages):
        side = math.ceil(image_size / 4 / 2**stage)
        blocks: Any = layer.blocks  # an nn.ModuleList, which mypy takes for any attribute of a module
        for block in blocks:
            place = Place(
                stage=stage,
                block=number,
                dim=size.dims[stage],
                num_heads=size.num_heads[stage],
                grid=(side, side),
            )
            if (mixer := make_mixer(place)) is not None:
                block.attn = mixer.apply(_initialise_convolution)
            number += 1
    return model


def _norm(dim: int, **where: object) -> nn.LayerNorm:
    return nn.LayerNorm(dim, eps=1e-6, **where)  # type: ignore[arg-type]  # timm's device and dtype


def _initialise_convolution(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
