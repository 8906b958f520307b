"""Linear layers of mixers as vision transformers begin with them."""

from torch import nn

WEIGHT_STD = 0.02


def projection(inside: int, outside: int) -> nn.Linear:
    """A linear layer with truncated normal weights and no bias at first."""
    layer = nn.Linear(inside, outside)
    nn.init.trunc_normal_(layer.weight, std=WEIGHT_STD)
    nn.init.zeros_(layer.bias)
    return layer


def head_width(dim: int, num_heads: int) -> int:
    """The width of a head.

    Raises:
        ValueError: The heads do not share the width evenly.
    """
    if dim % num_heads:
        raise ValueError(f"{num_heads} heads cannot share a width of {dim} evenly.")
    return dim // num_heads
