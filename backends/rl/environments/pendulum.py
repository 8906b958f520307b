"""Many pendulums at once, equal to gymnasium's `Pendulum-v1` step by step, whose state can be set.

Oracles ask what would have followed another action, which needs many short futures from given states.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Shape legend: B pendulums
Numbers = NDArray[np.float64]

TORQUE = 2.0
_SPEED, _STEP, _GRAVITY = 8.0, 0.05, 10.0


@dataclass(frozen=True, slots=True)
class Pendulums:
    """Angles from upright and their speeds."""

    angle_B: Numbers
    speed_B: Numbers

    @classmethod
    def seen(cls, obs_B3: NDArray[np.float32]) -> "Pendulums":
        """The pendulums that show these states."""
        angle = np.arctan2(obs_B3[:, 1], obs_B3[:, 0])
        return cls(angle.astype(np.float64), obs_B3[:, 2].astype(np.float64))

    def obs(self) -> NDArray[np.float32]:
        """Cosine and sine of the angle, and the speed."""
        columns = [np.cos(self.angle_B), np.sin(self.angle_B), self.speed_B]
        return np.stack(columns, axis=1).astype(np.float32)

    def step(self, action_B: Numbers) -> tuple["Pendulums", Numbers]:
        """Push with actions in [-1, 1]; the next pendulums and the rewards."""
        torque = TORQUE * np.clip(action_B, -1, 1)
        angle = (self.angle_B + np.pi) % (2 * np.pi) - np.pi
        cost = angle**2 + 0.1 * self.speed_B**2 + 0.001 * torque**2
        pull = 1.5 * _GRAVITY * np.sin(self.angle_B) + 3.0 * torque
        speed = np.clip(self.speed_B + pull * _STEP, -_SPEED, _SPEED)
        return Pendulums(self.angle_B + speed * _STEP, speed), -cost
