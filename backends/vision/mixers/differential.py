"""Differential attention: what one map of attention reads, less what another does.

"Differential Transformer", ICLR 2025, arXiv 2410.05258, without its causal mask. Here it is the baseline that
has the contrast of visual-contrast attention but not its pooled tokens; its cost grows with N squared.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.place import Grid, Place
from backends.vision.mixers.projections import head_width, projection

# Shape legend: B pictures, N tokens, C width, H heads, D width of a head, S its half

NORM_EPS = 1e-5


class ContrastWeight(nn.Module):
    """The learned factor on what is taken off, one for all heads: exp(a.b) - exp(c.d) + its first value."""

    def __init__(self, width: int, start: float) -> None:
        super().__init__()
        self.start = start
        self.vectors = nn.Parameter(torch.randn(4, width) * 0.1)

    def forward(self) -> Tensor:
        a, b, c, d = self.vectors.float()  # exponentials are taken in fp32
        weight: Tensor = (a @ b).exp() - (c @ d).exp() + self.start
        return weight


def first_contrast(block: int) -> float:
    """The factor's first value in block 0, 1, ...: 0.2 at the bottom, towards 0.8 higher up."""
    return 0.8 - 0.6 * math.exp(-0.3 * block)


class DifferentialAttention(nn.Module):
    """Every head's queries and keys are halved into two maps over the same values; the grid does not matter.

    The paper takes half as many heads as softmax attention would, so that its maps are as wide as those.

    Raises:
        ValueError: The heads do not share the width, or the width of a head is odd.
    """

    def __init__(self, dim: int, num_heads: int, block: int) -> None:
        super().__init__()
        self.head_width = head_width(dim, num_heads)
        if self.head_width % 2:
            raise ValueError(f"Heads of width {self.head_width} cannot be halved into two maps.")
        self.start = first_contrast(block)
        self.q, self.k, self.v = (projection(dim, dim) for _ in range(3))
        self.weight = ContrastWeight(self.head_width // 2, self.start)
        self.norm = nn.RMSNorm(self.head_width, eps=NORM_EPS)
        self.proj = projection(dim, dim)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        del grid
        v_BHND = self._split(self.v(x_BNC), self.head_width)
        q_BHNS, k_BHNS = (self._split(each(x_BNC), self.head_width // 2) for each in (self.q, self.k))
        found, doubted = (
            functional.scaled_dot_product_attention(q_BHNS[:, half::2], k_BHNS[:, half::2], v_BHND)
            for half in (0, 1)
        )
        read_BHND = self.norm(found - self.weight().to(found.dtype) * doubted)
        o_BNC = (1 - self.start) * read_BHND.transpose(1, 2).flatten(2)
        mixed: Tensor = self.proj(o_BNC)
        return mixed

    def _split(self, x_BNC: Tensor, width: int) -> Tensor:
        return x_BNC.view(*x_BNC.shape[:2], -1, width).transpose(1, 2)


def differential_mixer(place: Place) -> DifferentialAttention:
    """The mixer of a host's block, with half of the host's heads where it has an even number of them."""
    heads = place.num_heads // 2 if place.num_heads % 2 == 0 else place.num_heads
    return DifferentialAttention(place.dim, heads, place.block)
