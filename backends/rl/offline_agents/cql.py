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

from backends.rl.offline_agents.agent import Metrics, OfflineAgent
from backends.rl.offline_agents.batches import TransitionBatch
from backends.rl.offline_agents.descent import FusedAdam, squared_error, take_step, weighted_mean
from backends.rl.offline_agents.networks import Critics, SquashedGaussianPolicy, follow
from backends.rl.offline_agents.value_gradients import add_gradients

ROWS_AT_ONCE = 1024  # rows of critics' layers of some 256, which fill about 1 MB


class SampledActions(NamedTuple):
    """Actions at the states of a batch (samples x B x A), and their log densities (samples x B)."""

    action: Tensor
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
        self.policy_optimiser = FusedAdam(self.policy.parameters(), config.policy_rate)
        self.critic_optimiser = FusedAdam(self.critics.parameters(), config.rate)
        self.entropy_optimiser = FusedAdam([self.log_entropy_weight], config.policy_rate)

    def critic_step(self, batch: TransitionBatch) -> Metrics:
        self.updates += 1
        held = self.config.actions if self.config.weight else 0
        with torch.no_grad():
            following = SampledActions(*self.policy.sample(batch.next_obs, 1 + held))
            next_x = torch.cat([batch.next_obs, following.action[0]], 1)
            next_q_B = self.target_critics(next_x).amin(0)
            if self.config.entropy_in_target:
                next_q_B = next_q_B - self.log_entropy_weight.exp() * following.log_prob[0]
            target_B = batch.reward + batch.discount * next_q_B
        following = SampledActions(following.action[1:], following.log_prob[1:])
        sampled = self._sampled(batch, following) if held else None
        told = torch.zeros(3, device=batch.x.device)
        for part in self._parts(len(batch.x), batch.x.device.type):
            told += self._add_gradients(batch, target_B, sampled, part)
        self.critic_optimiser.descend()
        follow(self.target_critics, self.critics, self.config.target_share)
        return dict(zip(("critic_loss", "gap", "q"), told, strict=True))

    def _parts(self, size: int, device: str) -> Iterator[slice]:
        """The states of a batch, so many at a time that their layers stay in a processor's cache."""
        rows_a_state = 1 if self.config.weight == 0 else 3 * self.config.actions + 1
        at_once = max(ROWS_AT_ONCE // rows_a_state, 1) if device == "cpu" else size
        for begin in range(0, size, at_once):
            yield slice(begin, begin + at_once)

    @torch.no_grad()
    def _sampled(self, batch: TransitionBatch, following: SampledActions) -> SampledActions:
        """Random actions, the policy's in the states, and these of its own in the next states."""
        current, current_log_prob = self.policy.sample(batch.obs, len(following.action))
        random = torch.empty_like(current).uniform_(-1, 1)
        # The density of a uniform action is 0.5 in each of its parts.
        random_log_prob = torch.full_like(current_log_prob, batch.action.shape[1] * math.log(0.5))
        return SampledActions(
            torch.cat([random, current, following.action]),
            torch.cat([random_log_prob, current_log_prob, following.log_prob]),
        )

    def _add_gradients(
        self, batch: TransitionBatch, target_B: Tensor, sampled: SampledActions | None, part: slice
    ) -> Tensor:
        """Add what a part of the batch has to say; its share of error, gap and values."""
        x_KBX = batch.x[None, part]
        if sampled is not None:
            action_KBA = torch.cat([batch.action[None, part], sampled.action[:, part]])
            x_KBX = torch.cat([batch.obs[part].expand(len(action_KBA), -1, -1), action_KBA], 2)
        weight_B = None if batch.weight is None else batch.weight[part]
        share = x_KBX.shape[1] / len(batch.x)
        told: list[Tensor] = []

        def loss_of(q_EN: Tensor) -> Tensor:
            q_EKB = q_EN.view(len(q_EN), *x_KBX.shape[:2])
            error = share * squared_error(q_EKB[:, 0], target_B[part], weight_B)
            if sampled is None:
                told.extend((error.detach(), torch.zeros_like(error)))
                return error
            gap_EB = gap_over_data(q_EKB, sampled.log_prob[:, part], self.config.temperature)
            gap = share * weighted_mean(gap_EB.sum(0), weight_B)
            told.extend((error.detach(), gap.detach()))
            return error + self.config.weight * gap

        _, q_EN = add_gradients(self.critics, x_KBX.flatten(0, 1), loss_of)
        return torch.stack([*told, share * q_EN[:, : x_KBX.shape[1]].mean()])

    def actor_step(self, batch: TransitionBatch) -> Metrics:
        action, log_prob_B = self.policy.sample(batch.obs)
        entropy_weight = self.log_entropy_weight.detach().exp()
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


def gap_over_data(q_EKB: Tensor, log_prob_NB: Tensor, temperature: float) -> Tensor:
    """T logsumexp Q/T over sampled actions less the value of the data's (E x B).

    Values are of the data's action, in front, and of the sampled ones, whose log densities are given.
    """
    weighed_ENB = (q_EKB[:, 1:] - log_prob_NB) / temperature
    return temperature * torch.logsumexp(weighed_ENB, dim=1) - q_EKB[:, 0]
