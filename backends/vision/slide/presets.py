"""Slide-Transformer's models: slide attention in the first two stages of each host, in published sizes.

Only the Swin models were released. There the last two stages attend within windows of up to 56 tokens a side,
which is the whole stage. For the other hosts the stages are those of Swin, which gives the published counts.
"""

from timm.models.pvt_v2 import PyramidVisionTransformerV2
from timm.models.swin_transformer import SwinTransformer
from torch import nn

from backends.vision.hosts.cswin import CSWIN_SMALL, CSWin
from backends.vision.hosts.pvt import PVT, PVT_SMALL, PVT_TINY
from backends.vision.hosts.pvt_v2 import PVT_V2_B1, PVT_V2_B2, pvt_v2
from backends.vision.hosts.small import small_vit
from backends.vision.hosts.swin import SWIN_BASE, SWIN_SMALL, SWIN_TINY, SwinSize, swin
from backends.vision.mixers.place import Place, in_stages
from backends.vision.mixers.slide import SlideAttention

_LARGEST_WINDOW = 56


def slide_attention(place: Place) -> nn.Module:
    """The mixer with the paper's settings: windows of 3 x 3 tokens."""
    return SlideAttention(place.dim, place.num_heads)


EARLY = in_stages("LLSS", slide_attention)


def tiny(*, num_classes: int = 10, image_size: int = 16) -> nn.Module:
    """For tests and laptops."""
    return small_vit(slide_attention, num_classes=num_classes, image_size=image_size)


def _swin(size: SwinSize, num_classes: int, image_size: int, drop_path: float) -> SwinTransformer:
    third_stage = image_size // 16
    return swin(
        size,
        EARLY,
        num_classes=num_classes,
        image_size=image_size,
        window=min(third_stage, _LARGEST_WINDOW),
        drop_path=drop_path,
    )


def swin_tiny(*, num_classes: int = 1000, image_size: int = 224) -> SwinTransformer:
    """Slide-Swin-T."""
    return _swin(SWIN_TINY, num_classes, image_size, 0.2)


def swin_small(*, num_classes: int = 1000, image_size: int = 224) -> SwinTransformer:
    """Slide-Swin-S."""
    return _swin(SWIN_SMALL, num_classes, image_size, 0.3)


def swin_base(*, num_classes: int = 1000, image_size: int = 224) -> SwinTransformer:
    """Slide-Swin-B."""
    return _swin(SWIN_BASE, num_classes, image_size, 0.5)


def pvt_tiny(*, num_classes: int = 1000, image_size: int = 224) -> PVT:
    """Slide-PVT-T."""
    return PVT(PVT_TINY, EARLY, num_classes=num_classes, image_size=image_size, drop_path=0.1)


def pvt_small(*, num_classes: int = 1000, image_size: int = 224) -> PVT:
    """Slide-PVT-S."""
    return PVT(PVT_SMALL, EARLY, num_classes=num_classes, image_size=image_size, drop_path=0.1)


def pvt_v2_b1(*, num_classes: int = 1000, image_size: int = 224) -> PyramidVisionTransformerV2:
    """Slide-PVTv2-B1."""
    return pvt_v2(PVT_V2_B1, EARLY, num_classes=num_classes, image_size=image_size, drop_path=0.1)


def pvt_v2_b2(*, num_classes: int = 1000, image_size: int = 224) -> PyramidVisionTransformerV2:
    """Slide-PVTv2-B2."""
    return pvt_v2(PVT_V2_B2, EARLY, num_classes=num_classes, image_size=image_size, drop_path=0.1)


def cswin_small(*, num_classes: int = 1000, image_size: int = 224) -> CSWin:
    """Slide-CSWin-S."""
    return CSWin(CSWIN_SMALL, EARLY, num_classes=num_classes, image_size=image_size, drop_path=0.4)
