"""Reach: a dot is steered to a ring, and every step pays more the nearer it is; a minute's work to learn.

The dot is drawn in the first channel, the ring in the second. `noise` is the share of the other pixels that
show random brightness, others at every step: they mean nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.rl.pixels.game import Frame, Steering, Step

# Shape legend: H W pixels


@dataclass(frozen=True, slots=True)
class ReachRules:
    """Frames of `side` pixels; a step moves the dot by `stride` of the side at most, `steps` end an episode.

    With one lever, dot and ring lie on a line across the middle. At the distance `near`, in sides, a step
    pays 0.
    """

    levers: int = 2
    side: int = 16
    stride: float = 0.2
    steps: int = 10
    near: float = 1.0
    noise: float = 0.0


class Reach:
    """Dot and ring begin anywhere; the time limit ends an episode, and nothing is terminal."""

    def __init__(self, rules: ReachRules) -> None:
        self.rules = rules
        self.num_actions = rules.levers
        self.frame_shape = (3, rules.side, rules.side)
        self._chance = np.random.default_rng()
        self.dot = np.zeros(2)
        self.ring = np.zeros(2)
        self._step = 0
        self._places_HW2 = (
            np.stack(np.meshgrid(*[np.arange(rules.side)] * 2, indexing="ij"), -1) + 0.5
        ) / rules.side

    def begin(self, seed: int) -> Frame:
        """See `PixelGame.begin`."""
        self._chance = np.random.default_rng(seed)
        self.dot, self.ring = np.full((2, 2), 0.5)
        free = slice(2 - self.rules.levers, 2)
        self.dot[free], self.ring[free] = self._chance.uniform(0.1, 0.9, (2, self.rules.levers))
        self._step = 0
        return self._frame()

    def step(self, action: Steering) -> Step:
        """See `PixelGame.step`."""
        free = slice(2 - self.rules.levers, 2)
        moved = self.dot[free] + self.rules.stride * np.clip(action, -1, 1)
        self.dot[free] = moved.clip(0, 1)
        self._step += 1
        return Step(self._frame(), self.reward, terminal=False, over=self._step == self.rules.steps)

    @property
    def reward(self) -> float:
        """1 at the ring, falling evenly with the distance."""
        return max(1.0 - float(np.linalg.norm(self.dot - self.ring)) / self.rules.near, 0.0)

    def _frame(self) -> Frame:
        frame = np.zeros(self.frame_shape, np.uint8)
        frame[0] = self._blob(self.dot, 0.0)
        frame[1] = self._blob(self.ring, 1.5 / self.rules.side)
        if self.rules.noise:
            noise = self._chance.integers(0, 256, frame.shape, np.uint8)
            shaken = (frame == 0) & (self._chance.random(frame.shape) < self.rules.noise)
            frame = np.where(shaken, noise, frame)
        return frame

    def _blob(self, centre: NDArray[np.float64], radius: float) -> NDArray[np.uint8]:
        """A soft circle: brightest at this radius, gone two pixels from it."""
        far_HW = np.linalg.norm(self._places_HW2 - centre, axis=-1)
        off_HW = np.abs(far_HW - radius) * self.rules.side
        bright: NDArray[np.uint8] = (255 * (1 - off_HW / 2).clip(0, 1)).astype(np.uint8)
        return bright
