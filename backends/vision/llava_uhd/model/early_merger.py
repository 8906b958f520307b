"""LLaVA-UHD v4's early merger: 2 x 2 patches become one inside the encoder; later layers see a quarter.

First the four patches of a window attend to each other, then an MLP over all four, added to their average.
It starts from the layer before it: the same attention, and an MLP that computes that layer's feed-forward
network on each patch and averages the four results.
"""

# Shape legend: T patches, W windows, D width, H heads, K head width

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps, Grid


class LayerParts(Protocol):
    """What of an encoder layer a merger starts from."""

    attention_norm: nn.LayerNorm
    qkv: nn.Linear
    out: nn.Linear
    mlp_norm: nn.LayerNorm
    up: nn.Linear
    down: nn.Linear


class EarlyMerger(nn.Module):
    """Feature maps in, maps of half the columns and half the rows out."""

    def __init__(self, width: int, feed_forward: int, heads: int, norm_eps: float) -> None:
        super().__init__()
        self.num_heads = heads
        self.attention_norm = nn.LayerNorm(width, eps=norm_eps)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(4 * width, eps=norm_eps)
        self.up = nn.Linear(4 * width, 4 * feed_forward)
        self.down = nn.Linear(4 * feed_forward, width)

    @torch.no_grad()
    def start_from(self, layer: LayerParts) -> None:
        """Copy the layer's attention, and its feed-forward network four times."""
        self.attention_norm.load_state_dict(layer.attention_norm.state_dict())
        self.qkv.load_state_dict(layer.qkv.state_dict())
        self.out.load_state_dict(layer.out.state_dict())
        self.mlp_norm.weight.copy_(layer.mlp_norm.weight.repeat(4))
        self.mlp_norm.bias.copy_(layer.mlp_norm.bias.repeat(4))
        self.up.weight.zero_()
        for number, rows in enumerate(self.up.weight.chunk(4)):
            rows.chunk(4, dim=1)[number].copy_(layer.up.weight)
        self.up.bias.copy_(layer.up.bias.repeat(4))
        self.down.weight.copy_(layer.down.weight.repeat(1, 4) / 4)
        self.down.bias.copy_(layer.down.bias)

    def forward(self, maps: FeatureMaps) -> FeatureMaps:
        """Merge every map. Raises `ModelError` for one with an odd number of columns or rows."""
        x_W4D = maps.features_TD[window_rows(maps.grids).to(maps.features_TD.device)]
        qkv = self.qkv(self.attention_norm(x_W4D)).unflatten(2, (3, self.num_heads, -1))
        q_WH4K, k_WH4K, v_WH4K = qkv.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(q_WH4K, k_WH4K, v_WH4K)
        x_W4D = x_W4D + self.out(seen.transpose(1, 2).flatten(2))
        hidden = functional.gelu(self.up(self.mlp_norm(x_W4D.flatten(1))), approximate="tanh")
        merged_WD = self.down(hidden) + x_W4D.mean(1)
        return FeatureMaps(merged_WD, tuple((columns // 2, rows // 2) for columns, rows in maps.grids))


def window_rows(grids: Sequence[Grid]) -> Tensor:
    """Where the four patches of every 2 x 2 window lie, (W, 4), windows and patches row by row.

    Raises `ModelError` for a grid that is not made of such windows.
    """
    found, start = [], 0
    for columns, rows in grids:
        if columns % 2 or rows % 2:
            raise ModelError(
                f"{columns} x {rows} patches cannot be merged two by two: plan with a rule whose sides are "
                "multiples of two patches."
            )
        places = torch.arange(start, start + columns * rows).reshape(rows // 2, 2, columns // 2, 2)
        found.append(places.transpose(1, 2).reshape(-1, 4))
        start += columns * rows
    return torch.cat(found)
