"""The models of ViT^3 in their published sizes, and a small one."""

from torch import nn

from backends.vision.hosts.dit import (
    DIT_BASE,
    DIT_LARGE,
    DIT_SMALL,
    DIT_XLARGE,
    DiT,
    DiTSize,
    Pictures,
)
from backends.vision.mixers.place import Place
from backends.vision.mixers.rotary import RotaryPositions
from backends.vision.mixers.ttt import TTT
from backends.vision.vit3.model import (
    H_VIT3_BASE,
    H_VIT3_SMALL,
    H_VIT3_TINY,
    VIT3_BASE,
    VIT3_SMALL,
    VIT3_TINY,
    HViT3,
    HViT3Size,
    ViT3,
    ViT3Size,
)

SMALL = ViT3Size(dim=64, num_heads=2, depth=4, patch=2)


def ttt(place: Place) -> nn.Module:
    """The mixer of ViT^3."""
    return TTT(place.dim, place.num_heads)


def ttt_with_rotary_positions(place: Place) -> nn.Module:
    """The mixer of H-ViT^3."""
    return TTT(place.dim, place.num_heads, rotary=RotaryPositions(place.dim, place.grid))


def tiny(*, num_classes: int = 10, image_size: int = 16) -> ViT3:
    """For tests and laptops."""
    return ViT3(SMALL, ttt, num_classes=num_classes, image_size=image_size)


def _plain(size: ViT3Size, num_classes: int, image_size: int, drop_path: float) -> ViT3:
    return ViT3(size, ttt, num_classes=num_classes, image_size=image_size, drop_path=drop_path)


def vit3_tiny(*, num_classes: int = 1000, image_size: int = 224) -> ViT3:
    """ViT^3-T."""
    return _plain(VIT3_TINY, num_classes, image_size, 0.0)


def vit3_small(*, num_classes: int = 1000, image_size: int = 224) -> ViT3:
    """ViT^3-S."""
    return _plain(VIT3_SMALL, num_classes, image_size, 0.1)


def vit3_base(*, num_classes: int = 1000, image_size: int = 224) -> ViT3:
    """ViT^3-B."""
    return _plain(VIT3_BASE, num_classes, image_size, 0.4)


def _staged(size: HViT3Size, num_classes: int, image_size: int, drop_path: float) -> HViT3:
    return HViT3(
        size,
        ttt_with_rotary_positions,
        num_classes=num_classes,
        image_size=image_size,
        drop_path=drop_path,
    )


def h_vit3_tiny(*, num_classes: int = 1000, image_size: int = 224) -> HViT3:
    """H-ViT^3-T."""
    return _staged(H_VIT3_TINY, num_classes, image_size, 0.2)


def h_vit3_small(*, num_classes: int = 1000, image_size: int = 224) -> HViT3:
    """H-ViT^3-S."""
    return _staged(H_VIT3_SMALL, num_classes, image_size, 0.4)


def h_vit3_base(*, num_classes: int = 1000, image_size: int = 224) -> HViT3:
    """H-ViT^3-B."""
    return _staged(H_VIT3_BASE, num_classes, image_size, 0.6)


def diffusion_transformer(size: DiTSize, pictures: Pictures | None = None) -> DiT:
    """DiT^3: a DiT with test-time training, whose blocks begin with a convolution of the stream."""
    return DiT(size, ttt, pictures=pictures, convolves=True)


def dit3_tiny(*, image_size: int = 16) -> DiT:
    """Four blocks of width 64 on patches of 2 pixels, for tests and laptops."""
    pictures = Pictures(side=image_size, channels=3, num_classes=10, learns_variance=False)
    return diffusion_transformer(DiTSize(dim=64, num_heads=4, depth=4), pictures)


def dit3_s_2() -> DiT:
    """DiT^3-S/2."""
    return diffusion_transformer(DIT_SMALL)


def dit3_b_2() -> DiT:
    """DiT^3-B/2."""
    return diffusion_transformer(DIT_BASE)


def dit3_l_2() -> DiT:
    """DiT^3-L/2."""
    return diffusion_transformer(DIT_LARGE)


def dit3_xl_2() -> DiT:
    """DiT^3-XL/2."""
    return diffusion_transformer(DIT_XLARGE)
