"""Conservative Q-learning on SAC (Kumar et al., 2020): values of actions that the data lacks are held down.

With `weight` 0 nothing is held down, and it is SAC, which makes behaviour data here.
"""

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from backends.rl.offline_agents.agent import Metrics, OfflineAgent, adam, take_step, weighted_mean
from backends.rl.offline_agents.batches import TransitionBatch
from backends.rl.offline_agents.networks import Critics, SquashedGaussianPolicy, follow, frozen

ROWS_AT_ONCE = 1024  # rows of critics' layers of some 256, which fill about 1 MB


class SampledActions(NamedTuple):
    """Actions at the states of a batch (samples x B x A), and their log densities (samples x B)."""

    actions: Tensor
    log_prob: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class CQLConfig:
    """JaxCQL's settings; CORL's locomotion ones are weight 10, policy rate 3e-5 and three hidden layers."""

    weight: float = 5.0
    temperature: float = 1.0
    actions: int = 10
    policy_rate: float = 3e-4
    rate: float = 3e-4
    target_share: float = 0.005
    entropy_in_target: bool = False
    hidden: Sequence[int] = (256, 256)
    layer_norm: bool = False


class CQL(OfflineAgent):
    """SAC with automatic entropy and the conservative term over random, current and next actions."""

    critics: Critics

    def __init__(self, obs_dim: int, action_dim: int, config: CQLConfig) -> None:
        super().__init__()
        self.config = config
        self.policy = SquashedGaussianPolicy(obs_dim, action_dim, config.hidden)
        self.critics = Critics(obs_dim + action_dim, config.hidden, layer_norm=config.layer_norm)
        self.target_critics = copy.deepcopy(self.critics).requires_grad_(False)
        self.log_entropy_weight = nn.Parameter(torch.tensor(0.0))
        self.target_entropy = -float(action_dim)
        self.policy_optimiser = adam(self.policy.parameters(), config.policy_rate)
        self.critic_optimiser = adam(self.critics.parameters(), config.rate)
        self.entropy_optimiser = adam([self.log_entropy_weight], config.policy_rate)

    def critic_step(self, batch: TransitionBatch) -> Metrics:
        self.updates += 1
        with torch.no_grad():
            next_action, next_log_prob = self.policy.sample(batch.next_obs)
            next_q_B = self.target_critics(torch.cat([batch.next_obs, next_action], 1)).amin(0)
            if self.config.entropy_in_target:
                next_q_B = next_q_B - self.log_entropy_weight.exp() * next_log_prob
            target_B = batch.reward + batch.discount * next_q_B
        sampled = None if self.config.weight == 0 else self._sampled(batch)
        self.critic_optimiser.zero_grad(set_to_none=True)
        error, gap, q = torch.zeros(3, device=batch.x.device)
        size = len(batch.x)
        for part in self._parts(size, batch.x.device.type):
            q_EB, gap_EB = self._values_and_gap(batch, sampled, part)
            weight_B = None if batch.weight is None else batch.weight[part]
            share = q_EB.shape[1] / size
            part_error = share * weighted_mean((q_EB - target_B[part]).square().sum(0), weight_B)
            part_gap = share * weighted_mean(gap_EB.sum(0), weight_B)
            (part_error + self.config.weight * part_gap).backward()  # type: ignore[no-untyped-call]
            error += part_error.detach()
            gap += part_gap.detach()
            q += share * q_EB.detach().mean()
        self.critic_optimiser.step()
        follow(self.target_critics, self.critics, self.config.target_share)
        return {"critic_loss": error, "gap": gap, "q": q}

    def _parts(self, size: int, device: str) -> Iterator[slice]:
        """The states of a batch, so many at a time that their layers stay in a processor's cache."""
        rows_a_state = 1 if self.config.weight == 0 else 3 * self.config.actions + 1
        at_once = max(ROWS_AT_ONCE // rows_a_state, 1) if device == "cpu" else size
        for begin in range(0, size, at_once):
            yield slice(begin, begin + at_once)

    @torch.no_grad()
    def _sampled(self, batch: TransitionBatch) -> SampledActions:
        """Random actions, and the policy's in states and next states, each with its log density."""
        count, width = self.config.actions, batch.action.shape[1]
        current, current_log_prob = self.policy.sample(batch.obs, count)
        following, following_log_prob = self.policy.sample(batch.next_obs, count)
        random = torch.empty_like(current).uniform_(-1, 1)
        # The density of a uniform action is 0.5 in each of its parts.
        random_log_prob = torch.full_like(current_log_prob, width * math.log(0.5))
        return SampledActions(
            torch.cat([random, current, following]),
            torch.cat([random_log_prob, current_log_prob, following_log_prob]),
        )

    def _values_and_gap(
        self, batch: TransitionBatch, sampled: SampledActions | None, part: slice
    ) -> tuple[Tensor, Tensor]:
        """Values of a part of the data, and T logsumexp Q/T over sampled actions less these."""
        x_BX, obs_BD = batch.x[part], batch.obs[part]
        if sampled is None:
            q_EB = self.critics(x_BX)
            return q_EB, torch.zeros_like(q_EB)
        actions_KBA, log_prob_KB = sampled.actions[:, part], sampled.log_prob[:, part]
        count, rows = log_prob_KB.shape
        x_KBX = torch.cat([obs_BD.expand(count, -1, -1), actions_KBA], 2)
        q_EN = self.critics(torch.cat([x_BX, x_KBX.flatten(0, 1)]))
        q_EB, sampled_EKB = q_EN[:, :rows], q_EN[:, rows:].unflatten(1, (count, rows))
        temperature = self.config.temperature
        held_EB = temperature * torch.logsumexp((sampled_EKB - log_prob_KB) / temperature, dim=1)
        return q_EB, held_EB - q_EB

    def actor_step(self, batch: TransitionBatch) -> Metrics:
        action, log_prob_B = self.policy.sample(batch.obs)
        entropy_weight = self.log_entropy_weight.detach().exp()
        with frozen(self.critics):
            q_B = self.critics(torch.cat([batch.obs, action], 1)).amin(0)
            loss = weighted_mean(entropy_weight * log_prob_B - q_B, batch.weight)
            take_step(self.policy_optimiser, loss)
        surplus = (log_prob_B.detach() + self.target_entropy).mean()
        take_step(self.entropy_optimiser, -self.log_entropy_weight * surplus)
        return {"policy_loss": loss.detach(), "entropy": -log_prob_B.detach().mean()}

    @torch.no_grad()
    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        if deterministic:
            mean: Tensor = self.policy(obs)[0]
            return mean.tanh()
        return self.policy.sample(obs)[0]

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {
            "policy": self.policy_optimiser,
            "critics": self.critic_optimiser,
            "entropy": self.entropy_optimiser,
        }
