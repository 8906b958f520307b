"""Stacks of the last frames, as networks without memory see them: earlier episodes are black."""

from collections import deque
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from backends.rl.pixels.game import Frame
from backends.rl.pixels.replay import Windows

# Shape legend: B windows, L steps, S frames of a stack, C H W frame


def stacks_of(seen: Windows, size: int) -> Tensor:
    """From windows of L steps the stacks of all but the first `size - 1`: B, L - size + 1, S x C, H, W."""
    frames, overs = seen.frames_BLCHW, seen.overs_BL
    count = frames.shape[1] - size + 1
    parts = []
    for begin in range(size):
        part = frames[:, begin : begin + count]
        # A frame is of the same episode if none ended between it and the stack's newest.
        same = torch.ones_like(overs[:, :count])
        for place in range(begin, size - 1):
            same = same & ~overs[:, place : place + count]
        parts.append(part * same[..., None, None, None])
    return torch.cat(parts, 2)


class NewestFrames:
    """The stack that a player sees now."""

    def __init__(self, size: int) -> None:
        self._frames: deque[Frame] = deque(maxlen=size)
        self._size = size

    def begin(self) -> None:
        """Forget the episode that has ended."""
        self._frames.clear()

    def see(self, frame: Frame) -> Frame:
        """Add a frame and give the stack with it, black where the episode had not begun: S x C, H, W."""
        self._frames.append(frame)
        missing = [np.zeros_like(frame)] * (self._size - len(self._frames))
        return np.concatenate([*missing, *self._frames])

    def state(self) -> list[Tensor]:
        """The frames seen, for a checkpoint."""
        return [torch.from_numpy(np.array(frame)) for frame in self._frames]

    def restore(self, state: list[Tensor]) -> None:
        """Take the frames of a checkpoint."""
        self._frames.extend(frame.numpy() for frame in state)


def newest_stacks(newest: Sequence[NewestFrames], frames_NCHW: Frame) -> Frame:
    """The stacks of several games that each show a frame: games, S x C, H, W."""
    return np.stack([one.see(frame) for one, frame in zip(newest, frames_NCHW, strict=True)])
