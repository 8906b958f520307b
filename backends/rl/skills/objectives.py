"""What an agent without a task is rewarded for: surprise in a space learnt by contrasting skills.

With skills drawn uniformly and surprise always sought, this is CIC; MOSS draws skills and signs in its way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from backends.rl.skills.contrastive import SkillContrast
from backends.rl.skills.particle_reward import ParticleReward
from backends.rl.skills.replay import Array, Batch

SEEKS, AVOIDS = 0, 1
"""The modes of a step: surprise is a reward, or a cost."""


class DrawSkill(Protocol):
    """Which skill is practised from a step of an episode on, and in which mode."""

    def __call__(self, step: int, stream: np.random.Generator) -> tuple[Array, int]:
        """A skill and its mode."""
        ...


@dataclass(frozen=True, slots=True)
class UniformSkill:
    """CIC's: anywhere in the unit cube, and surprise is sought."""

    size: int

    def __call__(self, step: int, stream: np.random.Generator) -> tuple[Array, int]:
        return stream.random(self.size, dtype=np.float32), SEEKS


@dataclass(frozen=True, slots=True, kw_only=True)
class SurpriseSettings:
    """The published settings; CIC subtracts no mean and measures among next states only."""

    skills: int = 64
    width: int = 1024
    rate: float = 1e-4
    temperature: float = 0.5
    neighbours: int = 16
    clip: float = 5e-4
    minus_mean: bool = False
    among_next_states: bool = True


class Surprise:
    """The intrinsic reward of a batch, and the representation in which it is measured."""

    def __init__(self, states: int, settings: SurpriseSettings, device: str = "cpu") -> None:
        self.contrast = SkillContrast(states, settings.skills, settings.width, settings.temperature)
        self.contrast.to(device)
        self._among_next_states = settings.among_next_states
        self._particles = ParticleReward(settings.neighbours, settings.clip, minus_mean=settings.minus_mean)
        self._optimiser = torch.optim.Adam(self.contrast.parameters(), lr=settings.rate, fused=True)

    @torch.no_grad()
    def reward(self, batch: Batch) -> Tensor:
        """Surprise, negative where it is to be avoided; neighbours are those of both modes together."""
        next_BR = self.contrast.state(batch.next_BO)
        from_BR = next_BR if self._among_next_states else self.contrast.state(batch.state_BO)
        surprise_B = self._particles(from_BR, next_BR)
        return torch.where(batch.mode_B == AVOIDS, -surprise_B, surprise_B)

    def learn(self, batch: Batch) -> Mapping[str, Tensor]:
        """One step of the representation."""
        loss = self.contrast.loss(batch.state_BO, batch.next_BO, batch.skill_BZ)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return {"contrast": loss.detach()}

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "contrast": self.contrast.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "particles": self._particles.seen.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.contrast.load_state_dict(state["contrast"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._particles.seen.restore(state["particles"])
