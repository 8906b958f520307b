"""Strips of frames as pictures: what was imagined under what was real, step by step."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backends.rl.pixels.game import Frame

_GAP = 2
_LEAST_SIDE = 48
"""Small frames are enlarged so that people can see them."""


def save_strips(file: Path, rows: Sequence[Sequence[Frame]]) -> None:
    """Write rows of frames below each other as one PNG; all rows have as many frames."""
    drawn = [_row(row) for row in rows]
    gap = np.full((_GAP, drawn[0].shape[1], 3), 255, np.uint8)
    parts = [part for row in drawn for part in (row, gap)][:-1]
    Image.fromarray(np.concatenate(parts)).save(file)


def _row(frames: Sequence[Frame]) -> NDArray[np.uint8]:
    shown = [_shown(frame) for frame in frames]
    gap = np.full((shown[0].shape[0], _GAP, 3), 255, np.uint8)
    return np.concatenate([part for one in shown for part in (one, gap)][:-1], 1)


def _shown(frame: Frame) -> NDArray[np.uint8]:
    factor = max(_LEAST_SIDE // frame.shape[1], 1)
    coloured = np.broadcast_to(frame, (3, *frame.shape[1:])).transpose(1, 2, 0)
    return coloured.repeat(factor, 0).repeat(factor, 1)
