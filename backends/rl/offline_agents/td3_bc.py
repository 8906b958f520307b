"""TD3+BC (Fujimoto and Gu, 2021): TD3 with a term that pulls the policy to the actions of the data.

Without that term (`pull_to_data` false) it is TD3, whose values diverge offline; SEEM is about that.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer

from backends.rl.offline_agents.agent import Metrics, OfflineAgent
from backends.rl.offline_agents.batches import TransitionBatch
from backends.rl.offline_agents.descent import FusedAdam, squared_error, take_step, weighted_mean
from backends.rl.offline_agents.networks import Critics, DeterministicPolicy, follow
from backends.rl.offline_agents.value_gradients import add_gradients


@dataclass(frozen=True, slots=True, kw_only=True)
class TD3BCConfig:
    """The paper's settings; `alpha` weighs values against the pull to the data."""

    alpha: float = 2.5
    rate: float = 3e-4
    target_share: float = 0.005
    noise: float = 0.2
    noise_limit: float = 0.5
    policy_every: int = 2
    pull_to_data: bool = True
    hidden: Sequence[int] = (256, 256)
    layer_norm: bool = False


class TD3BC(OfflineAgent):
    """Deterministic policy, two critics, delayed policy updates."""

    critics: Critics

    def __init__(self, obs_dim: int, action_dim: int, config: TD3BCConfig) -> None:
        super().__init__()
        self.config = config
        self.policy = DeterministicPolicy(obs_dim, action_dim, config.hidden)
        self.critics = Critics(obs_dim + action_dim, config.hidden, layer_norm=config.layer_norm)
        self.target_policy = copy.deepcopy(self.policy).requires_grad_(False)
        self.target_critics = copy.deepcopy(self.critics).requires_grad_(False)
        self.policy_optimiser = FusedAdam(self.policy.parameters(), config.rate)
        self.critic_optimiser = FusedAdam(self.critics.parameters(), config.rate)

    def critic_step(self, batch: TransitionBatch) -> Metrics:
        self.updates += 1
        with torch.no_grad():
            noise = torch.randn_like(batch.action) * self.config.noise
            noise = noise.clamp_(-self.config.noise_limit, self.config.noise_limit)
            next_action = (self.target_policy(batch.next_obs) + noise).clamp_(-1, 1)
            next_q = self.target_critics(torch.cat([batch.next_obs, next_action], 1)).amin(0)
            target_B = batch.reward + batch.discount * next_q
        error, q_EB = add_gradients(
            self.critics, batch.x, lambda q_EB: squared_error(q_EB, target_B, batch.weight)
        )
        self.critic_optimiser.descend()
        return {"critic_loss": error, "q": q_EB.mean()}

    def actor_step(self, batch: TransitionBatch) -> Metrics:
        if self.updates % self.config.policy_every:
            return {}
        action = self.policy(batch.obs)
        q_B = self.critics(torch.cat([batch.obs, action], 1), members=1)[0]
        # lambda = alpha / mean |Q|, from unweighted values
        scale = self.config.alpha / q_B.detach().abs().mean()
        loss = -scale * weighted_mean(q_B, batch.weight)
        metrics = {}
        if self.config.pull_to_data:
            bound = self.constraint.at(batch)
            error_B = functional.mse_loss(action, bound.target, reduction="none").mean(1)
            pull = weighted_mean(error_B, bound.weight)
            loss = loss + pull
            metrics["distance_to_data"] = pull.detach()
        take_step(self.policy_optimiser, loss)
        follow(self.target_policy, self.policy, self.config.target_share)
        follow(self.target_critics, self.critics, self.config.target_share)
        return {"policy_loss": loss.detach(), **metrics}

    @torch.no_grad()
    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        action: Tensor = self.policy(obs)
        if not deterministic:
            action = (action + self.config.noise * torch.randn_like(action)).clamp(-1, 1)
        return action

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {"policy": self.policy_optimiser, "critics": self.critic_optimiser}
