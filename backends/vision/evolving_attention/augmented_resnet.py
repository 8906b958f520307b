"""EA-AA-ResNet: a residual network whose later 3 x 3 convolutions share channels with evolving attention.

Attention beside convolution is that of "Attention Augmented Convolutional Networks", ICCV 2019, with logits
relative in rows and in columns. Maps go on from block to block as long as they are of one size.

Legend: B pictures, C channels, R x S a grid, N = RS tokens, H heads, D width of a head
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.evolving import (
    EvolutionShares,
    GridRelativeLogits,
    LogitEvolution,
    masked_softmax,
)
from backends.vision.mixers.tokens import as_map, as_tokens

_EXPANSION = 4
_POOLED_STAGE = 1  # the first that is augmented: its maps would be too large


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentedResNetConfig:
    """The size of the network, and its attention; all stages but the first are augmented.

    Keys and values take `key_ratio` and `value_ratio` of a convolution's channels.
    """

    depths: tuple[int, int, int, int]
    width: int = 64
    num_heads: int = 8
    key_ratio: float = 0.25
    value_ratio: float = 0.125
    shares: EvolutionShares = field(default_factory=lambda: EvolutionShares(carried=0.5, convolved=1.0))
    evolves: bool = True


DEPTHS_50 = (3, 4, 6, 3)
DEPTHS_101 = (3, 4, 23, 3)
DEPTHS_152 = (3, 8, 36, 3)


class AugmentedConvolution(nn.Module):
    """A 3 x 3 convolution for most channels, attention over the `grid` for the rest.

    Where it is `pooled`, attention looks at a map of half the side. Without `evolves` its logits are its own.
    """

    def __init__(
        self,
        channels: int,
        config: AugmentedResNetConfig,
        *,
        stride: int,
        grid: tuple[int, int],
        pooled: bool,
        evolves: bool,
    ) -> None:
        super().__init__()
        heads = config.num_heads
        self.num_heads, self.stride, self.pooled = heads, stride, pooled
        self.keys, self.values = int(channels * config.key_ratio), int(channels * config.value_ratio)
        if self.keys % heads or self.values % heads or not self.values:
            raise ValueError(
                f"{heads} heads cannot share {self.keys} channels of keys and {self.values} of values."
            )
        self.conv = nn.Conv2d(channels, channels - self.values, 3, stride, padding=1, bias=False)
        self.qkv = nn.Linear(channels, 2 * self.keys + self.values)
        self.relative = GridRelativeLogits(self.keys // heads, grid)
        self.evolution = LogitEvolution(heads, config.shares, activation=nn.ReLU()) if evolves else None
        self.proj = nn.Linear(self.values, self.values)

    def forward(self, x_BCRS: Tensor, carried: Tensor | None) -> tuple[Tensor, Tensor]:
        """The channels of both, and the map that goes on."""
        seen = _halved(x_BCRS) if self.stride == 2 else x_BCRS
        full = seen.shape[2:]
        if self.pooled:
            seen = _halved(seen)
        grid = (seen.shape[2], seen.shape[3])
        parts = self.qkv(as_tokens(seen)).split([self.keys, self.keys, self.values], -1)
        q_BHND, k_BHND, v_BHND = (part.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for part in parts)
        q_BHND = q_BHND * q_BHND.shape[-1] ** -0.5
        map_BHNN = q_BHND @ k_BHND.mT + self.relative(q_BHND, grid)
        if self.evolution is not None:
            assert carried is not None, "only the first map of its size has nothing to go on from"
            map_BHNN = self.evolution(map_BHNN, carried)
        mixed_BNC = (masked_softmax(map_BHNN, None) @ v_BHND).transpose(1, 2).flatten(2)
        mixed = as_map(self.proj(mixed_BNC), grid)
        if self.pooled:
            mixed = functional.interpolate(mixed, full, mode="bilinear", align_corners=False)
        return torch.cat([self.conv(x_BCRS), mixed], 1), map_BHNN


def _halved(x_BCRS: Tensor) -> Tensor:
    """Means of 3 x 3 places at every second, within the map, as released."""
    return functional.avg_pool2d(x_BCRS, 3, 2, ceil_mode=True)


class Bottleneck(nn.Module):
    """ResNet's block of three convolutions, the stride in the second; that one may be augmented."""

    def __init__(self, inside: int, channels: int, stride: int, middle: nn.Module) -> None:
        super().__init__()
        outside = _EXPANSION * channels
        self.conv1 = nn.Conv2d(inside, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = middle
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outside, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outside)
        self.shortcut: nn.Module = nn.Identity()
        if inside != outside or stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, x: Tensor, carried: Tensor | None) -> tuple[Tensor, Tensor | None]:
        y = functional.relu(self.bn1(self.conv1(x)))
        if isinstance(self.conv2, AugmentedConvolution):
            y, carried = self.conv2(y, carried)
        else:
            y = self.conv2(y)
        y = self.bn3(self.conv3(functional.relu(self.bn2(y))))
        return functional.relu(y + self.shortcut(x)), carried


class AugmentedResNet(nn.Module):
    """EA-AA-ResNet as a classifier of pictures of 32, 64, 96, ... pixels.

    Raises:
        ValueError: The size of the pictures is no multiple of 32, or heads cannot share the channels.
    """

    def __init__(
        self, config: AugmentedResNetConfig, *, num_classes: int = 1000, image_size: int = 224
    ) -> None:
        super().__init__()
        if image_size % 32:
            raise ValueError(f"Pictures have a multiple of 32 pixels a side, not {image_size}.")
        self.stem = nn.Sequential(
            nn.Conv2d(3, config.width, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(config.width),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, padding=1),
        )
        blocks: list[Bottleneck] = []
        inside, last_side = config.width, 0
        for stage, depth in enumerate(config.depths):
            channels = config.width * 2**stage
            pooled = stage == _POOLED_STAGE
            side = image_size // (4 * 2**stage) // (2 if pooled else 1)
            for number in range(depth):
                stride = 2 if stage > 0 and number == 0 else 1
                middle: nn.Module
                if stage < _POOLED_STAGE:
                    middle = nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False)
                else:
                    middle = AugmentedConvolution(
                        channels,
                        config,
                        stride=stride,
                        grid=(side, side),
                        pooled=pooled,
                        evolves=config.evolves and side == last_side,
                    )
                    last_side = side
                blocks.append(Bottleneck(inside, channels, stride, middle))
                inside = _EXPANSION * channels
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Linear(inside, num_classes)
        self._init_weights()

    def _init_weights(self) -> None:
        for module in self.modules():
            match module:
                case nn.Conv2d():
                    nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                    if module.bias is not None:
                        nn.init.zeros_(module.bias)
                case nn.Linear():
                    nn.init.normal_(module.weight, std=module.in_features**-0.5)
                    nn.init.zeros_(module.bias)

    def forward(self, picture_BCRS: Tensor) -> Tensor:
        """Scores of the classes, B x K."""
        y, _ = self.features(picture_BCRS)
        scores: Tensor = self.head(y.mean((2, 3)))
        return scores

    def features(self, picture_BCRS: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The last map of features, and the maps of attention of all augmented blocks."""
        x, carried = self.stem(picture_BCRS), None
        maps: list[Tensor] = []
        for block in self.blocks:
            x, carried = block(x, carried)
            if carried is not None:
                maps.append(carried)
        return x, maps
