"""What Self-Reference adds to an agent, as one model, to count and to time."""

import torch
from torch import Tensor, nn

from backends.rl.self_reference.lives import PUBLISHED_REFERENCE, SMALL_REFERENCE, recalling_encoder
from backends.rl.self_reference.reference import ReferenceSettings
from backends.rl.skills.phases import PUBLISHED, SMALL, Scale


class Recall(nn.Module):
    """The encoder asked about states and skills alone, outside any episode; its memory is empty."""

    def __init__(self, states: int, actions: int, scale: Scale, settings: ReferenceSettings) -> None:
        super().__init__()
        make = recalling_encoder(actions, scale, settings, "nearest")
        self.encoder = make(states, scale.surprise.skills)

    def forward(self, state: Tensor, skill: Tensor) -> Tensor:
        nowhere = torch.full((len(state),), -1, device=state.device)
        context: Tensor = self.encoder(state, skill, nowhere, nowhere)
        return context


def walker() -> Recall:
    """For URLB's walker: 24 numbers of state, 6 of action, skills of 64."""
    return Recall(24, 6, PUBLISHED, PUBLISHED_REFERENCE)


def tiny() -> Recall:
    """For the noisy room."""
    return Recall(2, 2, SMALL, SMALL_REFERENCE)
