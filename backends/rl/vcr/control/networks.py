"""The networks of DrQ with a latent model: one encoder, two values of an action, a policy, a transition."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

# Shape legend: B states, C H W frames of a stack, F numbers of the convolutions, Z latent, A levers


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlNetworkConfig:
    """The published sizes for frames of 84 pixels; `channels` of a frame times `stack` go in."""

    levers: int
    side: int = 84
    channels: int = 3
    stack: int = 3
    widths: tuple[int, ...] = (32, 32, 32, 32)
    strides: tuple[int, ...] = (2, 1, 1, 1)
    latent: int = 50
    hidden: int = 1024
    least_log_spread: float = -10.0
    most_log_spread: float = 2.0

    @property
    def convolved(self) -> int:
        side = self.side
        for stride in self.strides:
            side = (side - 3) // stride + 1
        return self.widths[-1] * side**2


def orthogonal(module: nn.Module) -> None:
    """Orthogonal weights without biases, for `Module.apply`; those of convolutions suit a ReLU."""
    match module:
        case nn.Linear():
            nn.init.orthogonal_(module.weight)
            nn.init.zeros_(module.bias)
        case nn.Conv2d():
            nn.init.orthogonal_(module.weight, nn.init.calculate_gain("relu"))
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]


def to_latent(into: int, latent: int) -> nn.Sequential:
    """The last layers before a latent: numbers between -1 and 1."""
    return nn.Sequential(nn.Linear(into, latent), nn.LayerNorm(latent), nn.Tanh())


def layers(into: int, hidden: int, out: int) -> nn.Sequential:
    """Two hidden layers."""
    return nn.Sequential(
        nn.Linear(into, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, out)
    )


class TwinValues(nn.Module):
    """Two opinions of what an action is worth in a latent state."""

    def __init__(self, config: ControlNetworkConfig) -> None:
        super().__init__()
        self.opinions = nn.ModuleList(
            layers(config.latent + config.levers, config.hidden, 1) for _ in range(2)
        )

    def forward(self, latent_BZ: Tensor, action_BA: Tensor) -> Tensor:
        """B x 2."""
        together = torch.cat((latent_BZ, action_BA), -1)
        return torch.cat([one(together) for one in self.opinions], -1)


class ValueNetwork(nn.Module):
    """Encoder and twin values; what is copied as a target."""

    def __init__(self, config: ControlNetworkConfig) -> None:
        super().__init__()
        self.config = config
        widths = (config.channels * config.stack, *config.widths)
        parts: list[nn.Module] = []
        for into, out, stride in zip(widths, config.widths, config.strides, strict=False):
            parts += [nn.Conv2d(into, out, 3, stride), nn.ReLU()]
        self.convolutions = nn.Sequential(*parts, nn.Flatten())
        self.to_latent = to_latent(config.convolved, config.latent)
        self.values = TwinValues(config)
        self.apply(orthogonal)

    def encode(self, stacks_BCHW: Tensor) -> Tensor:
        """Latents of stacks of numbers from 0 to 1."""
        latents: Tensor = self.to_latent(self.convolutions(stacks_BCHW))
        return latents

    def forward(self, stacks_BCHW: Tensor, action_BA: Tensor) -> Tensor:
        values: Tensor = self.values(self.encode(stacks_BCHW), action_BA)
        return values


class Policy(nn.Module):
    """A squashed normal distribution of actions, on the values' convolutions, which it leaves alone."""

    def __init__(self, config: ControlNetworkConfig) -> None:
        super().__init__()
        self._bounds = (config.least_log_spread, config.most_log_spread)
        self.to_latent = to_latent(config.convolved, config.latent)
        self.layers = layers(config.latent, config.hidden, 2 * config.levers)
        self.apply(orthogonal)

    def forward(self, convolved_BF: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and spread before squashing."""
        mean_BA, raw_BA = self.layers(self.to_latent(convolved_BF.detach())).chunk(2, -1)
        low, high = self._bounds
        return mean_BA, (low + 0.5 * (high - low) * (raw_BA.tanh() + 1)).exp()

    def drawn(self, convolved_BF: Tensor) -> tuple[Tensor, Tensor]:
        """Actions, and the logarithm of their density."""
        mean_BA, spread_BA = self(convolved_BF)
        noise_BA = torch.randn_like(mean_BA)
        raw_BA = mean_BA + spread_BA * noise_BA
        log_normal_BA = -0.5 * noise_BA.square() - spread_BA.log() - 0.9189385332046727  # ln(2 pi) / 2
        # The derivative of tanh is 4 exp(-2 x) / (1 + exp(-2 x)) ** 2, written so that it never is 0.
        log_slope_BA = 2 * (0.6931471805599453 - raw_BA - functional.softplus(-2 * raw_BA))
        return raw_BA.tanh(), (log_normal_BA - log_slope_BA).sum(-1)


class Transition(nn.Module):
    """The latent that follows an action: a change of the latent, brought back to where latents live."""

    def __init__(self, config: ControlNetworkConfig) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Linear(config.latent + config.levers, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.latent),
        )
        self.finish = nn.Sequential(nn.LayerNorm(config.latent), nn.Tanh())
        self.apply(orthogonal)

    def forward(self, latent_BZ: Tensor, action_BA: Tensor) -> Tensor:
        changed: Tensor = self.finish(latent_BZ + self.change(torch.cat((latent_BZ, action_BA), -1)))
        return changed


class ControlWithModel(nn.Module):
    """All that is trained: values, policy, latent model, and the predictor of the latent loss."""

    def __init__(self, config: ControlNetworkConfig) -> None:
        super().__init__()
        self.network = ValueNetwork(config)
        self.policy = Policy(config)
        self.transition = Transition(config)
        self.predictor = nn.Linear(config.latent, config.latent)

    def imagined(self, latent_BZ: Tensor, actions_BKA: Tensor) -> list[Tensor]:
        """The latents after one action, two, and so on."""
        found = []
        for step in range(actions_BKA.shape[1]):
            latent_BZ = self.transition(latent_BZ, actions_BKA[:, step])
            found.append(latent_BZ)
        return found

    def forward(self, stacks_BCHW: Tensor, action_BA: Tensor) -> Tensor:
        """Values now and after the action, the policy and the prediction, side by side.

        For tools that know a model by its output.
        """
        convolved = self.network.convolutions(stacks_BCHW)
        latent = self.network.to_latent(convolved)
        follows = self.transition(latent, action_BA)
        now, then = self.network.values(latent, action_BA), self.network.values(follows, action_BA)
        return torch.cat((now, then, *self.policy(convolved), self.predictor(follows)), -1)
