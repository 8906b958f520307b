"""A causal language model over bytes: rotary positions, RMS norms, any residual topology."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.siamese_norm.stack import Stack
from backends.vision.siamese_norm.topology import TopologyName, make_topology

# Shape legend: B batch, N tokens, D width, H heads, K head width, V vocabulary

BYTES = 256
EPS = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class LanguageModelConfig:
    """The size of a language model, and how its sublayers are joined."""

    depth: int
    width: int
    num_heads: int
    topology: TopologyName
    mlp_ratio: int = 4
    vocabulary: int = BYTES


class CausalAttention(nn.Module):
    """Attention to earlier tokens, with rotary positions and, if asked, norms of q, k and v a head."""

    def __init__(self, width: int, num_heads: int, *, normalise_heads: bool) -> None:
        super().__init__()
        self.num_heads = num_heads
        head_width = width // num_heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.head_norms = nn.ModuleList(
            nn.RMSNorm(head_width, eps=EPS) if normalise_heads else nn.Identity() for _ in range(3)
        )

    def forward(self, x_BND: Tensor) -> Tensor:
        split = self.qkv(x_BND).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        q_BHNK, k_BHNK, v_BHNK = (norm(part) for norm, part in zip(self.head_norms, split, strict=True))
        mixed_BHNK = functional.scaled_dot_product_attention(
            rotate(q_BHNK), rotate(k_BHNK), v_BHNK, is_causal=True
        )
        out: Tensor = self.out(mixed_BHNK.transpose(1, 2).flatten(2))
        return out


def rotate(x_BHNK: Tensor) -> Tensor:
    """Rotary positions: pairs of channels turned by angles that grow with the place of the token."""
    num_tokens, width = x_BHNK.shape[-2:]
    frequency = 10_000 ** (-torch.arange(0, width, 2, device=x_BHNK.device) / width)
    angle = torch.arange(num_tokens, device=x_BHNK.device)[:, None] * frequency
    cos, sin = angle.cos(), angle.sin()
    first, second = x_BHNK.chunk(2, -1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)


class FeedForward(nn.Module):
    """Two linear layers with GELU between them."""

    def __init__(self, width: int, ratio: int) -> None:
        super().__init__()
        self.widen = nn.Linear(width, ratio * width, bias=False)
        self.out = nn.Linear(ratio * width, width, bias=False)

    def forward(self, x_BND: Tensor) -> Tensor:
        out: Tensor = self.out(functional.gelu(self.widen(x_BND)))
        return out


class LanguageModel(nn.Module):
    """Token numbers (B x N) to logits of the next token (B x N x V)."""

    def __init__(self, config: LanguageModelConfig) -> None:
        super().__init__()
        norm = partial(nn.RMSNorm, config.width, eps=EPS)
        topology = make_topology(config.topology, config.depth, norm, config.width)
        attention = partial(
            CausalAttention, config.width, config.num_heads, normalise_heads=topology.normalises_heads
        )
        sublayers = [
            made
            for _ in range(config.depth)
            for made in (attention(), FeedForward(config.width, config.mlp_ratio))
        ]
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.stack = Stack(sublayers, topology)
        self.head = nn.Linear(config.width, config.vocabulary, bias=False)
        self._init_weights()

    def _init_weights(self) -> None:
        """OLMo's scheme: by fan-in, outputs smaller with depth; DeepNorm has its own (Xavier by its gain)."""
        nn.init.trunc_normal_(self.embedding.weight, std=self.embedding.embedding_dim**-0.5)
        _by_fan_in(self.head, 1.0)
        gain = self.stack.topology.output_gain
        for index, sublayer in enumerate(self.stack.sublayers):
            for name, layer in sublayer.named_children():
                if not isinstance(layer, nn.Linear):
                    continue
                if gain != 1.0:
                    _xavier(layer, gain, thirds=name == "qkv")
                else:
                    _by_fan_in(layer, (2 * (index // 2 + 1)) ** -0.5 if name == "out" else 1.0)

    def forward(self, tokens_BN: Tensor) -> Tensor:
        logits_BNV: Tensor = self.head(self.stack(self.embedding(tokens_BN)))
        return logits_BNV


def _by_fan_in(layer: nn.Linear, factor: float) -> None:
    std = factor * layer.in_features**-0.5
    nn.init.trunc_normal_(layer.weight, std=std, a=-3 * std, b=3 * std)


def _xavier(layer: nn.Linear, gain: float, *, thirds: bool) -> None:
    """DeepNorm's first weights: Xavier, with the gain for all but queries and keys."""
    parts = layer.weight.data.chunk(3) if thirds else (layer.weight.data,)
    for number, part in enumerate(parts):
        nn.init.xavier_normal_(part, gain=1.0 if thirds and number < 2 else gain)


def byte_model(
    *, topology: TopologyName = "siamese", depth: int = 12, width: int = 64, num_heads: int = 4
) -> LanguageModel:
    """A small language model over bytes."""
    return LanguageModel(
        LanguageModelConfig(depth=depth, width=width, num_heads=num_heads, topology=topology)
    )
