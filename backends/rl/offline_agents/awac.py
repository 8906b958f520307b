"""AWAC (Nair et al., 2020): regression on the data's actions, weighted by their advantage."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from backends.rl.offline_agents.agent import MAX_WEIGHT, Metrics, OfflineAgent
from backends.rl.offline_agents.batches import TransitionBatch
from backends.rl.offline_agents.descent import FusedAdam, squared_error, take_step
from backends.rl.offline_agents.networks import Critics, GaussianPolicy, follow
from backends.rl.offline_agents.value_gradients import add_gradients


@dataclass(frozen=True, slots=True, kw_only=True)
class AWACConfig:
    """`temperature` is the paper's lambda: lower ones trust the advantages more."""

    temperature: float = 1.0
    rate: float = 3e-4
    target_share: float = 0.005
    hidden: Sequence[int] = (256, 256)
    layer_norm: bool = False


class AWAC(OfflineAgent):
    """Critics of the policy's own actions, and a policy by weighted regression."""

    critics: Critics

    def __init__(self, obs_dim: int, action_dim: int, config: AWACConfig) -> None:
        super().__init__()
        self.config = config
        self.policy = GaussianPolicy(obs_dim, action_dim, config.hidden)
        self.critics = Critics(obs_dim + action_dim, config.hidden, layer_norm=config.layer_norm)
        self.target_critics = copy.deepcopy(self.critics).requires_grad_(False)
        self.policy_optimiser = FusedAdam(self.policy.parameters(), config.rate)
        self.critic_optimiser = FusedAdam(self.critics.parameters(), config.rate)

    def critic_step(self, batch: TransitionBatch) -> Metrics:
        self.updates += 1
        with torch.no_grad():
            next_action = self.policy.sample(batch.next_obs)
            next_q_B = self.target_critics(torch.cat([batch.next_obs, next_action], 1)).amin(0)
            target_B = batch.reward + batch.discount * next_q_B
        error, q_EB = add_gradients(
            self.critics, batch.x, lambda q_EB: squared_error(q_EB, target_B, batch.weight)
        )
        self.critic_optimiser.descend()
        follow(self.target_critics, self.critics, self.config.target_share)
        return {"critic_loss": error, "q": q_EB.mean()}

    def actor_step(self, batch: TransitionBatch) -> Metrics:
        bound = self.constraint.at(batch)
        with torch.no_grad():
            own = self.policy.sample(batch.obs)
            value_B = self.critics(torch.cat([batch.obs, own], 1)).amin(0)
            advantage_B = self.critics(batch.x).amin(0) - value_B
            weight_B = (advantage_B / self.config.temperature).exp()
            weight_B = (weight_B if bound.weight is None else weight_B * bound.weight).clamp(max=MAX_WEIGHT)
        loss = -(weight_B * self.policy.log_prob(batch.obs, bound.target)).mean()
        take_step(self.policy_optimiser, loss)
        return {"policy_loss": loss.detach()}

    @torch.no_grad()
    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        return self.policy(obs)[0] if deterministic else self.policy.sample(obs)

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {"policy": self.policy_optimiser, "critics": self.critic_optimiser}
