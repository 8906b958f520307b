"""Transitions as one matrix on a device, from which a batch is a single gather."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import torch
from torch import Tensor

from backends.rl.transitions.store import SeveralSteps, StateScaling, TransitionStore

# Shape legend: B batch, N transitions, D width of a state, A width of an action


@dataclass(frozen=True, slots=True)
class TransitionBatch:
    """Transitions of a step. `discount` is zero after a terminal; `x` is state and action side by side.

    `weight` multiplies the loss of each, None is one; `index` is where they stand in the store.
    """

    obs: Tensor
    action: Tensor
    x: Tensor
    next_obs: Tensor
    next_action: Tensor
    reward: Tensor
    discount: Tensor
    index: Tensor
    weight: Tensor | None = None


class TransitionTensors:
    """A store ready for training: states scaled, actions clipped, all in the one matrix `rows`."""

    def __init__(self, rows_NC: Tensor, obs_dim: int, action_dim: int) -> None:
        self.rows = rows_NC
        self.obs_dim = obs_dim
        self.action_dim = action_dim
        ends = torch.tensor([obs_dim, action_dim, obs_dim, action_dim, 1, 1]).cumsum(0).tolist()
        self._obs, self._action, self._next_obs, self._next_action, self._reward, _ = ends

    @classmethod
    def of(
        cls,
        store: TransitionStore,
        *,
        discount: float,
        scaling: StateScaling,
        device: Literal["cpu", "cuda"] = "cpu",
        action_limit: float = 1 - 1e-5,
        steps: SeveralSteps | None = None,
    ) -> Self:
        """The whole store. The next action is the following row's; at an episode's end the row's own.

        `steps` replaces rewards, next states and discounts by those over several steps.
        """
        action = store.action.clip(-action_limit, action_limit)
        following = np.concatenate([action[1:], action[-1:]])
        next_action = np.where(store.ends[:, None], action, following)
        one = SeveralSteps(store.reward, store.next_obs, np.where(store.terminal, 0, discount))
        used = steps or one
        columns = [
            scaling(store.obs), action, scaling(used.next_obs), next_action,
            used.reward[:, None], used.discount[:, None],
        ]  # fmt: skip
        rows = torch.from_numpy(np.concatenate(columns, axis=1).astype(np.float32)).to(device)
        return cls(rows, store.obs_dim, store.action_dim)

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, index_B: Tensor, weight_B: Tensor | None = None) -> TransitionBatch:
        """The transitions at these places."""
        rows = self.rows.index_select(0, index_B)
        return TransitionBatch(
            obs=rows[:, : self._obs],
            action=rows[:, self._obs : self._action],
            x=rows[:, : self._action],
            next_obs=rows[:, self._action : self._next_obs],
            next_action=rows[:, self._next_obs : self._next_action],
            reward=rows[:, self._next_action],
            discount=rows[:, self._reward],
            index=index_B,
            weight=weight_B,
        )
