"""Transformers with evolving attention: for time series, pictures and bytes."""

from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import torch
from timm.layers.patch_embed import PatchEmbed
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.evolving import Direction, EvolutionShares, EvolvingAttention, LogitEvolution

# Shape legend: B examples, N tokens, C width, H heads, T moments, F features, K classes, V vocabulary


@dataclass(frozen=True, kw_only=True, slots=True)
class TrunkConfig:
    """The layers of a transformer. Batch norms stand after each sublayer, layer norms before it."""

    width: int
    depth: int
    num_heads: int
    mlp_ratio: int = 4
    dropout: float = 0.0
    norm: Literal["batch", "layer"] = "layer"
    direction: Direction = "both"
    shares: EvolutionShares = field(default_factory=EvolutionShares)
    evolves: bool = True


class TokenBatchNorm(nn.BatchNorm1d):
    """Batch norm of the channels of tokens."""

    def forward(self, x_BNC: Tensor) -> Tensor:
        return super().forward(x_BNC.mT).mT


class Layer(nn.Module):
    """Attention and a perceptron, each beside a shortcut."""

    def __init__(self, config: TrunkConfig, *, evolves: bool) -> None:
        super().__init__()
        norm = partial(TokenBatchNorm if config.norm == "batch" else nn.LayerNorm, config.width)
        self.norms_before = config.norm == "layer"
        evolution = (
            LogitEvolution(config.num_heads, config.shares, direction=config.direction) if evolves else None
        )
        self.attention = EvolvingAttention(config.width, config.num_heads, evolution)
        self.mlp = nn.Sequential(
            nn.Linear(config.width, config.mlp_ratio * config.width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.mlp_ratio * config.width, config.width),
        )
        self.attention_norm, self.mlp_norm = norm(), norm()
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, x_BNC: Tensor, carried: Tensor | None, seen: Tensor | None, keys: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        if self.norms_before:
            mixed, evolved = self.attention(self.attention_norm(x_BNC), carried, seen=seen, keys=keys)
            x_BNC = x_BNC + self.dropout(mixed)
            return x_BNC + self.dropout(self.mlp(self.mlp_norm(x_BNC))), evolved
        mixed, evolved = self.attention(x_BNC, carried, seen=seen, keys=keys)
        x_BNC = self.attention_norm(x_BNC + self.dropout(mixed))
        return self.mlp_norm(x_BNC + self.dropout(self.mlp(x_BNC))), evolved


class Trunk(nn.Module):
    """Layers that hand on their maps; the first has none to go on from."""

    def __init__(self, config: TrunkConfig) -> None:
        super().__init__()
        self.is_causal = config.direction == "causal"
        self.layers = nn.ModuleList(
            Layer(config, evolves=config.evolves and number > 0) for number in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width) if config.norm == "layer" else nn.Identity()

    def forward(self, x_BNC: Tensor, kept_BN: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """Tokens, and the map of every layer; tokens that are not `kept` are padding."""
        seen, keys = self._masks(x_BNC, kept_BN)
        maps: list[Tensor] = []
        for layer in self.layers:
            x_BNC, evolved = layer(x_BNC, maps[-1] if maps else None, seen, keys)
            maps.append(evolved)
        return self.norm(x_BNC), maps

    def _masks(self, x_BNC: Tensor, kept_BN: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        seen = keys = None
        if kept_BN is not None:
            keys = kept_BN[:, None, None, :]
            seen = keys & kept_BN[:, None, :, None]
        if self.is_causal:
            num_tokens = x_BNC.shape[1]
            earlier = torch.ones(num_tokens, num_tokens, dtype=torch.bool, device=x_BNC.device).tril()
            keys = earlier if keys is None else keys & earlier
            seen = earlier if seen is None else seen & earlier
        return seen, keys


class SeriesTransformer(nn.Module):
    """EA-TST: a plain transformer for series with batch norms and learned positions, whose maps evolve."""

    def __init__(self, features: int, length: int, classes: int, config: TrunkConfig) -> None:
        super().__init__()
        self.embed = nn.Linear(features, config.width)
        self.positions = nn.Parameter(torch.empty(1, length, config.width).uniform_(-0.02, 0.02))
        self.trunk = Trunk(config)
        self.head = nn.Linear(length * config.width, classes)

    def forward(self, series_BTF: Tensor, kept_BT: Tensor | None = None) -> Tensor:
        y_BTC, _ = self.features(series_BTF, kept_BT)
        scores_BK: Tensor = self.head(y_BTC.flatten(1))
        return scores_BK

    def features(self, series_BTF: Tensor, kept_BT: Tensor | None) -> tuple[Tensor, list[Tensor]]:
        """What the head reads (B x T x C, padding as 0), and the maps of the layers."""
        if kept_BT is not None:
            series_BTF = series_BTF * kept_BT[..., None]
        embedded = self.embed(series_BTF) * self.embed.out_features**0.5 + self.positions
        y_BTC, maps = self.trunk(embedded, kept_BT)
        y_BTC = functional.gelu(y_BTC)
        return (y_BTC if kept_BT is None else y_BTC * kept_BT[..., None]), maps


class PictureTransformer(nn.Module):
    """A vision transformer with a class token, whose maps evolve."""

    def __init__(self, image_size: int, patch_size: int, classes: int, config: TrunkConfig) -> None:
        super().__init__()
        self.patches = PatchEmbed(image_size, patch_size, 3, config.width)
        num_tokens = 1 + (image_size // patch_size) ** 2
        self.class_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.positions = nn.Parameter(torch.randn(1, num_tokens, config.width) * 0.02)
        self.trunk = Trunk(config)
        self.head = nn.Linear(config.width, classes)

    def forward(self, picture_BCHW: Tensor) -> Tensor:
        patches_BNC = self.patches(picture_BCHW)
        first = self.class_token.expand(len(patches_BNC), -1, -1)
        y_BNC, _ = self.trunk(torch.cat([first, patches_BNC], 1) + self.positions)
        scores_BK: Tensor = self.head(y_BNC[:, 0])
        return scores_BK


class ByteTransformer(nn.Module):
    """A causal language model over bytes, whose maps evolve by a causal kernel."""

    def __init__(self, context: int, config: TrunkConfig, vocabulary: int = 256) -> None:
        super().__init__()
        if config.direction != "causal":
            raise ValueError("A language model's maps may know earlier tokens only: direction is causal.")
        self.embed = nn.Embedding(vocabulary, config.width)
        self.positions = nn.Parameter(torch.randn(1, context, config.width) * 0.02)
        self.trunk = Trunk(config)
        self.head = nn.Linear(config.width, vocabulary)

    def forward(self, tokens_BN: Tensor) -> Tensor:
        y_BNC, _ = self.trunk(self.embed(tokens_BN) + self.positions[:, : tokens_BN.shape[1]])
        logits_BNV: Tensor = self.head(y_BNC)
        return logits_BNV
