"""Watches the values of a training with SEEM's measure, so that a divergence is said before it is a NaN."""

from dataclasses import dataclass

import torch

from backends.lab.batches import generator_for
from backends.rl.divergence.self_excitation import SelfExcitation, self_excitation
from backends.rl.offline_agents.agent import OfflineAgent
from backends.rl.offline_agents.batches import TransitionBatch, TransitionTensors

BEYOND = 10.0  # a mean |Q| so many times the largest possible return has diverged, not overestimated


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen: the mean |Q| over the largest possible return, and the measure (None past a crash)."""

    excess: float
    measured: SelfExcitation | None

    @property
    def diverged(self) -> bool:
        return not self.excess <= BEYOND


class DivergenceWatch:
    """Looks at the same transitions each time."""

    def __init__(self, data: TransitionTensors, device: str, points: int = 128) -> None:
        chosen = torch.randperm(len(data), generator=generator_for(0, 7))[:points]
        self._batch: TransitionBatch = data.batch(chosen.to(device))
        every = data.batch(torch.arange(len(data), device=device))
        horizon = 1 / (1 - float(every.discount.max().clamp(max=0.9999)))
        self._bound = max(float(every.reward.abs().max()) * horizon, 1e-6)

    def look(self, agent: OfflineAgent) -> Watched:
        """Measure the agent's values; an agent without values is never watched."""
        assert agent.critics is not None
        batch = self._batch
        with torch.no_grad():
            excess = float(agent.critics(batch.x).abs().mean()) / self._bound
        if not excess < float("inf"):
            return Watched(float("inf"), None)
        next_x = torch.cat([batch.next_obs, agent.next_action(batch)], 1)
        try:
            return Watched(excess, self_excitation(agent.critics, batch.x, next_x, batch.discount))
        except ValueError:  # gradients overflow some steps before values do
            return Watched(float("inf"), None)
