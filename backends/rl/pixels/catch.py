"""Catch: a ball falls, a paddle moves left and right, and only the last row gives a reward, of 1 or -1.

`wind` is the chance that the ball is blown a cell aside while it
falls, which makes the future uncertain. `noise` is the share of the empty pixels that show random brightness,
others at every step: they mean nothing.
"""

from dataclasses import dataclass

import numpy as np

from backends.rl.pixels.game import Frame, Step

LEFT, STAY, RIGHT = range(3)


@dataclass(frozen=True, slots=True)
class CatchRules:
    """One of the variants of the game: cells across and down, cells of the paddle, and looks.

    `side` is that of the frames in pixels, a multiple of `cells`.
    """

    cells: int = 5
    paddle: int = 1
    side: int = 10
    channels: int = 3
    wind: float = 0.0
    noise: float = 0.0


class Catch:
    """One ball an episode, which falls a cell a step."""

    num_actions = 3

    def __init__(self, rules: CatchRules) -> None:
        self.rules = rules
        self._cell = rules.side // rules.cells
        self.frame_shape = (rules.channels, rules.side, rules.side)
        self._chance = np.random.default_rng()
        self.ball = (0, 0)
        self.paddle = 0

    def begin(self, seed: int) -> Frame:
        """See `PixelGame.begin`."""
        self._chance = np.random.default_rng(seed)
        self.ball = (0, int(self._chance.integers(self.rules.cells)))
        self.paddle = (self.rules.cells - self.rules.paddle) // 2
        return self._frame()

    def step(self, action: int) -> Step:
        """See `PixelGame.step`."""
        last = self.rules.cells - 1
        self.paddle = min(max(self.paddle + action - STAY, 0), self.rules.cells - self.rules.paddle)
        row, column = self.ball
        if self._chance.random() < self.rules.wind:
            column = min(max(column + int(self._chance.choice((-1, 1))), 0), last)
        self.ball = (row + 1, column)
        over = row + 1 == last
        caught = self.paddle <= column < self.paddle + self.rules.paddle
        reward = (1.0 if caught else -1.0) if over else 0.0
        return Step(self._frame(), reward, terminal=over, over=over)

    def _frame(self) -> Frame:
        cells = np.zeros((self.rules.cells, self.rules.cells), np.uint8)
        cells[-1, self.paddle : self.paddle + self.rules.paddle] = 128
        cells[self.ball] = 255
        shown = cells.repeat(self._cell, 0).repeat(self._cell, 1)
        if self.rules.noise:
            noise = self._chance.integers(0, 256, shown.shape, np.uint8)
            shown = np.where(
                (shown == 0) & (self._chance.random(shown.shape) < self.rules.noise), noise, shown
            )
        return np.broadcast_to(shown, self.frame_shape)

    def ball_column(self, frame: Frame) -> int | None:
        """Where the ball is in a frame: the column of its brightest cell above the paddle's row.

        None if nothing there is nearer to the ball's brightness than to the background's.
        """
        above = frame[0, : -self._cell].astype(np.float32)
        cells = above.reshape(self.rules.cells - 1, self._cell, self.rules.cells, self._cell).mean((1, 3))
        return int(cells.argmax() % self.rules.cells) if cells.max() > 127 else None
