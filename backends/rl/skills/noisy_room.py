"""A small world for unsupervised agents: a point in a square, of which the right half shakes.

Exploring agents are drawn to the half that surprises without end, controlling ones leave it; tasks ask for a
calm place and for a far one.
"""

from typing import Any, Literal

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
TaskName = Literal["calm", "corner"]

GOALS = {"calm": (0.15, 0.15), "corner": (0.9, 0.9)}
_START = (0.4, 0.5)
_STRIDE = 0.05  # what an action moves at most along an axis
_NOISE = 0.15  # deviation of the shaking
_REACH = 0.2  # the distance at which a reward is 1/e
STEPS = 200


class NoisyRoom(gym.Env[Vector, Vector]):
    """States are the place, scaled to [-1, 1]; rewards in [0, 1] fall with the distance to the goal."""

    def __init__(self, task: TaskName) -> None:
        self.observation_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.action_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self._goal = np.array(GOALS[task])
        self._place = np.array(_START)
        self._step = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Vector, dict[str, Any]]:
        super().reset(seed=seed)
        self._place = np.array(_START) + self.np_random.uniform(-0.05, 0.05, 2)
        self._step = 0
        return self._state(), {}

    def step(self, action: Vector) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        shaking = self._place[0] > 0.5
        moved = self._place + _STRIDE * np.clip(np.asarray(action, dtype=np.float64), -1, 1)
        if shaking:
            moved = moved + _NOISE * self.np_random.normal(size=2)
        self._place = np.clip(moved, 0.0, 1.0)
        self._step += 1
        distance = float(np.linalg.norm(self._place - self._goal))
        reward = float(np.exp(-((distance / _REACH) ** 2)))
        return self._state(), reward, False, self._step >= STEPS, {}

    def _state(self) -> Vector:
        return (2.0 * self._place - 1.0).astype(np.float32)


def coverage(states_BO: Vector, cells: int = 10) -> float:
    """The entropy, in nats, of where states lie in a grid over the room."""
    places = np.clip(((states_BO + 1.0) / 2.0 * cells).astype(np.int64), 0, cells - 1)
    counts = np.bincount(places[:, 0] * cells + places[:, 1], minlength=cells**2)
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def shaken(states_BO: Vector) -> float:
    """The share of states in the half that shakes."""
    return float((states_BO[:, 0] > 0).mean())
