"""The diffusion transformer DiT with SiameseNorm's two streams, or plain.

The norms of the condition (adaLN-Zero) stand in place of the input norms, and that of the last layer in place
of the norm after the two streams are joined.
"""

from dataclasses import replace
from functools import partial
from typing import Literal

from torch import nn

from backends.vision.hosts.dit import DIT_BASE, DIT_LARGE, EPS, DiT, DiTSize, Pictures
from backends.vision.siamese_norm.topology import OwnNorms, Siamese

DiTTopology = Literal["pre", "siamese"]

TINY = DiTSize(dim=64, num_heads=4, depth=4)


def diffusion_transformer(size: DiTSize, pictures: Pictures | None = None, *, topology: DiTTopology) -> DiT:
    """A DiT of this size whose sublayers are joined by this topology."""
    norm = partial(nn.LayerNorm, size.dim, eps=EPS)
    joined = (
        OwnNorms() if topology == "pre" else Siamese(size.depth, norm, input_norm=False, final_norm=False)
    )
    return DiT(size, pictures=pictures, topology=joined)


def dit_tiny(*, topology: DiTTopology = "siamese", image_size: int = 16) -> DiT:
    """Four blocks of width 64 on patches of 2 pixels, for tests and laptops."""
    pictures = Pictures(side=image_size, channels=3, num_classes=10, learns_variance=False)
    return diffusion_transformer(TINY, pictures, topology=topology)


def dit_b_2(*, topology: DiTTopology = "siamese") -> DiT:
    """DiT-B/2."""
    return diffusion_transformer(DIT_BASE, topology=topology)


def dit_l_4(*, topology: DiTTopology = "siamese") -> DiT:
    """DiT-L/4."""
    return diffusion_transformer(replace(DIT_LARGE, patch=4), topology=topology)
