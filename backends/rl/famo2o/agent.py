"""FamO2O on IQL, after the released code: values, balance model, its temperature, universal policy, critics.

IQL's own steps for values and critics are used as they are; what is new stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from backends.rl.constraints.family import WIDTH, BalanceModel, CoefficientRange, embedding
from backends.rl.offline_agents.agent import MAX_WEIGHT, Metrics
from backends.rl.offline_agents.batches import TransitionBatch
from backends.rl.offline_agents.descent import FusedAdam, take_step
from backends.rl.offline_agents.iql import IQL, IQLConfig
from backends.rl.offline_agents.networks import GaussianPolicy

TARGET_ENTROPY = -0.5  # of the one number of the balance model: minus half its width


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyConfig:
    """IQL's settings without a beta of its own, and the family's range."""

    iql: IQLConfig = field(default_factory=lambda: IQLConfig(expectile=0.9))
    range: CoefficientRange = field(default_factory=CoefficientRange)


class FamilyIQL(IQL):
    """The universal policy takes the state and the embedded coefficient.

    Offline the policy learns at random coefficients, online (`online` set) at those of the balance model,
    which learns in both phases.
    """

    def __init__(self, obs_dim: int, action_dim: int, config: FamilyConfig) -> None:
        super().__init__(obs_dim, action_dim, config.iql)
        self.family = config
        self.online = False
        self.policy = GaussianPolicy(obs_dim + WIDTH, action_dim, config.iql.hidden, config.iql.dropout)
        self.policy_optimiser = FusedAdam(self.policy.parameters(), config.iql.rate)
        self.balance = BalanceModel(obs_dim, config.iql.hidden)
        self.balance_optimiser = FusedAdam(self.balance.parameters(), config.iql.rate)
        self.log_entropy_weight = nn.Parameter(torch.tensor(0.0))
        self.entropy_optimiser = FusedAdam([self.log_entropy_weight], config.iql.rate)

    def actor_step(self, batch: TransitionBatch) -> Metrics:
        metrics = self._balance_step(batch)
        if self.online:
            with torch.no_grad():
                coefficient_B = self.family.range.of_unit(self.balance.sample(batch.obs)[0])
        else:
            coefficient_B = self.family.range.uniform(len(batch.obs), batch.obs.device)
        bound = self.constraint.at(batch)
        weight_B = (coefficient_B * self.advantage(batch)).exp()
        weight_B = (weight_B if bound.weight is None else weight_B * bound.weight).clamp(max=MAX_WEIGHT)
        log_prob_B = self.policy.log_prob(self._with(batch.obs, coefficient_B), bound.target)
        loss = -(weight_B * log_prob_B).mean()
        take_step(self.policy_optimiser, loss)
        return {"policy_loss": loss.detach(), **metrics}

    def _balance_step(self, batch: TransitionBatch) -> Metrics:
        """The coefficient whose action has the higher value; gradients pass through policy and critics."""
        unit_B, log_prob_B = self.balance.sample(batch.obs)
        coefficient_B = self.family.range.of_unit(unit_B)
        mean, std = self.policy(self._with(batch.obs, coefficient_B))
        action = (mean + std * torch.randn_like(mean)).clamp(-1, 1)
        q_B = self.target_critics(torch.cat([batch.obs, action], 1)).amin(0)
        entropy_weight = self.log_entropy_weight.detach().exp()
        take_step(self.balance_optimiser, (entropy_weight * log_prob_B - q_B).mean())
        surplus = -log_prob_B.detach().mean() - TARGET_ENTROPY
        take_step(self.entropy_optimiser, self.log_entropy_weight.exp() * surplus)
        return {"coefficient": coefficient_B.detach().mean(), "balance_entropy": -log_prob_B.detach().mean()}

    @staticmethod
    def _with(obs: Tensor, coefficient_B: Tensor) -> Tensor:
        return torch.cat([obs, embedding(coefficient_B)], 1)

    @torch.no_grad()
    def act(self, obs: Tensor, *, deterministic: bool = True, coefficient: float | None = None) -> Tensor:
        """Act by the balance model, or at one coefficient: bolder or more careful without training again.

        Raises:
            ValueError: The coefficient is outside the range that was trained.
        """
        allowed = self.family.range
        if coefficient is None:
            coefficient_B = allowed.of_unit(self.balance(obs))
        elif allowed.low <= coefficient <= allowed.high:
            coefficient_B = torch.full((len(obs),), coefficient, device=obs.device)
        else:
            raise ValueError(f"coefficients of this family lie from {allowed.low} to {allowed.high}")
        x = self._with(obs, coefficient_B)
        return self.policy(x)[0] if deterministic else self.policy.sample(x)

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {
            **super().optimisers(),
            "policy": self.policy_optimiser,
            "balance": self.balance_optimiser,
            "entropy": self.entropy_optimiser,
        }
