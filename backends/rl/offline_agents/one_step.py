"""One-step RL (Brandfonbrener et al., 2021): clone the behaviour, value it, improve it once.

The three phases follow each other within one training; the policy here is a Gaussian about tanh of a mean,
where the case study of OPER has a truncated normal.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from backends.rl.offline_agents.agent import MAX_WEIGHT, Metrics, OfflineAgent
from backends.rl.offline_agents.batches import TransitionBatch
from backends.rl.offline_agents.descent import FusedAdam, squared_error, take_step, weighted_mean
from backends.rl.offline_agents.networks import Critics, GaussianPolicy, follow
from backends.rl.offline_agents.value_gradients import add_gradients


@dataclass(frozen=True, slots=True, kw_only=True)
class OneStepConfig:
    """The case study's settings: phases of 5e5, 2e6 and 1e5 steps, width 1024, rate 1e-4, batches of 512."""

    clone_steps: int = 500_000
    value_steps: int = 2_000_000
    temperature: float = 1.0
    samples: int = 10
    rate: float = 1e-4
    target_share: float = 0.005
    target_every: int = 2
    hidden: Sequence[int] = (1024, 1024)
    layer_norm: bool = False


class OneStep(OfflineAgent):
    """Behaviour clone, its values by SARSA, and one exponentially weighted improvement."""

    critics: Critics

    def __init__(self, obs_dim: int, action_dim: int, config: OneStepConfig) -> None:
        super().__init__()
        self.config = config
        self.policy = GaussianPolicy(obs_dim, action_dim, config.hidden)
        self.behaviour = copy.deepcopy(self.policy).requires_grad_(False)
        self.critics = Critics(obs_dim + action_dim, config.hidden, layer_norm=config.layer_norm)
        self.target_critics = copy.deepcopy(self.critics).requires_grad_(False)
        self.policy_optimiser = FusedAdam(self.policy.parameters(), config.rate)
        self.critic_optimiser = FusedAdam(self.critics.parameters(), config.rate)

    def critic_step(self, batch: TransitionBatch) -> Metrics:
        self.updates += 1
        valued = self.updates - self.config.clone_steps
        if not 0 < valued <= self.config.value_steps:
            return {}
        with torch.no_grad():
            next_x = torch.cat([batch.next_obs, batch.next_action], 1)
            target_B = batch.reward + batch.discount * self.target_critics(next_x).amin(0)
        error, q_EB = add_gradients(
            self.critics, batch.x, lambda q_EB: squared_error(q_EB, target_B, batch.weight)
        )
        self.critic_optimiser.descend()
        if self.updates % self.config.target_every == 0:
            follow(self.target_critics, self.critics, self.config.target_share)
        return {"critic_loss": error, "q": q_EB.mean()}

    def actor_step(self, batch: TransitionBatch) -> Metrics:
        bound = self.constraint.at(batch)
        if self.updates <= self.config.clone_steps:
            loss = -weighted_mean(self.policy.log_prob(batch.obs, bound.target), bound.weight)
            take_step(self.policy_optimiser, loss)
            if self.updates == self.config.clone_steps:
                self.behaviour.load_state_dict(self.policy.state_dict())
            return {"clone_loss": loss.detach()}
        if self.updates <= self.config.clone_steps + self.config.value_steps:
            return {}
        with torch.no_grad():
            advantage_B = self.critics(batch.x).amin(0) - self._behaviour_value(batch.obs)
            weight_B = (self.config.temperature * advantage_B).exp()
            weight_B = (weight_B if bound.weight is None else weight_B * bound.weight).clamp(max=MAX_WEIGHT)
        loss = -(weight_B * self.policy.log_prob(batch.obs, bound.target)).mean()
        take_step(self.policy_optimiser, loss)
        return {"policy_loss": loss.detach()}

    def _behaviour_value(self, obs: Tensor) -> Tensor:
        """V of the behaviour, by sampling its actions."""
        mean, std = self.behaviour(obs)
        noise = torch.randn(self.config.samples, *mean.shape, device=mean.device)
        actions = (mean + std * noise).clamp(-1, 1)
        x = torch.cat([obs.expand(self.config.samples, -1, -1), actions], 2)
        values: Tensor = self.critics(x.flatten(0, 1)).amin(0)
        return values.reshape(self.config.samples, len(obs)).mean(0)

    def next_action(self, batch: TransitionBatch) -> Tensor:
        return batch.next_action

    @torch.no_grad()
    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        return self.policy(obs)[0] if deterministic else self.policy.sample(obs)

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {"policy": self.policy_optimiser, "critics": self.critic_optimiser}
