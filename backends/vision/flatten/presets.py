"""FLatten's models: focused linear attention in each host, in the stages and sizes that were published."""

from timm.models.pvt_v2 import PyramidVisionTransformerV2
from timm.models.swin_transformer import SwinTransformer
from torch import nn

from backends.vision.hosts.cswin import (
    CSWIN_BASE,
    CSWIN_BASE_384,
    CSWIN_SMALL,
    CSWIN_TINY,
    CSWin,
    CSWinSize,
)
from backends.vision.hosts.deit import DEIT_TINY, deit
from backends.vision.hosts.pvt import PVT, PVT_LARGE, PVT_MEDIUM, PVT_SMALL, PVT_TINY, PVTSize
from backends.vision.hosts.pvt_v2 import PVT_V2_B0, PVT_V2_B1, PVT_V2_B2, PVTv2Size, pvt_v2
from backends.vision.hosts.small import small_vit
from backends.vision.hosts.swin import SWIN_BASE, SWIN_SMALL, SWIN_TINY, SwinSize, swin
from backends.vision.mixers.focused import FocusedAttention
from backends.vision.mixers.place import Place, in_stages


def focused_attention(place: Place) -> nn.Module:
    """The mixer with the paper's settings."""
    return FocusedAttention(place.dim, place.num_heads, place.grid)


def focused_attention_with_lepe(place: Place) -> nn.Module:
    """The mixer of CSWin hosts, which keeps their convolution of the values."""
    return FocusedAttention(place.dim, place.num_heads, place.grid, local_positions=True)


def tiny(*, num_classes: int = 10, image_size: int = 16) -> nn.Module:
    """For tests and laptops."""
    return small_vit(focused_attention, num_classes=num_classes, image_size=image_size)


def deit_tiny(*, num_classes: int = 1000, image_size: int = 224) -> nn.Module:
    """DeiT-T with the mean of its tokens."""
    return deit(
        DEIT_TINY, focused_attention, num_classes=num_classes, image_size=image_size, class_token=False
    )


def _pvt(size: PVTSize, num_classes: int, image_size: int, drop_path: float) -> PVT:
    return PVT(size, focused_attention, num_classes=num_classes, image_size=image_size, drop_path=drop_path)


def pvt_tiny(*, num_classes: int = 1000, image_size: int = 224) -> PVT:
    """PVT-T, all stages."""
    return _pvt(PVT_TINY, num_classes, image_size, 0.1)


def pvt_small(*, num_classes: int = 1000, image_size: int = 224) -> PVT:
    """PVT-S, all stages."""
    return _pvt(PVT_SMALL, num_classes, image_size, 0.1)


def pvt_medium(*, num_classes: int = 1000, image_size: int = 224) -> PVT:
    """PVT-M, all stages."""
    return _pvt(PVT_MEDIUM, num_classes, image_size, 0.3)


def pvt_large(*, num_classes: int = 1000, image_size: int = 224) -> PVT:
    """PVT-L, all stages."""
    return _pvt(PVT_LARGE, num_classes, image_size, 0.3)


def _pvt_v2(size: PVTv2Size, num_classes: int, image_size: int) -> PyramidVisionTransformerV2:
    return pvt_v2(size, focused_attention, num_classes=num_classes, image_size=image_size, drop_path=0.1)


def pvt_v2_b0(*, num_classes: int = 1000, image_size: int = 224) -> PyramidVisionTransformerV2:
    """PVTv2-B0, all stages."""
    return _pvt_v2(PVT_V2_B0, num_classes, image_size)


def pvt_v2_b1(*, num_classes: int = 1000, image_size: int = 224) -> PyramidVisionTransformerV2:
    """PVTv2-B1, all stages."""
    return _pvt_v2(PVT_V2_B1, num_classes, image_size)


def pvt_v2_b2(*, num_classes: int = 1000, image_size: int = 224) -> PyramidVisionTransformerV2:
    """PVTv2-B2, all stages."""
    return _pvt_v2(PVT_V2_B2, num_classes, image_size)


def _swin(
    size: SwinSize, num_classes: int, image_size: int, drop_path: float, window: int = 7
) -> SwinTransformer:
    return swin(
        size,
        in_stages("LLSS", focused_attention),
        num_classes=num_classes,
        image_size=image_size,
        window=window,
        drop_path=drop_path,
    )


def swin_tiny(*, num_classes: int = 1000, image_size: int = 224) -> SwinTransformer:
    """Swin-T, the first two stages."""
    return _swin(SWIN_TINY, num_classes, image_size, 0.2)


def swin_small(*, num_classes: int = 1000, image_size: int = 224) -> SwinTransformer:
    """Swin-S, the first two stages."""
    return _swin(SWIN_SMALL, num_classes, image_size, 0.3)


def swin_base(*, num_classes: int = 1000, image_size: int = 224) -> SwinTransformer:
    """Swin-B, the first two stages."""
    return _swin(SWIN_BASE, num_classes, image_size, 0.5)


def swin_base_384(*, num_classes: int = 1000, image_size: int = 384) -> SwinTransformer:
    """Swin-B at 384 pixels, windows of 12 tokens in the last two stages."""
    return _swin(SWIN_BASE, num_classes, image_size, 0.5, window=12)


def _cswin(size: CSWinSize, num_classes: int, image_size: int, drop_path: float) -> CSWin:
    return CSWin(
        size,
        in_stages("LLSS", focused_attention_with_lepe),
        num_classes=num_classes,
        image_size=image_size,
        drop_path=drop_path,
    )


def cswin_tiny(*, num_classes: int = 1000, image_size: int = 224) -> CSWin:
    """CSWin-T, the first two stages."""
    return _cswin(CSWIN_TINY, num_classes, image_size, 0.2)


def cswin_small(*, num_classes: int = 1000, image_size: int = 224) -> CSWin:
    """CSWin-S, the first two stages."""
    return _cswin(CSWIN_SMALL, num_classes, image_size, 0.4)


def cswin_base(*, num_classes: int = 1000, image_size: int = 224) -> CSWin:
    """CSWin-B, the first two stages."""
    return _cswin(CSWIN_BASE, num_classes, image_size, 0.5)


def cswin_base_384(*, num_classes: int = 1000, image_size: int = 384) -> CSWin:
    """CSWin-B at 384 pixels."""
    return _cswin(CSWIN_BASE_384, num_classes, image_size, 0.7)
