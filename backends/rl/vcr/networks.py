"""The networks of the data-efficient Rainbow with a latent model, after the released code of SPR."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

# Shape legend: B states, C H W frame or latent, A actions, N atoms, P projection

_LEAST_RANGE = 1e-6
"""A constant latent has no range to divide by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """The published sizes for frames of 84 pixels; `channels` of a frame times `stack` go in."""

    num_actions: int
    side: int = 84
    channels: int = 1
    stack: int = 4
    widths: tuple[int, ...] = (32, 64, 64)
    kernels: tuple[int, ...] = (8, 4, 3)
    strides: tuple[int, ...] = (4, 2, 1)
    hidden: int = 256
    atoms: int = 51
    bound: float = 10.0
    noise: float = 0.5
    dropout: float = 0.0

    @property
    def latent_side(self) -> int:
        side = self.side
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            side = (side - kernel) // stride + 1
        return side


def renormalised(latents_BCHW: Tensor) -> Tensor:
    """Each latent stretched to between 0 and 1."""
    low = latents_BCHW.amin((1, 2, 3), keepdim=True)
    high = latents_BCHW.amax((1, 2, 3), keepdim=True)
    return (latents_BCHW - low) / (high - low + _LEAST_RANGE)


class NoisyLinear(nn.Module):
    """A linear layer whose weights are disturbed by factorised noise (Fortunato et al. 2018)."""

    into_noise: Tensor
    out_noise: Tensor

    def __init__(self, into: int, out: int, noise: float) -> None:
        super().__init__()
        bound = 1 / math.sqrt(into)
        self.weight = nn.Parameter(torch.empty(out, into).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(out).uniform_(-bound, bound))
        self.weight_spread = nn.Parameter(torch.full((out, into), noise / math.sqrt(into)))
        self.bias_spread = nn.Parameter(torch.full((out,), noise / math.sqrt(out)))
        self.register_buffer("into_noise", torch.zeros(into))
        self.register_buffer("out_noise", torch.zeros(out))
        self.draw_noise()

    def draw_noise(self) -> None:
        """Draw noise that stays until the next draw."""
        for noise in (self.into_noise, self.out_noise):
            drawn = torch.randn_like(noise)
            noise.copy_(drawn.sign() * drawn.abs().sqrt())

    def forward(self, x: Tensor, noisy: bool = True) -> Tensor:
        if not noisy:
            return functional.linear(x, self.weight, self.bias)
        weight = self.weight + self.weight_spread * torch.outer(self.out_noise, self.into_noise)
        return functional.linear(x, weight, self.bias + self.bias_spread * self.out_noise)


class _ScaleGradient(torch.autograd.Function):
    @staticmethod
    def forward(context: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(context: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> Tensor:
        return gradients[0] * 2**-0.5


class ValueHead(nn.Module):
    """The distribution of each action's value, duelling: a state's value and each action's advantage."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.shape = (config.num_actions, config.atoms)
        latent = config.widths[-1] * config.latent_side**2
        self.advantage_inner = NoisyLinear(latent, config.hidden, config.noise)
        self.advantage_outer = NoisyLinear(config.hidden, config.num_actions * config.atoms, config.noise)
        self.advantage_bias = nn.Parameter(torch.zeros(config.atoms))
        self.value_inner = NoisyLinear(latent, config.hidden, config.noise)
        self.value_outer = NoisyLinear(config.hidden, config.atoms, config.noise)

    def forward(self, latents_BCHW: Tensor, noisy: bool = True) -> Tensor:
        """Log-probabilities of the atoms, B, A, N. The gradient for what is below is scaled down."""
        flat: Tensor = _ScaleGradient.apply(latents_BCHW.flatten(1))
        inner = self.advantage_inner(flat, noisy).relu()
        advantage_BAN = self.advantage_outer(inner, noisy).view(-1, *self.shape) + self.advantage_bias
        value_BN = self.value_outer(self.value_inner(flat, noisy).relu(), noisy)
        logits = value_BN[:, None] + advantage_BAN - advantage_BAN.mean(1, keepdim=True)
        log_p: Tensor = logits.log_softmax(-1)
        return log_p

    def projection(self, latents_BCHW: Tensor) -> Tensor:
        """What both halves' first layers say, without noise: where latents are compared."""
        flat = latents_BCHW.flatten(1)
        return torch.cat((self.value_inner(flat, False), self.advantage_inner(flat, False)), -1)

    def draw_noise(self) -> None:
        """Draw the noise of all layers."""
        for module in self.modules():
            if isinstance(module, NoisyLinear):
                module.draw_noise()


class Transition(nn.Module):
    """The latent that follows an action."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width = config.widths[-1]
        self.num_actions = config.num_actions
        self.layers = nn.Sequential(
            nn.Conv2d(width + config.num_actions, width, 3, padding=1),
            nn.ReLU(),
            nn.BatchNorm2d(width),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
        )

    def forward(self, latents_BCHW: Tensor, actions_B: Tensor) -> Tensor:
        planes = functional.one_hot(actions_B, self.num_actions).to(latents_BCHW.dtype)[..., None, None]
        planes = planes.expand(-1, -1, *latents_BCHW.shape[-2:])
        return renormalised(self.layers(torch.cat((latents_BCHW, planes), 1)))


class RainbowNetwork(nn.Module):
    """Encoder and head; what is copied as a target."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        widths = (config.channels * config.stack, *config.widths)
        parts: list[nn.Module] = []
        for into, out, kernel, stride in zip(
            widths, config.widths, config.kernels, config.strides, strict=False
        ):
            parts += [nn.Conv2d(into, out, kernel, stride), nn.ReLU()]
            if config.dropout:
                parts.append(nn.Dropout(config.dropout))
        self.layers = nn.Sequential(*parts)
        self.head = ValueHead(config)

    def encode(self, stacks_BCHW: Tensor) -> Tensor:
        """Latents of stacks of numbers from 0 to 1."""
        return renormalised(self.layers(stacks_BCHW))

    def forward(self, stacks_BCHW: Tensor, noisy: bool = True) -> Tensor:
        """Log-probabilities of each action's value."""
        log_p: Tensor = self.head(self.encode(stacks_BCHW), noisy)
        return log_p


class RainbowWithModel(nn.Module):
    """All that is trained: the network, the latent model, and the predictor of the latent loss."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.network = RainbowNetwork(config)
        self.transition = Transition(config)
        self.predictor = nn.Linear(2 * config.hidden, 2 * config.hidden)

    def imagined(self, latents_BCHW: Tensor, actions_BK: Tensor) -> list[Tensor]:
        """The latents after one action, two, and so on."""
        found = []
        for step in range(actions_BK.shape[1]):
            latents_BCHW = self.transition(latents_BCHW, actions_BK[:, step])
            found.append(latents_BCHW)
        return found

    def forward(self, stacks_BCHW: Tensor, actions_BA: Tensor) -> Tensor:
        """Values now and after an action, and the prediction of the latter, side by side.

        For tools that know a model by its output; actions are scores, of which the highest is taken.
        """
        latents = self.network.encode(stacks_BCHW)
        follows = self.transition(latents, actions_BA.argmax(-1))
        predicted = self.predictor(self.network.head.projection(follows))
        now, then = self.network.head(latents), self.network.head(follows)
        return torch.cat((now.flatten(1), then.flatten(1), predicted), -1)
