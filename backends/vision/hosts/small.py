"""The small vision transformer on which mixers are compared."""

from torch import nn

from backends.vision.hosts.deit import DeiTSize, deit
from backends.vision.mixers.place import MakeMixer

SMALL = DeiTSize(dim=64, num_heads=2, depth=4, patch=2)


def small_vit(make_mixer: MakeMixer, *, num_classes: int = 10, image_size: int = 16) -> nn.Module:
    """Four blocks of width 64 on patches of 2 pixels, 0.2 M parameters."""
    return deit(SMALL, make_mixer, num_classes=num_classes, image_size=image_size, class_token=False)
