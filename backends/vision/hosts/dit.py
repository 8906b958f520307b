"""DiT as a host: the diffusion transformer, whose blocks take any mixer and any residual topology.

DiT: "Scalable Diffusion Models with Transformers", ICCV 2023 (arXiv 2212.09748). Its sublayers bring their
own norm, which the condition shifts and scales (adaLN-Zero), so a topology has no input norms, and no norm
before the last layer, which brings its own.

Legend: B pictures, N tokens, D width, C channels of a picture, S its side, P side of a patch
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
from timm.layers.activations import GELUTanh
from timm.layers.attention import Attention
from timm.layers.mlp import Mlp
from timm.layers.patch_embed import PatchEmbed
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.place import Grid, MakeMixer, Place, host_attention
from backends.vision.mixers.tokens import TokenConvolution
from backends.vision.siamese_norm.topology import OwnNorms, Topology

EPS = 1e-6
FREQUENCIES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class DiTSize:
    """Width, depth, heads and patch of a DiT."""

    dim: int
    num_heads: int
    depth: int = 12
    patch: int = 2


DIT_SMALL = DiTSize(dim=384, num_heads=6)
DIT_BASE = DiTSize(dim=768, num_heads=12)
DIT_LARGE = DiTSize(dim=1024, num_heads=16, depth=24)
DIT_XLARGE = DiTSize(dim=1152, num_heads=16, depth=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """What a DiT is built for: latents of 32 x 32 x 4 and ImageNet's classes, unless told otherwise.

    `label_dropout` trains the unconditional case; `learns_variance` doubles the channels of the output.
    """

    side: int = 32
    channels: int = 4
    num_classes: int = 1000
    label_dropout: float = 0.1
    learns_variance: bool = True


class OnGrid(nn.Module):
    """A mixer of a fixed grid as a sublayer of tokens only."""

    def __init__(self, mixer: nn.Module, grid: Grid) -> None:
        super().__init__()
        self.mixer = mixer
        self.grid = grid

    def forward(self, x_BND: Tensor) -> Tensor:
        mixed: Tensor = self.mixer(x_BND, self.grid)
        return mixed


class ModulatedSublayer(nn.Module):
    """gate * F(LN(u) * (1 + scale) + shift); the three are linear in the condition, and zero at first."""

    def __init__(self, dim: int, inner: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim, elementwise_affine=False, eps=EPS)
        self.inner = inner
        self.modulation = nn.Linear(dim, 3 * dim)

    def forward(self, u_BND: Tensor, condition_BD: Tensor) -> Tensor:
        modulation = self.modulation(functional.silu(condition_BD))[:, None]
        shift, scale, gate = modulation.chunk(3, -1)
        updated: Tensor = gate * self.inner(self.norm(u_BND) * (1 + scale) + shift)
        return updated


class PositionConvolution(nn.Module):
    """A depthwise convolution of the stream, which tells where a token lies; the condition is not asked."""

    def __init__(self, dim: int, grid: Grid) -> None:
        super().__init__()
        self.convolution = TokenConvolution(dim)
        self.grid = grid

    def forward(self, u_BND: Tensor, condition_BD: Tensor) -> Tensor:
        del condition_BD
        return self.convolution.on_tokens(u_BND, self.grid)


class DiT(nn.Module):
    """Noisy pictures (B x C x S x S), times (B) and class numbers (B) to the noise, and its variance.

    Without class numbers it answers for no class in particular. With `convolves` each block begins with a
    convolution of the stream, as DiT^3 does.

    Raises:
        ValueError: Patches do not fill the picture, or a topology with norms of its own meets convolutions,
            for which it has none.
    """

    positions: Tensor

    def __init__(
        self,
        size: DiTSize,
        make_mixer: MakeMixer = host_attention,
        *,
        pictures: Pictures | None = None,
        topology: Topology | None = None,
        convolves: bool = False,
    ) -> None:
        super().__init__()
        self.size, self.pictures = size, pictures or Pictures()
        if self.pictures.side % size.patch:
            raise ValueError(f"Patches of {size.patch} do not fill a picture of {self.pictures.side}.")
        if convolves and topology is not None:
            raise ValueError("Only the plain residual stream takes convolutions between its sublayers.")
        side = self.pictures.side // size.patch
        self.patch_embed = PatchEmbed(self.pictures.side, size.patch, self.pictures.channels, size.dim)
        self.register_buffer("positions", sine_positions(side, size.dim), persistent=False)
        self.time_embed = nn.Sequential(
            nn.Linear(FREQUENCIES, size.dim), nn.SiLU(), nn.Linear(size.dim, size.dim)
        )
        self.label_embed = nn.Embedding(self.pictures.num_classes + 1, size.dim)  # the last one is "no class"
        sublayers: list[nn.Module] = []
        for block in range(size.depth):
            if convolves:
                sublayers.append(PositionConvolution(size.dim, (side, side)))
            sublayers += _block(size, make_mixer, block, (side, side))
        self.sublayers = nn.ModuleList(sublayers)
        self.topology = topology or OwnNorms()
        self.last_norm = nn.LayerNorm(size.dim, elementwise_affine=False, eps=EPS)
        self.last_modulation = nn.Linear(size.dim, 2 * size.dim)
        outputs = self.pictures.channels * (2 if self.pictures.learns_variance else 1)
        self.last = nn.Linear(size.dim, size.patch**2 * outputs)
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

    def forward(self, noisy_BCSS: Tensor, time_B: Tensor, label_B: Tensor | None = None) -> Tensor:
        h_BND = self.patch_embed(noisy_BCSS) + self.positions
        condition_BD = self.time_embed(wave_features(time_B)) + self._label(label_B, len(noisy_BCSS))
        state = self.topology.init(h_BND)
        for index, sublayer in enumerate(self.sublayers):
            state = self.topology.step(index, partial(sublayer, condition_BD=condition_BD), state)
        shift, scale = self.last_modulation(functional.silu(condition_BD))[:, None].chunk(2, -1)
        read = self.last_norm(self.topology.readout(state)) * (1 + scale) + shift
        return self.unpatched(self.last(read))

    def _label(self, label_B: Tensor | None, size: int) -> Tensor:
        embedded: Tensor
        if label_B is None:
            embedded = self.label_embed.weight[-1].expand(size, -1)
        else:
            embedded = self.label_embed(self.dropped(label_B))
        return embedded

    def dropped(self, label_B: Tensor) -> Tensor:
        """In training some labels are hidden, for guidance without a classifier."""
        if not self.training or self.pictures.label_dropout == 0:
            return label_B
        hidden = torch.rand(label_B.shape, device=label_B.device) < self.pictures.label_dropout
        return torch.where(hidden, self.pictures.num_classes, label_B)

    def unpatched(self, patches: Tensor) -> Tensor:
        """The picture that patches (B x N x PPC) make."""
        side, patch = self.pictures.side // self.size.patch, self.size.patch
        grid = patches.view(len(patches), side, side, patch, patch, -1)
        return grid.permute(0, 5, 1, 3, 2, 4).flatten(4, 5).flatten(2, 3)


def plain_dit(size: DiTSize, pictures: Pictures) -> DiT:
    """The host as it was published."""
    return DiT(size, pictures=pictures)


def _block(size: DiTSize, make_mixer: MakeMixer, block: int, grid: Grid) -> list[nn.Module]:
    """A block's mixer and perceptron."""
    place = Place(stage=0, block=block, dim=size.dim, num_heads=size.num_heads, grid=grid)
    mixer = make_mixer(place)
    attention = Attention(size.dim, size.num_heads, qkv_bias=True) if mixer is None else OnGrid(mixer, grid)
    perceptron = Mlp(size.dim, 4 * size.dim, act_layer=GELUTanh)
    return [ModulatedSublayer(size.dim, inner) for inner in (attention, perceptron)]


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
