"""Hosts with visual-contrast attention.

DeiT and DiT in all blocks, PVT in all stages, Swin and CSWin in the first two.
"""

from dataclasses import replace
from functools import partial

from torch import nn

from backends.vision.hosts.cswin import CSWIN_TINY, CSWin
from backends.vision.hosts.deit import DEIT_BASE, DEIT_SMALL, DEIT_TINY, DeiTSize, deit
from backends.vision.hosts.dit import DIT_BASE, DIT_SMALL, DiT, DiTSize, Pictures
from backends.vision.hosts.pvt import PVT, PVT_TINY
from backends.vision.hosts.swin import SWIN_TINY, swin
from backends.vision.mixers.place import in_stages
from backends.vision.mixers.vca import ContrastSettings, contrast_mixer

TINY = DeiTSize(dim=64, num_heads=4, depth=4, patch=4)


def _deit(size: DeiTSize, num_classes: int, image_size: int, settings: ContrastSettings) -> nn.Module:
    make = partial(contrast_mixer, settings)
    return deit(size, make, num_classes=num_classes, image_size=image_size)


def deit_tiny(*, num_classes: int = 1000, image_size: int = 224) -> nn.Module:
    """DeiT-T with 49 pooled tokens in all blocks."""
    return _deit(DEIT_TINY, num_classes, image_size, ContrastSettings())


def deit_small(*, num_classes: int = 1000, image_size: int = 224) -> nn.Module:
    """DeiT-S with 49 pooled tokens in all blocks."""
    return _deit(DEIT_SMALL, num_classes, image_size, ContrastSettings())


def deit_base(*, num_classes: int = 1000, image_size: int = 224) -> nn.Module:
    """DeiT-B with 49 pooled tokens in all blocks; one source has them in the first four only."""
    return _deit(DEIT_BASE, num_classes, image_size, ContrastSettings())


def pvt_tiny(*, num_classes: int = 1000, image_size: int = 224) -> nn.Module:
    """PVT-T with 49 pooled tokens in all stages, and no spatial reduction."""
    make = partial(contrast_mixer, ContrastSettings())
    return PVT(PVT_TINY, make, num_classes=num_classes, image_size=image_size)


def swin_tiny(*, num_classes: int = 1000, image_size: int = 224) -> nn.Module:
    """Swin-T with 49 pooled tokens in its first two stages; where they belong was not published."""
    make = in_stages("LLSS", partial(contrast_mixer, ContrastSettings()))
    return swin(SWIN_TINY, make, num_classes=num_classes, image_size=image_size)


def tiny(*, num_classes: int = 10, image_size: int = 32) -> nn.Module:
    """Four blocks of width 64 on patches of 4 pixels, with 16 pooled tokens."""
    return _deit(TINY, num_classes, image_size, ContrastSettings(pooled=(4, 4)))


def cswin_tiny(*, num_classes: int = 1000, image_size: int = 224) -> nn.Module:
    """CSWin-T with 49 pooled tokens in its first two stages, where the mixer's own convolution is LePE."""
    make = in_stages("LLSS", partial(contrast_mixer, ContrastSettings()))
    return CSWin(CSWIN_TINY, make, num_classes=num_classes, image_size=image_size)


def diffusion_transformer(size: DiTSize, pictures: Pictures | None = None) -> DiT:
    """A DiT with a pooled token for every four of its tokens, in all blocks."""
    pooled = max((pictures or Pictures()).side // size.patch // 2, 1)
    make = partial(contrast_mixer, ContrastSettings(pooled=(pooled, pooled)))
    return DiT(size, make, pictures=pictures)


def dit_tiny(*, image_size: int = 16) -> DiT:
    """Four blocks of width 64 on patches of 2 pixels, for tests and laptops."""
    pictures = Pictures(side=image_size, channels=3, num_classes=10, learns_variance=False)
    return diffusion_transformer(DiTSize(dim=64, num_heads=4, depth=4), pictures)


def dit_s_2() -> DiT:
    """DiT-S/2: 64 pooled tokens for 256."""
    return diffusion_transformer(DIT_SMALL)


def dit_s_4() -> DiT:
    """DiT-S/4: 16 pooled tokens for 64."""
    return diffusion_transformer(replace(DIT_SMALL, patch=4))


def dit_b_2() -> DiT:
    """DiT-B/2: 64 pooled tokens for 256."""
    return diffusion_transformer(DIT_BASE)
