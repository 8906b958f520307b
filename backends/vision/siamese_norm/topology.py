"""Residual topologies: how the sublayers of a deep network are joined, and where they are normalised.

A stack has two sublayers a block, attention and feed-forward, which hold no norms of their own; a topology
owns them all. It carries a state of one or two streams from sublayer to sublayer. Pre- and Post-Norm,
DeepNorm (arXiv 2203.00555), HybridNorm (2503.04598), ResiDual (2304.14802), SiameseNorm (2602.08064).
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor, nn

# Shape legend: h, x, y and what sublayers take and answer are B batch x N tokens x D width
State = tuple[Tensor, ...]
Sublayer = Callable[[Tensor], Tensor]
NormFactory = Callable[[], nn.Module]

TopologyName = Literal["pre", "post", "deepnorm", "hybrid", "residual", "siamese", "siamese_hybrid"]
TOPOLOGIES: tuple[TopologyName, ...] = get_args(TopologyName)
Scaling = Literal["block", "update", "none"]


class Topology(nn.Module, ABC):
    """The joints of a stack, and all its norms.

    `normalises_heads` asks of attention that it normalises queries, keys and values a head;
    `output_gain` is the factor on the first weights of values, outputs and feed-forward layers.
    """

    normalises_heads = False
    output_gain = 1.0

    def init(self, h: Tensor) -> State:
        """The state before the first sublayer."""
        return (h,)

    @abstractmethod
    def step(self, index: int, sublayer: Sublayer, state: State) -> State:
        """The state after sublayer `index`."""

    @abstractmethod
    def readout(self, state: State) -> Tensor:
        """What the network's head reads."""


def _norms(count: int, norm: NormFactory) -> nn.ModuleList:
    return nn.ModuleList(norm() for _ in range(count))


class PreNorm(Topology):
    """h + F(LN(h)): the main path is never normalised, and grows with depth."""

    def __init__(self, num_blocks: int, norm: NormFactory) -> None:
        super().__init__()
        self.norms = _norms(2 * num_blocks, norm)
        self.final_norm = norm()

    def step(self, index: int, sublayer: Sublayer, state: State) -> State:
        (h,) = state
        return (h + sublayer(self.norms[index](h)),)

    def readout(self, state: State) -> Tensor:
        read: Tensor = self.final_norm(state[0])
        return read


class OwnNorms(Topology):
    """h + F(h), for sublayers that bring their own norms, as those of diffusion transformers do."""

    def step(self, index: int, sublayer: Sublayer, state: State) -> State:
        del index
        (h,) = state
        return (h + sublayer(h),)

    def readout(self, state: State) -> Tensor:
        return state[0]


class PostNorm(Topology):
    """LN(stream * h + F(h)): the main path is normalised after every sublayer, and gradients fade."""

    def __init__(self, num_blocks: int, norm: NormFactory, stream: float = 1.0) -> None:
        super().__init__()
        self.stream = stream
        self.norms = _norms(2 * num_blocks, norm)

    def step(self, index: int, sublayer: Sublayer, state: State) -> State:
        (h,) = state
        return (self.norms[index](self.stream * h + sublayer(h)),)

    def readout(self, state: State) -> Tensor:
        return state[0]


class DeepNorm(PostNorm):
    """Post-Norm with a stronger main path and smaller first weights, both by depth (for a single stack)."""

    def __init__(self, num_blocks: int, norm: NormFactory) -> None:
        super().__init__(num_blocks, norm, stream=(2 * num_blocks) ** 0.25)
        self.output_gain = (8 * num_blocks) ** -0.25


