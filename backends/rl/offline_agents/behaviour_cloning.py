"""Behaviour cloning: the likeliest actions of the data. On the best episodes only it is "percent BC"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from backends.rl.offline_agents.agent import Metrics, OfflineAgent
from backends.rl.offline_agents.batches import TransitionBatch
from backends.rl.offline_agents.descent import FusedAdam, take_step, weighted_mean
from backends.rl.offline_agents.networks import GaussianPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class BCConfig:
    rate: float = 3e-4
    hidden: Sequence[int] = (256, 256)


class BehaviourCloning(OfflineAgent):
    """A Gaussian policy fitted by maximum likelihood."""

    def __init__(self, obs_dim: int, action_dim: int, config: BCConfig) -> None:
        super().__init__()
        self.critics = None
        self.policy = GaussianPolicy(obs_dim, action_dim, config.hidden)
        self.policy_optimiser = FusedAdam(self.policy.parameters(), config.rate)

    def critic_step(self, batch: TransitionBatch) -> Metrics:
        self.updates += 1
        return {}

    def actor_step(self, batch: TransitionBatch) -> Metrics:
        bound = self.constraint.at(batch)
        loss = -weighted_mean(self.policy.log_prob(batch.obs, bound.target), bound.weight)
        take_step(self.policy_optimiser, loss)
        return {"policy_loss": loss.detach()}

    @torch.no_grad()
    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        return self.policy(obs)[0] if deterministic else self.policy.sample(obs)

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {"policy": self.policy_optimiser}
