"""EA-DC: evolving attention beside dilated causal convolutions, for time series.

Four slips of the released code are put right, three of them by named switches: the table of relative
positions is learned instead of drawn anew in every pass, the heads' outputs are transposed instead of
reshaped, padding is kept out of the maps. (The fourth, two convolutions that are never used, is left out.)
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from backends.vision.mixers.evolving import (
    EvolutionShares,
    LogitEvolution,
    RelativeLogits,
    at_distances,
    masked_softmax,
)

# Shape legend: B series, T moments, F features, C channels, H heads, D width of a head, K classes


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesNetworkConfig:
    """An EA-DC network. `evolves` False is the same network without evolution.

    The last three are False only to compare with the released code.
    """

    features: int
    length: int
    classes: int
    width: int = 64
    hidden: int = 64
    feed_forward: int = 256
    layers: int = 3
    kernel: int = 3
    num_heads: int = 8
    key_ratio: float = 0.125
    value_ratio: float = 0.125
    dropout: float = 0.1
    shares: EvolutionShares = field(default_factory=EvolutionShares)
    evolves: bool = True
    learned_distances: bool = True
    transposed_heads: bool = True
    masked_padding: bool = True


class AttentionBesideConvolution(nn.Module):
    """Most channels by a causal convolution, the others by attention to all moments."""

    def __init__(
        self, config: SeriesNetworkConfig, inside: int, outside: int, dilation: int, *, evolves: bool
    ) -> None:
        super().__init__()
        self.num_heads = config.num_heads
        self.keys, self.values = int(outside * config.key_ratio), int(outside * config.value_ratio)
        if self.keys % self.num_heads or self.values % self.num_heads or not self.keys or not self.values:
            raise ValueError(
                f"{self.num_heads} heads cannot share {self.keys} channels of keys and {self.values} "
                "of values."
            )
        self.transposed_heads = config.transposed_heads
        self.longest = config.length
        self.reach = (config.kernel - 1) * dilation
        self.conv = weight_norm(nn.Conv1d(inside, outside - self.values, config.kernel, dilation=dilation))
        self.qkv = nn.Conv1d(inside, 2 * self.keys + self.values, 1)
        self.relative = (
            RelativeLogits(self.keys // self.num_heads, config.length) if config.learned_distances else None
        )
        self.evolution = LogitEvolution(self.num_heads, config.shares) if evolves else None

    def forward(
        self, x_BCT: Tensor, carried_BHTT: Tensor | None, kept_BT: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        convolved_BCT = self.conv(functional.pad(x_BCT, (self.reach, 0)))
        parts = self.qkv(x_BCT).split([self.keys, self.keys, self.values], 1)
        q_BHTD, k_BHTD, v_BHTD = (part.unflatten(1, (self.num_heads, -1)).mT for part in parts)
        q_BHTD = q_BHTD * q_BHTD.shape[-1] ** -0.5
        map_BHTT = q_BHTD @ k_BHTD.mT + self._relative(q_BHTD)
        seen, keys = _masks(kept_BT)
        if self.evolution is not None:
            assert carried_BHTT is not None, "only the first block has nothing to go on from"
            map_BHTT = self.evolution(map_BHTT, carried_BHTT, seen)
        mixed_BHTD = masked_softmax(map_BHTT, keys) @ v_BHTD
        if self.transposed_heads:
            attended_BCT = mixed_BHTD.mT.flatten(1, 2)
        else:
            attended_BCT = mixed_BHTD.reshape(len(x_BCT), self.values, -1)  # times and channels are scrambled
        return torch.cat([convolved_BCT, attended_BCT], 1), map_BHTT

    def _relative(self, q_BHTD: Tensor) -> Tensor:
        if self.relative is not None:
            logits: Tensor = self.relative(q_BHTD)
            return logits
        drawn = torch.randn(2 * self.longest - 1, q_BHTD.shape[-1], device=q_BHTD.device)
        return at_distances(q_BHTD @ drawn.T, q_BHTD.shape[-2], self.longest)


def _masks(kept_BT: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    """The pairs of moments that a map's convolution may read, and the keys that the softmax may."""
    if kept_BT is None:
        return None, None
    keys = kept_BT[:, None, None, :]
    return keys & kept_BT[:, None, :, None], keys


