"""A family of policies by one coefficient: its embedding, and the model that picks it by state (FamO2O).

The coefficient says how strongly the policy improves on its data; small ones stay near the data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backends.rl.offline_agents.networks import perceptron

# Shape legend: B batch
WIDTH = 6  # numbers of an embedding: three frequencies, sine and cosine of each
_WAVELENGTHS = 10_000.0


def embedding(coefficient_B: Tensor) -> Tensor:
    """sin and cos of beta / 10000^(2i/6) for i = 0, 1, 2, interleaved, as rows of six."""
    powers = torch.arange(WIDTH // 2, device=coefficient_B.device) * (2 / WIDTH)
    phase = coefficient_B[..., None] / _WAVELENGTHS**powers
    return torch.stack([phase.sin(), phase.cos()], dim=-1).flatten(-2)


@dataclass(frozen=True, slots=True)
class CoefficientRange:
    """The coefficients of a family: 1 to 5 for locomotion, 8 to 14 for AntMaze (on IQL).

    `repo_range` maps as the released CQL code does, whose range is then not the stated one.
    """

    low: float = 1.0
    high: float = 5.0
    repo_range: bool = False

    def of_unit(self, unit: Tensor) -> Tensor:
        """From (-1, 1) to a coefficient."""
        if self.repo_range:
            return unit * (self.high - self.low) + self.low
        return (unit + 1) / 2 * (self.high - self.low) + self.low

    def uniform(self, count: int, device: torch.device) -> Tensor:
        """One coefficient each, at random."""
        return torch.empty(count, device=device).uniform_(self.low, self.high)


class BalanceModel(nn.Module):
    """A tanh-Gaussian over one number a state; its log-deviation is the same in every state."""

    def __init__(self, obs_dim: int, hidden: Sequence[int] = (256, 256)) -> None:
        super().__init__()
        self.body = perceptron([obs_dim, *hidden, 1])
        self.log_std = nn.Parameter(torch.zeros(1))

    def forward(self, obs: Tensor) -> Tensor:
        """The greedy number within (-1, 1)."""
        unit: Tensor = self.body(obs)[:, 0].tanh()
        return unit

    def sample(self, obs: Tensor) -> tuple[Tensor, Tensor]:
        """A number within (-1, 1) with its log density, both with gradients."""
        mean_B, log_std = self.body(obs)[:, 0], self.log_std.clamp(-5, 2)
        noise_B = torch.randn_like(mean_B)
        before_B = mean_B + log_std.exp() * noise_B
        slope_B = 2 * (math.log(2) - before_B - nn.functional.softplus(-2 * before_B))
        log_prob_B = -0.5 * noise_B**2 - log_std - 0.5 * math.log(2 * math.pi) - slope_B
        return before_B.tanh(), log_prob_B
