"""The agent: a policy and a value over imagined states, learnt from dreams alone."""

import copy
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from backends.rl.storm.imagination import Imagined
from backends.rl.storm.model import perceptron
from backends.rl.storm.two_hot import SymlogTwoHot

# Shape legend: B dreams, T steps, S state, A actions, N bins

ReturnForm = Literal["paper", "fixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """The paper's settings.

    `returns` chooses which value a step's return is mixed with: `paper` the value of the state that the step
    began in, as in the code that made the published numbers, `fixed` that of the state it led to.
    """

    width: int = 512
    discount: float = 0.985
    trace: float = 0.95
    entropy: float = 3e-4
    returns: ReturnForm = "paper"
    slow_decay: float = 0.98
    spread_decay: float = 0.99


def mixed_returns(rewards_BT: Tensor, values_BT1: Tensor, ends_BT: Tensor, config: AgentConfig) -> Tensor:
    """The lambda-returns of T steps, from values of their T + 1 states."""
    goes_on = config.discount * (1 - ends_BT.float())
    mixed_with = values_BT1[:, :-1] if config.returns == "paper" else values_BT1[:, 1:]
    at_once = rewards_BT + goes_on * (1 - config.trace) * mixed_with
    later = values_BT1[:, -1]
    returns: list[Tensor] = []
    for step in reversed(range(rewards_BT.shape[1])):
        later = at_once[:, step] + goes_on[:, step] * config.trace * later
        returns.append(later)
    return torch.stack(returns[::-1], 1)


def smallest_but(values: Tensor, share: float) -> Tensor:
    """The percentile as the released code has it: the k-th smallest value, k the share of all, cut."""
    flat = values.flatten()
    return flat.kthvalue(max(int(share * len(flat)), 1)).values


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLoss:
    """The parts of the loss and their sum; `spread` is what advantages were divided by, at least 1."""

    total: Tensor
    policy: Tensor
    value: Tensor
    entropy: Tensor
    spread: Tensor


class ActorCritic(nn.Module):
    """A policy, a value in bins, and a slow copy of the value that steadies it."""

    lowest: Tensor
    highest: Tensor

    def __init__(self, state: int, num_actions: int, config: AgentConfig) -> None:
        super().__init__()
        self.config = config
        self.two_hot = SymlogTwoHot()
        self.actor = perceptron(state, config.width, num_actions)
        self.critic = perceptron(state, config.width, len(self.two_hot.bins_N))
        self.slow_critic = copy.deepcopy(self.critic).requires_grad_(False)
        # Moving averages that begin at 0, as in the released code.
        self.register_buffer("lowest", torch.zeros(()))
        self.register_buffer("highest", torch.zeros(()))

    @torch.no_grad()
    def act(self, states_BS: Tensor, *, greedy: bool = False) -> Tensor:
        """Actions, drawn from the policy."""
        logits_BA: Tensor = self.actor(states_BS).float()
        if greedy:
            return logits_BA.argmax(-1)
        # The largest logit plus Gumbel noise is a draw from the softmax.
        noise = torch.empty_like(logits_BA).exponential_().log()
        drawn: Tensor = (logits_BA - noise).argmax(-1)
        return drawn

    def loss(self, dreams: Imagined) -> AgentLoss:
        """Raise the chance of what went better than expected, and learn what to expect.

        The moving averages of the returns' percentiles take one step.
        """
        states = dreams.states_BTS
        log_p_BTA = self.actor(states[:, :-1]).float().log_softmax(-1)
        value_logits = self.critic(states).float()
        values = self.two_hot.decode(value_logits)
        with torch.no_grad():
            slow_values = self.two_hot.decode(self.slow_critic(states).float())
            returns = mixed_returns(dreams.rewards_BT, values, dreams.ends_BT, self.config)
            slow_returns = mixed_returns(dreams.rewards_BT, slow_values, dreams.ends_BT, self.config)
            self.lowest.lerp_(smallest_but(returns, 0.05), 1 - self.config.spread_decay)
            self.highest.lerp_(smallest_but(returns, 0.95), 1 - self.config.spread_decay)
            spread = (self.highest - self.lowest).clamp(min=1)
            advantages = (returns - values[:, :-1]) / spread
        chosen = log_p_BTA.gather(-1, dreams.actions_BT[..., None]).squeeze(-1)
        policy = -(chosen * advantages).mean()
        value = self.two_hot.loss(value_logits[:, :-1], returns)
        value = value + self.two_hot.loss(value_logits[:, :-1], slow_returns)
        entropy = -(log_p_BTA.exp() * log_p_BTA).sum(-1).mean()
        total = policy + value - self.config.entropy * entropy
        return AgentLoss(total=total, policy=policy, value=value, entropy=entropy, spread=spread)

    @torch.no_grad()
    def follow_slowly(self) -> None:
        """Move the slow critic a step towards the critic; once after every update."""
        for slow, fast in zip(self.slow_critic.parameters(), self.critic.parameters(), strict=True):
            slow.lerp_(fast, 1 - self.config.slow_decay)
