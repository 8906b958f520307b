"""Atari as Atari-100k plays it, in the three ways that papers use; the ROMs come with ale-py.

Every action is held for four raw frames, of which the last two are merged by their maximum, and the smallest
set of actions is used. What differs between papers is data here, not code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

import cv2
import gymnasium
import numpy as np
from ale_py import ALEInterface, AtariEnv
from numpy.typing import NDArray

from backends.lab.errors import LabError
from backends.rl.pixels.game import Frame, Step

ProfileName = Literal["spr", "storm", "iris"]
_FRAMES_AN_ACTION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AtariProfile:
    """How a paper sees and rewards. `sticky` is the chance that the last action is repeated instead.

    `most_idle` actions of doing nothing begin an episode, `clip` keeps the sign of a reward only, and
    `most_actions` is the time limit. `same_start` begins every episode alike.
    """

    side: int
    grey: bool
    sticky: float
    most_idle: int
    clip: bool
    most_actions: int
    same_start: bool = False


PROFILES: Mapping[ProfileName, AtariProfile] = {
    "spr": AtariProfile(side=84, grey=True, sticky=0.0, most_idle=30, clip=True, most_actions=27_000),
    "storm": AtariProfile(
        side=64,
        grey=False,
        sticky=0.25,  # gymnasium's default for the -v5 games, which the released code leaves as it is
        most_idle=0,
        clip=False,
        most_actions=27_000,
        same_start=True,  # its wrapper passes the seed at every reset
    ),
    "iris": AtariProfile(side=64, grey=False, sticky=0.0, most_idle=30, clip=False, most_actions=27_000),
}


class Atari:
    """One Atari game; a lost life is terminal and the episode goes on."""

    def __init__(self, name: str, profile: AtariProfile) -> None:
        self.profile = profile
        try:
            self._environment = gymnasium.make(
                f"ALE/{name}-v5",
                frameskip=1,
                repeat_action_probability=profile.sticky,
                full_action_space=False,
                max_episode_steps=None,
                disable_env_checker=True,
            )
        except gymnasium.error.Error as error:
            raise LabError(
                f"There is no Atari game {name!r}; names are as in ALE/Pong, ALE/MsPacman."
            ) from error
        core = cast(AtariEnv, self._environment.unwrapped)
        self._console: ALEInterface = core.ale
        self.num_actions = len(core._action_set)
        self.frame_shape = (1 if profile.grey else 3, profile.side, profile.side)
        self._lives = 0
        self._actions = 0

    def begin(self, seed: int) -> Frame:
        """See `PixelGame.begin`."""
        raw, _ = self._environment.reset(seed=seed)
        for _ in range(self._idle_actions(seed)):
            raw, _, ended, cut, _ = self._environment.step(0)
            if ended or cut:
                raw, _ = self._environment.reset()
        self._lives = self._console.lives()
        self._actions = 0
        return self._shown(raw)

    def step(self, action: int) -> Step:
        """See `PixelGame.step`."""
        reward = 0.0
        ended = False
        raws: list[NDArray[np.uint8]] = []
        for _ in range(_FRAMES_AN_ACTION):
            raw, gained, ended, _, _ = self._environment.step(action)
            reward += float(gained)
            raws.append(raw)
            if ended:
                break
        self._actions += 1
        lives = self._console.lives()
        lost_life, self._lives = lives < self._lives, lives
        merged = np.maximum(raws[-1], raws[-2]) if len(raws) > 1 else raws[-1]
        over = ended or self._actions >= self.profile.most_actions
        return Step(
            self._shown(merged),
            float(np.sign(reward)) if self.profile.clip else reward,
            terminal=ended or lost_life,
            over=over,
        )

    def _idle_actions(self, seed: int) -> int:
        most = self.profile.most_idle
        return int(np.random.default_rng(seed).integers(1, most + 1)) if most else 0

    def _shown(self, raw: NDArray[np.uint8]) -> Frame:
        seen = cv2.cvtColor(raw, cv2.COLOR_RGB2GRAY) if self.profile.grey else raw
        side = self.profile.side
        small: NDArray[np.uint8] = np.asarray(
            cv2.resize(seen, (side, side), interpolation=cv2.INTER_AREA), np.uint8
        )
        return small[None] if self.profile.grey else np.ascontiguousarray(small.transpose(2, 0, 1))
