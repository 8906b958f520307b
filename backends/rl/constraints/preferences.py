"""Action preferences as a constraint: whose action is better decides how strongly a transition binds (OAP).

The paper's code was never released; this is a reconstruction after its abstract and a follow-up's account:
the selection by distance and the budget are theirs, the weights are ours and are switches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backends.rl.offline_agents.agent import Constrained
from backends.rl.offline_agents.batches import TransitionBatch

Mode = Literal["reweight", "replace"]
Answers = NDArray[np.bool_]
"""Whether the policy's action was preferred, one a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceWeights:
    """How strongly a transition binds where the data's action was preferred, and where the policy's was.

    After an answer its weight goes back to 1 over `fading` rounds, as the policy moves on. In mode
    `replace` the preferred action takes the place of the data's, in `reweight` it does not.
    """

    encourage: float = 2.0
    suppress: float = 0.2
    fading: int = 2
    mode: Mode = "reweight"


def farthest(distance: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The transitions where the policy's action is farthest from the data's, farthest first."""
    return np.argsort(-distance, kind="stable")[:count]


class PreferenceConstraint:
    """Answers so far, as weights and targets of the pull; without answers it binds as ever."""

    def __init__(self, action_NA: Tensor, weights: PreferenceWeights) -> None:
        self._weights = weights
        self._target_NA = action_NA.clone()
        self._data_NA = action_NA
        self._given_N = torch.ones(len(action_NA), device=action_NA.device)
        self._age_N = torch.full((len(action_NA),), -1.0, device=action_NA.device)
        self.asked = 0

    def answer(self, index: Tensor, policy_action: Tensor, preferred: Tensor) -> None:
        """Take the answers about some transitions; a later answer about one replaces an earlier."""
        self.asked += len(index)
        chosen = self._weights
        self._given_N[index] = torch.where(preferred, chosen.suppress, chosen.encourage)
        self._age_N[index] = 0.0
        if chosen.mode == "replace":
            self._target_NA[index] = torch.where(preferred[:, None], policy_action, self._data_NA[index])

    def next_round(self) -> None:
        """Let the answers fade."""
        self._age_N = torch.where(self._age_N >= 0, self._age_N + 1, self._age_N)

    def strengths(self) -> Tensor:
        """The weight of every transition now."""
        kept = (1 - self._age_N / max(self._weights.fading, 1)).clamp(0, 1)
        return torch.where(self._age_N < 0, 1.0, 1 + (self._given_N - 1) * kept)

    def at(self, batch: TransitionBatch) -> Constrained:
        strength_B = self.strengths()[batch.index]
        weight_B = strength_B if batch.weight is None else strength_B * batch.weight
        target = batch.action if self._weights.mode == "reweight" else self._target_NA[batch.index]
        return Constrained(target, weight_B)

    def state(self) -> dict[str, object]:
        """What a resumed training must know."""
        return {
            "target": self._target_NA,
            "given": self._given_N,
            "age": self._age_N,
            "asked": self.asked,
        }

    def restore(self, state: dict[str, Tensor | int]) -> None:
        """Take a state back."""
        target, given, age, asked = state["target"], state["given"], state["age"], state["asked"]
        assert isinstance(target, Tensor) and isinstance(given, Tensor) and isinstance(age, Tensor)
        assert isinstance(asked, int)
        device = self._data_NA.device
        self._target_NA, self._given_N, self._age_N = target.to(device), given.to(device), age.to(device)
        self.asked = asked


Oracle = Callable[[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]], Answers]
"""States, the data's actions and the policy's: whether the policy's is better."""


def noisy(oracle: Oracle, share: float, seed: int) -> Oracle:
    """An oracle that answers wrongly in a share of the cases."""
    chance = np.random.default_rng(seed)

    def answer(obs: NDArray[np.float32], data: NDArray[np.float32], policy: NDArray[np.float32]) -> Answers:
        told = oracle(obs, data, policy)
        return np.where(chance.random(len(told)) < share, ~told, told)

    return answer
