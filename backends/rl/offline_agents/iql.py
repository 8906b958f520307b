"""Implicit Q-learning (Kostrikov et al., 2022): values of the data's best actions, without leaving it."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from backends.rl.offline_agents.agent import MAX_WEIGHT, Metrics, OfflineAgent
from backends.rl.offline_agents.batches import TransitionBatch
from backends.rl.offline_agents.descent import FusedAdam, squared_error, take_step, weighted_mean
from backends.rl.offline_agents.networks import Critics, GaussianPolicy, follow, perceptron
from backends.rl.offline_agents.value_gradients import add_gradients


@dataclass(frozen=True, slots=True, kw_only=True)
class IQLConfig:
    """Settings for locomotion; AntMaze has expectile 0.9, beta 10, kitchen and Adroit beta 0.5, dropout 0.1.

    The policy's rate falls by a cosine over `decay_steps`; None keeps it, as finetuning does.
    """

    expectile: float = 0.7
    beta: float = 3.0
    rate: float = 3e-4
    target_share: float = 0.005
    decay_steps: int | None = None
    dropout: float = 0.0
    hidden: Sequence[int] = (256, 256)
    layer_norm: bool = False


class IQL(OfflineAgent):
    """Expectile values, critics bootstrapped from them, and a policy by weighted regression."""

    critics: Critics

    def __init__(self, obs_dim: int, action_dim: int, config: IQLConfig) -> None:
        super().__init__()
        self.config = config
        self.policy = GaussianPolicy(obs_dim, action_dim, config.hidden, config.dropout)
        self.critics = Critics(obs_dim + action_dim, config.hidden, layer_norm=config.layer_norm)
        self.target_critics = copy.deepcopy(self.critics).requires_grad_(False)
        self.value = perceptron([obs_dim, *config.hidden, 1])
        self.policy_optimiser = FusedAdam(self.policy.parameters(), config.rate)
        self.critic_optimiser = FusedAdam(self.critics.parameters(), config.rate)
        self.value_optimiser = FusedAdam(self.value.parameters(), config.rate)
        self._advantage_B: Tensor | None = None
        self._measured: Tensor | None = None

    def critic_step(self, batch: TransitionBatch) -> Metrics:
        self.updates += 1
        with torch.no_grad():
            next_v_B = self.value(batch.next_obs)[:, 0]
            target_q_B = self.target_critics(batch.x).amin(0)
        advantage_B = target_q_B - self.value(batch.obs)[:, 0]
        value_loss = weighted_mean(expectile_loss(advantage_B, self.config.expectile), batch.weight)
        take_step(self.value_optimiser, value_loss)
        # The policy step on the same batch needs the same advantages.
        self._advantage_B, self._measured = advantage_B.detach(), batch.index

        target_B = batch.reward + batch.discount * next_v_B
        error, q_EB = add_gradients(
            self.critics,
            batch.x,
            # The mean of both critics' errors
            lambda q_EB: squared_error(q_EB, target_B, batch.weight) / len(q_EB),
        )
        self.critic_optimiser.descend()
        follow(self.target_critics, self.critics, self.config.target_share)
        return {
            "critic_loss": error,
            "value_loss": value_loss.detach(),
            "q": q_EB.mean(),
        }

    def actor_step(self, batch: TransitionBatch) -> Metrics:
        bound = self.constraint.at(batch)
        weight_B = (self.config.beta * self.advantage(batch)).exp()
        # The product with the priorities is cut, not each factor, as in the released OPER code.
        weight_B = (weight_B if bound.weight is None else weight_B * bound.weight).clamp(max=MAX_WEIGHT)
        loss = -(weight_B * self.policy.log_prob(batch.obs, bound.target)).mean()
        if self.config.decay_steps is not None:
            self.policy_optimiser.anneal((self.updates - 1) / max(self.config.decay_steps, 1))
        take_step(self.policy_optimiser, loss)
        return {"policy_loss": loss.detach()}

    @torch.no_grad()
    def advantage(self, batch: TransitionBatch) -> Tensor:
        """min Q - V of a batch; that of the values' batch is not computed twice."""
        if self._advantage_B is not None and self._measured is batch.index:
            return self._advantage_B
        advantage: Tensor = self.target_critics(batch.x).amin(0) - self.value(batch.obs)[:, 0]
        return advantage

    @torch.no_grad()
    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        return self.policy(obs)[0] if deterministic else self.policy.sample(obs)

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {
            "policy": self.policy_optimiser,
            "critics": self.critic_optimiser,
            "value": self.value_optimiser,
        }


def expectile_loss(difference: Tensor, expectile: float) -> Tensor:
    """|tau - 1(u < 0)| u^2, element by element."""
    return torch.where(difference < 0, 1 - expectile, expectile) * difference.square()
