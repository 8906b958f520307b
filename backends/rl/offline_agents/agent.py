"""The interface of an offline agent, after which samplers and constraints need not know which agent it is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from backends.rl.offline_agents.batches import TransitionBatch
from backends.rl.offline_agents.networks import Critics

Metrics = dict[str, Tensor]
MAX_WEIGHT = 100.0  # exp(advantage) is cut here by AWAC, IQL and one-step RL


@dataclass(frozen=True, slots=True)
class Constrained:
    """What binds the policy at the transitions of a batch: towards which action, and how strongly."""

    target: Tensor
    weight: Tensor | None


class PolicyConstraint(Protocol):
    """Changes the term that binds a policy to the data, transition by transition."""

    def at(self, batch: TransitionBatch) -> Constrained:
        """How the transitions of a batch bind the policy."""
        ...


class BehaviourConstraint:
    """The ordinary constraint: towards the action of the data, with the batch's own weight."""

    def at(self, batch: TransitionBatch) -> Constrained:
        return Constrained(batch.action, batch.weight)


class OfflineAgent(nn.Module, ABC):
    """Networks and update rules. The values' batch and the policy's may be different ones.

    `critics` is None for agents without values. What `critic_step` and `actor_step` answer is for curves
    only.
    """

    critics: Critics | None

    def __init__(self) -> None:
        super().__init__()
        self.constraint: PolicyConstraint = BehaviourConstraint()
        self.updates = 0

    @abstractmethod
    def critic_step(self, batch: TransitionBatch) -> Metrics:
        """Improve the values; called once a step, before the policy."""

    @abstractmethod
    def actor_step(self, batch: TransitionBatch) -> Metrics:
        """Improve the policy within its constraint."""

    @abstractmethod
    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions for scaled states, without gradients."""

    @abstractmethod
    def optimisers(self) -> Mapping[str, Optimizer]:
        """What a checkpoint holds beside the weights."""

    def next_action(self, batch: TransitionBatch) -> Tensor:
        """The action from which the values of a batch are bootstrapped, for the divergence measure."""
        with torch.no_grad():
            return self.act(batch.next_obs)

    def state(self) -> dict[str, Any]:
        """What a resumed training must know."""
        return {
            "updates": self.updates,
            "weights": self.state_dict(),
            "optimisers": {name: one.state_dict() for name, one in self.optimisers().items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take a state back."""
        self.updates = state["updates"]
        self.load_state_dict(state["weights"])
        for name, one in self.optimisers().items():
            one.load_state_dict(state["optimisers"][name])