class SeriesBlock(nn.Module):
    """Twice attention beside convolution, a norm and a perceptron; a shortcut, and a norm."""

    def __init__(
        self, config: SeriesNetworkConfig, inside: int, outside: int, dilation: int, *, evolves: bool
    ) -> None:
        super().__init__()
        self.first = AttentionBesideConvolution(config, inside, outside, dilation, evolves=evolves)
        self.second = AttentionBesideConvolution(config, outside, outside, dilation, evolves=evolves)
        self.first_norm, self.second_norm, self.last_norm = (nn.BatchNorm1d(outside) for _ in range(3))
        self.first_mlp, self.second_mlp = (
            nn.Sequential(
                nn.Linear(outside, config.feed_forward),
                nn.LeakyReLU(),
                nn.Dropout(config.dropout),
                nn.Linear(config.feed_forward, outside),
            )
            for _ in range(2)
        )
        self.shortcut = nn.Conv1d(inside, outside, 1) if inside != outside else nn.Identity()
        self.between = nn.Sequential(nn.LeakyReLU(), nn.Dropout(config.dropout))

    def forward(
        self, x_BCT: Tensor, carried_BHTT: Tensor | None, kept_BT: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        y_BCT, map_BHTT = self.first(x_BCT, carried_BHTT, kept_BT)
        y_BCT = self.first_mlp(self.first_norm(y_BCT).mT).mT
        y_BCT, map_BHTT = self.second(y_BCT, self.between(map_BHTT), kept_BT)
        y_BCT = self.second_mlp(self.second_norm(y_BCT).mT).mT
        return self.last_norm(y_BCT + self.shortcut(x_BCT)), self.between(map_BHTT)


class SeriesNetwork(nn.Module):
    """Series (B x T x F) and which moments are real (B x T) to scores of classes, or to targets."""

    def __init__(self, config: SeriesNetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Linear(config.features, config.width)
        self.positions = nn.Parameter(torch.empty(1, config.length, config.width).uniform_(-0.02, 0.02))
        self.embed_dropout = nn.Dropout(config.dropout)
        widths = [config.width, *[config.hidden] * config.layers, config.width]
        self.blocks = nn.ModuleList(
            SeriesBlock(config, inside, outside, 2**number, evolves=config.evolves and number > 0)
            for number, (inside, outside) in enumerate(pairwise(widths))
        )
        self.last_dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.length * config.width, config.classes)

    def forward(self, series_BTF: Tensor, kept_BT: Tensor | None = None) -> Tensor:
        y_BCT, _ = self.features(series_BTF, kept_BT)
        y_BTC = self.last_dropout(functional.gelu(y_BCT.mT))
        if kept_BT is not None:
            y_BTC = y_BTC * kept_BT[..., None]
        scores_BK: Tensor = self.head(y_BTC.flatten(1))
        return scores_BK

    def features(self, series_BTF: Tensor, kept_BT: Tensor | None) -> tuple[Tensor, list[Tensor]]:
        """What the head reads (B x C x T), and the map that each block hands on."""
        if kept_BT is not None:
            series_BTF = series_BTF * kept_BT[..., None]
        num_moments = series_BTF.shape[1]
        embedded = self.embed(series_BTF) * math.sqrt(self.config.width) + self.positions[:, :num_moments]
        y_BCT = self.embed_dropout(embedded).mT
        masked = kept_BT if self.config.masked_padding else None
        maps: list[Tensor] = []
        for block in self.blocks:
            y_BCT, map_BHTT = block(y_BCT, maps[-1] if maps else None, masked)
            maps.append(map_BHTT)
        return y_BCT, maps
