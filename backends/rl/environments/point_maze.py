"""A point mass in a maze with walls, to be steered to a goal: D4RL's maze2d without its simulator."""

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

LAYOUTS = {
    "umaze": ("#####", "#   #", "### #", "#   #", "#####"),
    "medium": (
        "########",
        "#  ##  #",
        "#  #   #",
        "##   ###",
        "#  #   #",
        "# #  # #",
        "#   #  #",
        "########",
    ),
}
_STEP, _FORCE, _DRAG = 0.1, 5.0, 0.5
_RADIUS = 0.2  # of the mass, and with it the nearest it comes to a wall
NEAR = 0.5


class PointMaze(gym.Env[Vector, Vector]):
    """States are place, speed and goal; the reward is 1 at each step that ends near the goal, which stays."""

    def __init__(self, layout: str = "umaze", steps: int = 150) -> None:
        self.walls = np.array([[cell == "#" for cell in row] for row in LAYOUTS[layout]])
        self.free = np.argwhere(~self.walls)
        self.steps = steps
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (6,), np.float32)
        self.action_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self._place = np.zeros(2)
        self._speed = np.zeros(2)
        self._goal = np.zeros(2)
        self._step = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Vector, dict[str, Any]]:
        super().reset(seed=seed)
        start, goal = self.np_random.choice(len(self.free), 2, replace=False)
        self._place = self.free[start] + self.np_random.uniform(0.35, 0.65, 2)
        self._goal = self.free[goal] + 0.5
        self._speed = np.zeros(2)
        self._step = 0
        return self._state(), {}

    def step(self, action: Vector) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        force = np.clip(np.asarray(action, dtype=np.float64), -1, 1)
        self._speed += _STEP * (_FORCE * force - _DRAG * self._speed)
        for axis in (0, 1):  # one after the other, so that the mass slides along walls
            moved = self._place.copy()
            moved[axis] += _STEP * self._speed[axis]
            if self._is_free(moved):
                self._place = moved
            else:
                self._speed[axis] = 0.0
        self._step += 1
        near = float(np.linalg.norm(self._place - self._goal)) < NEAR
        return self._state(), float(near), False, self._step >= self.steps, {}

    def _is_free(self, place: NDArray[np.float64]) -> bool:
        low, high = np.floor(place - _RADIUS).astype(int), np.floor(place + _RADIUS).astype(int)
        return not self.walls[low[0] : high[0] + 1, low[1] : high[1] + 1].any()

    def _state(self) -> Vector:
        return np.concatenate([self._place, self._speed, self._goal]).astype(np.float32)
