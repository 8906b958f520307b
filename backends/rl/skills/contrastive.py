"""CIC's representation: a skill and the step it leads to are each other's match among those of a batch."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.rl.skills.networks import orthogonal

# Shape legend: B batch, O state, Z skill, R features


def _perceptron(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs)
    )


class SkillContrast(nn.Module):
    """Features of states, of the steps between them, and of skills; all as wide as a skill."""

    def __init__(self, states: int, skills: int, width: int, temperature: float = 0.5) -> None:
        super().__init__()
        self.state = _perceptron(states, width, skills)
        self.step = _perceptron(2 * skills, width, skills)
        self.skill = _perceptron(skills, width, skills)
        self.temperature = temperature
        self.apply(orthogonal)

    def forward(self, state_BO: Tensor, next_BO: Tensor, skill_BZ: Tensor) -> tuple[Tensor, Tensor]:
        """The features of skills, and of steps."""
        step = torch.cat([self.state(state_BO), self.state(next_BO)], -1)
        return self.skill(skill_BZ), self.step(step)

    def loss(self, state_BO: Tensor, next_BO: Tensor, skill_BZ: Tensor) -> Tensor:
        """The noise-contrastive loss of CIC."""
        queries, keys = self(state_BO, next_BO, skill_BZ)
        return contrastive_loss(queries, keys, self.temperature)


def contrastive_loss(query_BR: Tensor, key_BR: Tensor, temperature: float) -> Tensor:
    """−log of the matching similarity over the sum of all.

    From the sum the published code takes e^(1/T), the largest that the diagonal can be, instead of the
    diagonal itself; so do we.
    """
    query_BR, key_BR = functional.normalize(query_BR, dim=-1), functional.normalize(key_BR, dim=-1)
    similarity_BB = torch.exp(query_BR @ key_BR.T / temperature)
    largest = torch.exp(torch.tensor(1.0 / temperature, dtype=query_BR.dtype, device=query_BR.device))
    others_B = (similarity_BB.sum(1) - largest).clamp(min=1e-6)
    return -torch.log(similarity_BB.diagonal() / (others_B + 1e-6)).mean()
