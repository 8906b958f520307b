"""Actor and twin critic of URLB's DDPG for states: a normalised trunk, then plain layers."""

import torch
from torch import Tensor, nn

# Shape legend: B batch, C context (state, skill and what else is known), A action


def orthogonal(module: nn.Module) -> None:
    """Orthogonal weights of gain 1 and no biases, for `Module.apply`."""
    if isinstance(module, nn.Linear):
        nn.init.orthogonal_(module.weight)
        nn.init.zeros_(module.bias)


def trunk(inputs: int, width: int) -> nn.Sequential:
    """What finetuning keeps of a critic: one layer, normalised and squashed."""
    return nn.Sequential(nn.Linear(inputs, width), nn.LayerNorm(width), nn.Tanh())


class Actor(nn.Module):
    """The mean action of a context."""

    def __init__(self, context: int, actions: int, width: int) -> None:
        super().__init__()
        self.trunk = trunk(context, width)
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, actions))
        self.apply(orthogonal)

    def forward(self, context_BC: Tensor) -> Tensor:
        action_BA: Tensor = torch.tanh(self.head(self.trunk(context_BC)))
        return action_BA


class TwinCritic(nn.Module):
    """Two values of an action in a context, B x 2, on one trunk."""

    def __init__(self, context: int, actions: int, width: int) -> None:
        super().__init__()
        self.trunk = trunk(context + actions, width)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)) for _ in range(2)
        )
        self.apply(orthogonal)

    def forward(self, context_BC: Tensor, action_BA: Tensor) -> Tensor:
        hidden = self.trunk(torch.cat([context_BC, action_BA], -1))
        return torch.cat([head(hidden) for head in self.heads], -1)


def clamp_straight_through(values: Tensor, limit: float) -> Tensor:
    """Values within ±limit, with the gradient of the identity."""
    return values + (values.clamp(-limit, limit) - values).detach()
