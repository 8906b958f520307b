"""What a game of pixels is: it begins from a seed, takes actions and shows frames.

Actions are numbered, or steer: as many numbers from -1 to 1 as the game has levers.
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""Channels, height, width."""
Steering = tuple[float, ...]
Action = TypeVar("Action", bound=int | Steering)
_Taken = TypeVar("_Taken", bound=int | Steering, contravariant=True)


@dataclass(frozen=True, slots=True)
class Step:
    """What an action led to.

    `terminal` says that no value follows, as after death or a lost life; `over` that the episode has ended
    and the game must begin again. A time limit ends an episode that is not terminal.
    """

    frame: Frame
    reward: float
    terminal: bool
    over: bool


class PixelGame(Protocol[_Taken]):
    """A game whose episode is a function of its seed and the actions, so that it can be played again.

    `num_actions` counts the actions to choose from, or the levers to steer by.
    """

    num_actions: int
    frame_shape: tuple[int, int, int]

    def begin(self, seed: int) -> Frame:
        """Begin an episode and show its first frame."""
        ...

    def step(self, action: _Taken) -> Step:
        """Act once; not to be called after an episode is over."""
        ...
