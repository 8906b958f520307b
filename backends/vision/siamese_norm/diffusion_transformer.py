"""The diffusion transformer DiT (arXiv 2212.09748), plain or with SiameseNorm's two streams.

Its sublayers bring their own norm, which the condition shifts and scales (adaLN-Zero), so the topology has
no input norms, and no norm after the two streams are joined: the last layer brings its own.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from timm.layers.activations import GELUTanh
from timm.layers.attention import Attention
from timm.layers.mlp import Mlp
from timm.layers.patch_embed import PatchEmbed
from torch import Tensor, nn

from backends.vision.siamese_norm.topology import PreNorm, Siamese, Topology

# Shape legend: B pictures, N tokens, D width, C channels of a picture, S its side, P side of a patch

EPS = 1e-6
FREQUENCIES = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffusionTransformerConfig:
    """The size of a DiT, and how its sublayers are joined. `label_dropout` trains the unconditional case."""

    depth: int
    width: int
    num_heads: int
    patch_size: int
    topology: Literal["pre", "siamese"] = "siamese"
    image_size: int = 32
    channels: int = 4
    num_classes: int = 1000
    label_dropout: float = 0.1
    learns_variance: bool = True


class ModulatedSublayer(nn.Module):
    """gate * F(LN(u) * (1 + scale) + shift); the three are linear in the condition, and zero at first."""

    def __init__(self, width: int, inner: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=EPS)
        self.inner = inner
        self.modulation = nn.Linear(width, 3 * width)

    def forward(self, u_BND: Tensor, condition_BD: Tensor) -> Tensor:
        modulation = self.modulation(nn.functional.silu(condition_BD))[:, None]
        shift, scale, gate = modulation.chunk(3, -1)
        updated: Tensor = gate * self.inner(self.norm(u_BND) * (1 + scale) + shift)
        return updated


class DiffusionTransformer(nn.Module):
    """Noisy pictures (B x C x S x S), times (B) and class numbers (B) to the noise, and its variance."""

    def __init__(self, config: DiffusionTransformerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.patch_embed = PatchEmbed(config.image_size, config.patch_size, config.channels, width)
        side = config.image_size // config.patch_size
        self.register_buffer("positions", sine_positions(side, width), persistent=False)
        self.time_embed = nn.Sequential(nn.Linear(FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))
        self.label_embed = nn.Embedding(config.num_classes + 1, width)  # the last one is "no class"
        attention = partial(Attention, width, num_heads=config.num_heads, qkv_bias=True)
        feed_forward = partial(Mlp, width, 4 * width, act_layer=GELUTanh)
        self.sublayers = nn.ModuleList(
            ModulatedSublayer(width, make())
            for _ in range(config.depth)
            for make in (attention, feed_forward)
        )
        self.topology = _topology(config)
        self.last_norm = nn.LayerNorm(width, elementwise_affine=False, eps=EPS)
        self.last_modulation = nn.Linear(width, 2 * width)
        outputs = config.channels * (2 if config.learns_variance else 1)
        self.last = nn.Linear(width, config.patch_size**2 * outputs)
        self._init_weights()

    def _init_weights(self) -> None:
        """As the released DiT: Xavier, small embeddings, and zero where an update or the output is made."""
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        nn.init.xavier_uniform_(self.patch_embed.proj.weight.data.flatten(1))
        assert self.patch_embed.proj.bias is not None
        nn.init.zeros_(self.patch_embed.proj.bias)
        nn.init.normal_(self.label_embed.weight, std=0.02)
        for layer in self.time_embed:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=0.02)
        for name, parameter in self.named_parameters():
            if "modulation" in name or name.startswith("last."):
                nn.init.zeros_(parameter)

    def forward(self, noisy_BCSS: Tensor, time_B: Tensor, label_B: Tensor) -> Tensor:
        h_BND = self.patch_embed(noisy_BCSS) + self.positions
        condition_BD = self.time_embed(wave_features(time_B)) + self.label_embed(self._dropped(label_B))
        state = self.topology.init(h_BND)
        for index, sublayer in enumerate(self.sublayers):
            state = self.topology.step(index, partial(sublayer, condition_BD=condition_BD), state)
        shift, scale = self.last_modulation(nn.functional.silu(condition_BD))[:, None].chunk(2, -1)
        read = self.last_norm(self.topology.readout(state)) * (1 + scale) + shift
        return self._pictures(self.last(read))

    def _dropped(self, label_B: Tensor) -> Tensor:
        """In training some labels are hidden, for guidance without a classifier."""
        if not self.training or self.config.label_dropout == 0:
            return label_B
        hidden = torch.rand(label_B.shape, device=label_B.device) < self.config.label_dropout
        return torch.where(hidden, self.config.num_classes, label_B)

    def _pictures(self, patches: Tensor) -> Tensor:
        side, patch = self.config.image_size // self.config.patch_size, self.config.patch_size
        grid = patches.view(len(patches), side, side, patch, patch, -1)
        return grid.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)


def _topology(config: DiffusionTransformerConfig) -> Topology:
    if config.topology == "pre":
        return PreNorm(config.depth, nn.Identity)
    norm = partial(nn.LayerNorm, config.width, eps=EPS)
    return Siamese(config.depth, norm, input_norm=False, final_norm=False)


def wave_features(time_B: Tensor) -> Tensor:
    """Cosines and sines of a time at frequencies from 1 down to about 1/10000."""
    half = FREQUENCIES // 2
    frequency = torch.exp(-math.log(10_000) * torch.arange(half, device=time_B.device) / half)
    angle = time_B[:, None].float() * frequency
    return torch.cat([angle.cos(), angle.sin()], -1)


def sine_positions(side: int, width: int) -> Tensor:
    """Fixed positions of a square grid (1 x N x D): half the channels tell the column, half the row."""
    frequency = 10_000.0 ** -(torch.arange(width // 4, dtype=torch.float64) / (width / 4))
    angle = torch.arange(side, dtype=torch.float64)[:, None] * frequency
    line = torch.cat([angle.sin(), angle.cos()], -1)
    columns = line[None].expand(side, -1, -1)
    rows = line[:, None].expand(-1, side, -1)
    return torch.cat([columns, rows], -1).flatten(0, 1)[None].float()


def dit_b_2(*, topology: Literal["pre", "siamese"] = "siamese") -> DiffusionTransformer:
    """DiT-B/2, for latents of 32 x 32 x 4."""
    return DiffusionTransformer(
        DiffusionTransformerConfig(depth=12, width=768, num_heads=12, patch_size=2, topology=topology)
    )


def dit_l_4(*, topology: Literal["pre", "siamese"] = "siamese") -> DiffusionTransformer:
    """DiT-L/4, for latents of 32 x 32 x 4."""
    return DiffusionTransformer(
        DiffusionTransformerConfig(depth=24, width=1024, num_heads=16, patch_size=4, topology=topology)
    )
