"""A ring of whole episodes with their skills, read as n-step transitions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]

# Shape legend: T steps of an episode, B batch, O state, A action, Z skill


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What happened from a reset to an end: T steps, T + 1 states.

    `discounts` are 0 where the world ended and 1 elsewhere, also at a time limit; `modes` are those of the
    objective (MOSS: 0 explores, 1 controls).
    """

    states_TO: Array
    actions_TA: Array
    rewards_T: Array
    discounts_T: Array
    skills_TZ: Array
    modes_T: Array

    def __len__(self) -> int:
        return len(self.rewards_T)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """n-step transitions; skill and mode are those of the first step, `step` and `episode` its place."""

    state_BO: Tensor
    action_BA: Tensor
    reward_B: Tensor
    discount_B: Tensor
    next_BO: Tensor
    skill_BZ: Tensor
    mode_B: Tensor
    episode_B: Tensor
    step_B: Tensor


_COLUMNS = ("state", "action", "reward", "discount", "next", "skill", "mode", "episode", "step", "left")


class SkillReplay:
    """The last `capacity` steps. A step is sampled as often as another that has n steps ahead of it."""

    def __init__(
        self,
        capacity: int,
        *,
        states: int,
        actions: int,
        skills: int,
        num_steps: int = 3,
        gamma: float = 0.99,
    ) -> None:
        self._num_steps = num_steps
        self._gamma = gamma
        self._capacity = capacity
        shapes = {"state": (states,), "next": (states,), "action": (actions,), "skill": (skills,)}
        whole = {"mode", "episode", "step", "left"}
        self._data = {
            name: torch.zeros(
                capacity, *shapes.get(name, ()), dtype=torch.int64 if name in whole else torch.float32
            )
            for name in _COLUMNS
        }
        self._size = self._head = self.num_episodes = 0

    def __len__(self) -> int:
        return self._size

    def add(self, episode: Episode) -> None:
        """Store an episode over the oldest steps."""
        length = len(episode)
        if length > self._capacity:
            raise ValueError(f"An episode of {length} steps does not fit a memory of {self._capacity}.")
        rows = (self._head + torch.arange(length)) % self._capacity
        columns = {
            "state": episode.states_TO[:-1],
            "next": episode.states_TO[1:],
            "action": episode.actions_TA,
            "reward": episode.rewards_T,
            "discount": episode.discounts_T,
            "skill": episode.skills_TZ,
            "mode": episode.modes_T,
            "episode": np.full(length, self.num_episodes),
            "step": np.arange(length),
            "left": np.arange(length)[::-1].copy(),
        }
        for name, values in columns.items():
            self._data[name][rows] = torch.as_tensor(values, dtype=self._data[name].dtype)
        self._head = (self._head + length) % self._capacity
        self._size = min(self._size + length, self._capacity)
        self.num_episodes += 1

    def sample(self, size: int, device: str = "cpu") -> Batch:
        """Transitions of n steps that lie within an episode.

        Raises:
            ValueError: No episode is long enough.
        """
        rows_B = self.starts(size, self._num_steps)
        reward_B = torch.zeros(size)
        discount_B = torch.ones(size)
        for ahead in range(self._num_steps):
            at_B = (rows_B + ahead) % self._capacity
            reward_B += discount_B * self._data["reward"][at_B]
            discount_B *= self._gamma * self._data["discount"][at_B]
        first = {name: self._data[name][rows_B].to(device) for name in ("state", "action", "skill", "mode")}
        return Batch(
            state_BO=first["state"],
            action_BA=first["action"],
            reward_B=reward_B.to(device),
            discount_B=discount_B.to(device),
            next_BO=self._data["next"][at_B].to(device),
            skill_BZ=first["skill"],
            mode_B=first["mode"],
            episode_B=self._data["episode"][rows_B].to(device),
            step_B=self._data["step"][rows_B].to(device),
        )

    def starts(self, size: int, num_steps: int) -> Tensor:
        """Rows drawn uniformly among those that have so many steps, themselves included, in their episode.

        Raises:
            ValueError: No episode is long enough.
        """
        if not bool((self._data["left"][: self._size] >= num_steps - 1).any()):
            raise ValueError(f"No stored episode has {num_steps} steps.")
        rows = torch.randint(self._size, (size,))
        while bool((bad := self._data["left"][rows] < num_steps - 1).any()):
            rows[bad] = torch.randint(self._size, (int(bad.sum()),))
        return rows

    def at(self, name: str, rows: Tensor) -> Tensor:
        """A column's values in rows, which may run on over the end of the ring."""
        return self._data[name][rows % self._capacity]

    def age(self, rows: Tensor) -> Tensor:
        """How many steps were stored after those of the rows."""
        return (self._head - 1 - rows) % self._capacity

    def column(self, name: str) -> Tensor:
        """All that is stored of one column, in no order of time."""
        return self._data[name][: self._size]

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        kept = {name: values[: self._size] for name, values in self._data.items()}
        return {"data": kept, "size": self._size, "head": self._head, "episodes": self.num_episodes}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint of a memory of the same capacity."""
        self._size, self._head, self.num_episodes = state["size"], state["head"], state["episodes"]
        for name, values in state["data"].items():
            self._data[name][: self._size] = values
