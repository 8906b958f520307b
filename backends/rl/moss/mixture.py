"""The mixture of surprises: when within an episode surprise is sought or avoided, and by which skills."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from backends.rl.skills.objectives import AVOIDS, SEEKS
from backends.rl.skills.replay import Array

Schedule = Literal["by_time", "random", "explore", "control"]
SkillMode = Literal["sign", "half", "same", "discrete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """MOSS's way to draw skills.

    An episode is cut into parts of `episode_steps // partitions` steps, which seek and avoid by turns. Skills
    are drawn more rarely than that, so a turn begins with the next draw: with the published 1.5 partitions,
    1000 steps and a draw every 50, surprise is avoided from step 700 on.
    """

    size: int
    episode_steps: int
    partitions: float = 1.5
    schedule: Schedule = "by_time"
    skill_mode: SkillMode = "sign"

    def __call__(self, step: int, stream: np.random.Generator) -> tuple[Array, int]:
        mode = self.mode(step, stream)
        return self.skill(mode, stream), mode

    def mode(self, step: int, stream: np.random.Generator) -> int:
        """Whether surprise is sought or avoided."""
        match self.schedule:
            case "by_time":
                return int(step // (self.episode_steps // self.partitions)) % 2
            case "random":
                return int(stream.integers(2))
            case "explore":
                return SEEKS
            case "control":
                return AVOIDS

    def skill(self, mode: int, stream: np.random.Generator) -> Array:
        """A skill of a mode. `sign`, the published one, draws from the unit cube or its mirror image."""
        drawn = stream.random(self.size, dtype=np.float32)
        match self.skill_mode:
            case "sign":
                return drawn if mode == SEEKS else -drawn
            case "half":
                first = np.arange(self.size) < self.size // 2
                return np.where(first == (mode == SEEKS), drawn, np.float32(0.0))
            case "same":
                return drawn
            case "discrete":
                return np.full(self.size, 1.0 if mode == SEEKS else -1.0, dtype=np.float32)
