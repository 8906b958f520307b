"""The networks of an agent of MOSS as one model, to count and to time."""

import torch
from torch import Tensor, nn

from backends.rl.skills.contrastive import SkillContrast
from backends.rl.skills.networks import Actor, TwinCritic


class AgentNetworks(nn.Module):
    """Actor, twin critic and CIC's representation, asked what an action is worth and how skills match."""

    def __init__(self, states: int, actions: int, skills: int, width: int) -> None:
        super().__init__()
        self.actor = Actor(states + skills, actions, width)
        self.critic = TwinCritic(states + skills, actions, width)
        self.contrast = SkillContrast(states, skills, width)

    def forward(self, state: Tensor, skill: Tensor) -> Tensor:
        context = torch.cat([state, skill], -1)
        query, key = self.contrast(state, state, skill)
        return torch.cat([self.critic(context, self.actor(context)), (query * key).sum(-1, keepdim=True)], -1)


def walker() -> AgentNetworks:
    """URLB's walker: 24 numbers of state, 6 of action, skills of 64."""
    return AgentNetworks(24, 6, 64, 1024)


def tiny() -> AgentNetworks:
    """The noisy room's."""
    return AgentNetworks(2, 2, 8, 64)