class HybridNorm(Topology):
    """Attention on the plain stream with norms on its heads; the feed-forward layer normalises the stream."""

    normalises_heads = True

    def __init__(self, num_blocks: int, norm: NormFactory) -> None:
        super().__init__()
        self.norms = _norms(num_blocks, norm)
        self.final_norm = norm()

    def step(self, index: int, sublayer: Sublayer, state: State) -> State:
        (h,) = state
        if index % 2 == 1:
            h = self.norms[index // 2](h)
        return (h + sublayer(h),)

    def readout(self, state: State) -> Tensor:
        read: Tensor = self.final_norm(state[0])
        return read


class ResiDual(Topology):
    """Post-Norm, and beside it the sum of all updates, which is normalised once at the end."""

    def __init__(self, num_blocks: int, norm: NormFactory) -> None:
        super().__init__()
        self.norms = _norms(2 * num_blocks, norm)
        self.final_norm = norm()

    def init(self, h: Tensor) -> State:
        return h, h

    def step(self, index: int, sublayer: Sublayer, state: State) -> State:
        x, y = state
        update = sublayer(x)
        return self.norms[index](x + update), y + update

    def readout(self, state: State) -> Tensor:
        x, y = state
        read: Tensor = x + self.final_norm(y)
        return read


class Siamese(Topology):
    """Two streams for each sublayer: x, normalised before every update, and y, which never is.

    With the norms of x at zero it is Pre-Norm, with those of y at zero (and no input norms or scaling)
    Post-Norm of a normalised embedding.
    """

    def __init__(
        self,
        num_blocks: int,
        norm: NormFactory,
        *,
        input_norm: bool = True,
        final_norm: bool = True,
        scaling: Scaling = "block",
    ) -> None:
        super().__init__()
        self.scaling: Scaling = scaling
        self.x_norms = _norms(2 * num_blocks, norm)
        self.y_norms = _norms(2 * num_blocks, norm)
        self.input_norms = _norms(2 * num_blocks, norm if input_norm else nn.Identity)
        self.last_x_norm = norm()
        self.last_y_norm = norm()
        self.final_norm = norm() if final_norm else nn.Identity()

    def init(self, h: Tensor) -> State:
        return h, h

    def step(self, index: int, sublayer: Sublayer, state: State) -> State:
        x, y = state
        x = self.x_norms[index](x)
        update = sublayer(self.input_norms[index](x + self.y_norms[index](y)))
        return x + update / divisor(index, self.scaling), y + update

    def readout(self, state: State) -> Tensor:
        x, y = state
        read: Tensor = self.final_norm(self.last_x_norm(x) + self.last_y_norm(y))
        return read


class SiameseHybrid(Topology):
    """The form of the released language model: x is a HybridNorm stream, attention reads it by a gain."""

    normalises_heads = True

    def __init__(self, num_blocks: int, norm: NormFactory, width: int) -> None:
        super().__init__()
        self.gains = nn.ParameterList(torch.ones(width) for _ in range(num_blocks))
        self.x_norms = _norms(num_blocks, norm)
        self.input_norms = _norms(num_blocks, norm)
        self.y_norms = _norms(2 * num_blocks, norm)
        self.last_x_norm = norm()
        self.last_y_norm = norm()
        self.final_norm = norm()

    def init(self, h: Tensor) -> State:
        return h, h

    def step(self, index: int, sublayer: Sublayer, state: State) -> State:
        x, y = state
        block, is_feed_forward = divmod(index, 2)
        if is_feed_forward:
            x = self.x_norms[block](x)
            read = self.input_norms[block](x + self.y_norms[index](y))
        else:
            read = self.gains[block] * x + self.y_norms[index](y)
        update = sublayer(read)
        return x + update / divisor(index, "block"), y + update

    def readout(self, state: State) -> Tensor:
        x, y = state
        read: Tensor = self.final_norm(self.last_x_norm(x) + self.last_y_norm(y))
        return read


def divisor(index: int, scaling: Scaling) -> float:
    """What an update is divided by before it enters the normalised stream.

    The paper counts updates ("update"); the released code takes the square root of twice the number of the
    block for both of its sublayers ("block"), which we follow by default.
    """
    match scaling:
        case "block":
            return math.sqrt(2 * (index // 2 + 1))
        case "update":
            return math.sqrt(index + 1)
        case "none":
            return 1.0


def make_topology(name: TopologyName, num_blocks: int, norm: NormFactory, width: int) -> Topology:
    """A topology by name, for so many blocks of attention and feed-forward layers."""
    match name:
        case "pre":
            return PreNorm(num_blocks, norm)
        case "post":
            return PostNorm(num_blocks, norm)
        case "deepnorm":
            return DeepNorm(num_blocks, norm)
        case "hybrid":
            return HybridNorm(num_blocks, norm)
        case "residual":
            return ResiDual(num_blocks, norm)
        case "siamese":
            return Siamese(num_blocks, norm)
        case "siamese_hybrid":
            return SiameseHybrid(num_blocks, norm, width)
