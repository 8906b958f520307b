"""What offline agents are made of: twin critics as one batched network, and three kinds of policies."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

# Shape legend: E members of an ensemble, B batch, X width of an input, H of a layer, A of an action


def perceptron(sizes: Sequence[int], *, layer_norm: bool = False, dropout: float = 0.0) -> nn.Sequential:
    """Linear layers of these widths with ReLU between; LayerNorm stands before the ReLU."""
    layers: list[nn.Module] = []
    for number, (wide, narrow) in enumerate(pairwise(sizes)):
        layers.append(nn.Linear(wide, narrow))
        if number < len(sizes) - 2:
            if layer_norm:
                layers.append(nn.LayerNorm(narrow))
            layers.append(nn.ReLU(inplace=True))
            if dropout > 0:
                layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


class Critics(nn.Module):
    """Several critics of one shape, computed at once; `forward` gives E rows of values.

    Weights begin as torch's own linear layers do, each member for itself.
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int] = (256, 256),
        *,
        members: int = 2,
        layer_norm: bool = False,
    ) -> None:
        super().__init__()
        self.layer_norm = layer_norm
        sizes = [inputs, *hidden, 1]
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        self.scales = nn.ParameterList()
        self.shifts = nn.ParameterList()
        for wide, narrow in pairwise(sizes):
            bound = 1 / math.sqrt(wide)
            self.weights.append(nn.Parameter(torch.empty(members, wide, narrow).uniform_(-bound, bound)))
            self.biases.append(nn.Parameter(torch.empty(members, 1, narrow).uniform_(-bound, bound)))
        if layer_norm:
            for width in hidden:
                self.scales.append(nn.Parameter(torch.ones(members, 1, width)))
                self.shifts.append(nn.Parameter(torch.zeros(members, 1, width)))

    def forward(self, x_BX: Tensor, members: int | None = None) -> Tensor:
        """Values of states and actions side by side, as members by batch; of the first `members` only."""
        weights = [weight[:members] for weight in self.weights] if members else list(self.weights)
        biases = [bias[:members] for bias in self.biases] if members else list(self.biases)
        h_EBH = x_BX.expand(len(weights[0]), *x_BX.shape)
        for layer, (weight, bias) in enumerate(zip(weights[:-1], biases[:-1], strict=True)):
            h_EBH = torch.baddbmm(bias, h_EBH, weight)
            if self.layer_norm:
                scale, shift = self.scales[layer][:members], self.shifts[layer][:members]
                h_EBH = functional.layer_norm(h_EBH, h_EBH.shape[-1:]) * scale + shift
            h_EBH = functional.relu(h_EBH, inplace=True)
        # A product with one column is several times slower as a matrix product, above all backwards.
        values_EB: Tensor = (h_EBH * weights[-1].mT).sum(-1) + biases[-1][..., 0]
        return values_EB

    @property
    def num_layers(self) -> int:
        return len(self.weights)


class DeterministicPolicy(nn.Module):
    """An action for each state, within (-1, 1)."""

    def __init__(self, obs_dim: int, action_dim: int, hidden: Sequence[int] = (256, 256)) -> None:
        super().__init__()
        self.body = perceptron([obs_dim, *hidden, action_dim])

    def forward(self, obs: Tensor) -> Tensor:
        action: Tensor = self.body(obs).tanh()
        return action


class GaussianPolicy(nn.Module):
    """A normal distribution about a mean within (-1, 1); its deviation is the same in every state (IQL's)."""

    def __init__(
        self, obs_dim: int, action_dim: int, hidden: Sequence[int] = (256, 256), dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.body = perceptron([obs_dim, *hidden, action_dim], dropout=dropout)
        for layer in self.body:
            if isinstance(layer, nn.Linear):
                nn.init.orthogonal_(layer.weight, math.sqrt(2))
                nn.init.zeros_(layer.bias)
        self.log_std = nn.Parameter(torch.zeros(action_dim))

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Means and the deviation."""
        return self.body(obs).tanh(), self.log_std.clamp(-5, 2).exp()

    def log_prob(self, obs: Tensor, action: Tensor) -> Tensor:
        """Log densities, summed over the parts of an action."""
        mean, std = self.forward(obs)
        return normal_log_prob(mean, std, action)

    def sample(self, obs: Tensor) -> Tensor:
        """An action of each state's distribution, with a gradient, cut to [-1, 1]."""
        mean, std = self.forward(obs)
        return (mean + std * torch.randn_like(mean)).clamp(-1, 1)


class SquashedGaussianPolicy(nn.Module):
    """A normal distribution through tanh, as in SAC and CQL; two learnt numbers rescale the log-deviation."""

    def __init__(self, obs_dim: int, action_dim: int, hidden: Sequence[int] = (256, 256)) -> None:
        super().__init__()
        self.body = perceptron([obs_dim, *hidden, 2 * action_dim])
        last = self.body[-1]
        assert isinstance(last, nn.Linear)
        nn.init.xavier_uniform_(last.weight, gain=1e-2)
        nn.init.zeros_(last.bias)
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.shift = nn.Parameter(torch.tensor(-1.0))

    def forward(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log-deviations before tanh."""
        mean, log_std = self.body(obs).chunk(2, dim=-1)
        return mean, (self.scale * log_std + self.shift).clamp(-20, 2)

    def sample(self, obs: Tensor, count: int | None = None) -> tuple[Tensor, Tensor]:
        """Actions with their log densities; `count` of each state, in front, or one."""
        mean, log_std = self.forward(obs)
        if count is not None:
            mean, log_std = mean.expand(count, *mean.shape), log_std.expand(count, *log_std.shape)
        noise = torch.randn_like(mean)
        before = mean + log_std.exp() * noise
        density = -0.5 * noise**2 - log_std - 0.5 * math.log(2 * math.pi)
        return before.tanh(), (density - _log_slope_of_tanh(before)).sum(-1)

    def log_prob(self, obs: Tensor, action: Tensor) -> Tensor:
        """Log densities of actions within (-1, 1)."""
        mean, log_std = self.forward(obs)
        before = torch.atanh(action.clamp(-0.999, 0.999))
        density = -0.5 * ((before - mean) / log_std.exp()) ** 2 - log_std - 0.5 * math.log(2 * math.pi)
        return (density - _log_slope_of_tanh(before)).sum(-1)


def normal_log_prob(mean: Tensor, std: Tensor, value: Tensor) -> Tensor:
    """Log density of independent normals, summed over the last axis."""
    density = -0.5 * ((value - mean) / std) ** 2 - std.log() - 0.5 * math.log(2 * math.pi)
    return density.sum(-1)


def _log_slope_of_tanh(before: Tensor) -> Tensor:
    """log(1 - tanh(u)^2), stable for large u."""
    return 2 * (math.log(2) - before - functional.softplus(-2 * before))


def follow(target: nn.Module, source: nn.Module, share: float) -> None:
    """Move a target network's weights by a share towards the trained ones (Polyak)."""
    with torch.no_grad():
        torch._foreach_lerp_(list(target.parameters()), list(source.parameters()), share)
