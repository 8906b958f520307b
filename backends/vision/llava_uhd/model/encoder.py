"""A CLIP or SigLIP vision transformer that encodes pieces of any shape (section 3.1).

Only the positions differ from the tower it was trained as: they are stretched to the grid of each piece.
What a language model reads are the patches' states after the second-to-last layer, without class token and
without final norm, as in LLaVA.
"""

# Shape legend: T positions of all pieces, P patches of one, F pixels of a patch,
# D width, H heads, K width of a head

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.llava_uhd.model.attention import Arrangement, Batching, arrange
from backends.vision.llava_uhd.model.early_merger import EarlyMerger
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps, Grid
from backends.vision.llava_uhd.model.positions import GridPositions

Activation = Literal["quick_gelu", "gelu", "gelu_pytorch_tanh"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EncoderConfig:
    """The shape of a tower. Raises `ModelError` for one that cannot exist."""

    family: Literal["clip", "siglip"] = "clip"
    """`clip` has a class token, a norm before the first layer and patches without bias; `siglip` has not."""
    layers: int
    width: int
    feed_forward: int
    heads: int
    patch: int
    side: int
    """Patches along each side of the square that it was trained on."""
    activation: Activation = "quick_gelu"
    norm_eps: float = 1e-5
    feature_layer: int = -2
    """Whose states are the features, counted from the last layer, which is -1."""
    final_norm: bool = False
    merge_after: int | None = None
    """Layers before windows of 2 x 2 patches become one (LLaVA-UHD v4); None keeps them all."""

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ModelError(f"An encoder {self.width} wide cannot have {self.heads} equal heads.")
        if not -self.layers <= self.feature_layer <= -1:
            raise ModelError(
                f"Feature layer {self.feature_layer} does not exist: from {-self.layers} to -1 is possible."
            )
        if self.merge_after is not None and not 0 < self.merge_after < self.used_layers:
            raise ModelError(f"Patches can be merged after layer 1 to {self.used_layers - 1} here.")
        if self.merge_after is not None and self.family == "clip":
            raise ModelError("Patches can be merged only where there is no class token: use SigLIP.")

    @property
    def used_layers(self) -> int:
        """Layers up to the features; those above them are loaded but never run."""
        return self.layers + 1 + self.feature_layer


CLIP_VIT_L_336 = EncoderConfig(layers=24, width=1024, feed_forward=4096, heads=16, patch=14, side=24)
SIGLIP_SO400M = EncoderConfig(
    family="siglip",
    layers=27,
    width=1152,
    feed_forward=4304,
    heads=16,
    patch=14,
    side=32,
    activation="gelu_pytorch_tanh",
    norm_eps=1e-6,
    feature_layer=-1,
    final_norm=True,
)
"""SigLIP-SO400M at 448 px, the tower of LLaVA-UHD v4."""


class VisionEncoder(nn.Module):
    """Pieces in, feature maps out."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        clip, width = config.family == "clip", config.width
        self.patches = nn.Linear(3 * config.patch**2, width, bias=not clip)
        self.class_token = nn.Parameter(torch.zeros(2, width)) if clip else None
        """The token and its own position, which no piece's shape changes."""
        self.positions = GridPositions(config.side, width)
        self.first_norm = nn.LayerNorm(width, eps=config.norm_eps) if clip else nn.Identity()
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.last_norm = nn.LayerNorm(width, eps=config.norm_eps)
        self.merger = None
        if config.merge_after is not None:
            self.merger = EarlyMerger(width, config.feed_forward, config.heads, config.norm_eps)
        initialise(self)

    def forward(self, pieces: Sequence[Tensor], batching: Batching = "buckets") -> FeatureMaps:
        """Encode pieces, each (3, height, width) in whole patches, in any order and of any shapes.

        Raises `ModelError` for a piece that is not made of whole patches, and for none at all.
        """
        if not pieces:
            raise ModelError("There is nothing to encode: give at least one piece.")
        grids = [self._grid(piece) for piece in pieces]
        areas = [columns * rows for columns, rows in grids]
        order = sorted(range(len(pieces)), key=areas.__getitem__)
        ordered = tuple(grids[index] for index in order)
        maps = self._encode([pieces[index] for index in order], ordered, batching)
        if order == sorted(order):
            return maps
        parts, places = maps.split(), sorted(range(len(order)), key=order.__getitem__)
        return FeatureMaps(
            torch.cat([parts[place] for place in places]), tuple(maps.grids[place] for place in places)
        )

    def _encode(self, pieces: Sequence[Tensor], grids: tuple[Grid, ...], batching: Batching) -> FeatureMaps:
        x_TD = self.first_norm(self._embedded(pieces, grids))
        extra = 0 if self.class_token is None else 1
        arrangement = arrange([columns * rows + extra for columns, rows in grids], batching, x_TD.device)
        for number, layer in enumerate(self.layers[: self.config.used_layers]):
            if self.merger is not None and number == self.config.merge_after:
                merged = self.merger(FeatureMaps(x_TD, grids))
                x_TD, grids = merged.features_TD, merged.grids
                arrangement = arrange(merged.lengths, batching, x_TD.device)
            x_TD = layer(x_TD, arrangement)
        if self.config.final_norm:
            x_TD = self.last_norm(x_TD)
        if extra:
            x_TD = x_TD[_patches_only(grids).to(x_TD.device)]
        return FeatureMaps(x_TD, grids)

    def _embedded(self, pieces: Sequence[Tensor], grids: Sequence[Grid]) -> Tensor:
        dtype = self.patches.weight.dtype
        pixels_TF = torch.cat([_patch_pixels(piece, self.config.patch) for piece in pieces]).to(dtype)
        patches = self.patches(pixels_TF).split([columns * rows for columns, rows in grids])
        positions = {grid: self.positions(grid) for grid in set(grids)}
        placed = [patch_PD + positions[grid] for patch_PD, grid in zip(patches, grids, strict=True)]
        if self.class_token is None:
            return torch.cat(placed)
        first_1D = self.class_token.sum(0, keepdim=True)
        return torch.cat([part for patch_PD in placed for part in (first_1D, patch_PD)])

    def _grid(self, piece: Tensor) -> Grid:
        patch = self.config.patch
        if piece.ndim != 3 or piece.shape[0] != 3 or piece.shape[1] % patch or piece.shape[2] % patch:
            raise ModelError(
                f"A piece must be 3 x height x width in whole patches of {patch} pixels, "
                f"not {' x '.join(map(str, piece.shape))}."
            )
        columns, rows = piece.shape[2] // patch, piece.shape[1] // patch
        if not columns * rows:
            raise ModelError("A piece without pixels cannot be encoded.")
        return columns, rows


class Layer(nn.Module):
    """One transformer layer with the norms before its branches."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width = config.width
        self.num_heads = config.heads
        self.attention_norm = nn.LayerNorm(width, eps=config.norm_eps)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width, eps=config.norm_eps)
        self.up = nn.Linear(width, config.feed_forward)
        self.down = nn.Linear(config.feed_forward, width)
        self.activation = config.activation

    def forward(self, x_TD: Tensor, arrangement: Arrangement) -> Tensor:
        qkv_T3HK = self.qkv(self.attention_norm(x_TD)).unflatten(1, (3, self.num_heads, -1))
        q_THK, k_THK, v_THK = qkv_T3HK.unbind(1)
        x_TD = x_TD + self.out(arrangement.attend(q_THK, k_THK, v_THK).flatten(1))
        changed_TD: Tensor = self.down(activated(self.up(self.mlp_norm(x_TD)), self.activation))
        return x_TD + changed_TD


def activated(x: Tensor, activation: Activation) -> Tensor:
    """Apply the named non-linearity; `quick_gelu` is CLIP's."""
    match activation:
        case "quick_gelu":
            return x * torch.sigmoid(1.702 * x)
        case "gelu":
            return functional.gelu(x)
        case "gelu_pytorch_tanh":
            return functional.gelu(x, approximate="tanh")


def initialise(encoder: VisionEncoder) -> None:
    """Start a tower that is trained from nothing, with CLIP's spreads for its width and depth."""
    width = encoder.config.width
    into_residual = (2 * encoder.config.layers * width) ** -0.5
    for module in encoder.modules():
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, Layer):
            nn.init.normal_(module.qkv.weight, std=width**-0.5)
            nn.init.normal_(module.out.weight, std=into_residual)
            nn.init.normal_(module.up.weight, std=(2 * width) ** -0.5)
            nn.init.normal_(module.down.weight, std=into_residual)
    nn.init.normal_(encoder.positions.table, std=width**-0.5)
    if encoder.class_token is not None:
        nn.init.normal_(encoder.class_token, std=width**-0.5)
    if encoder.merger is not None:
        layer = encoder.layers[(encoder.config.merge_after or 1) - 1]
        assert isinstance(layer, Layer)
        encoder.merger.start_from(layer)


def _patch_pixels(piece: Tensor, patch: int) -> Tensor:
    """The pixels of every patch, row by row, (P, F), in the order of a convolution's kernel."""
    channels, height, width = piece.shape
    tiles = piece.reshape(channels, height // patch, patch, width // patch, patch)
    return tiles.permute(1, 3, 0, 2, 4).reshape(-1, channels * patch * patch)


def _patches_only(grids: Sequence[Grid]) -> Tensor:
    """The rows that are not the class token of their piece."""
    kept, start = [], 0
    for columns, rows in grids:
        kept.append(torch.arange(start + 1, start + 1 + columns * rows))
        start += 1 + columns * rows
    return torch.cat(kept)
