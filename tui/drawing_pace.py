"""How often to draw what changes all the time, so that keys are answered however busy the machine is."""

import time
from collections.abc import Callable

SHARE = 0.2
"""Of the time that drawing may take at most."""


class DrawingPace:
    """Drawing that takes longer comes less often.

    To be asked at every tick of a timer; the one who has drawn says so once it stands on the screen.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = 0.0
        self._is_drawing = False
        self._next = 0.0

    def may_draw(self) -> bool:
        """Whether it is time; if so, drawing begins now."""
        now = self._clock()
        if self._is_drawing or now < self._next:
            return False
        self._began, self._is_drawing = now, True
        return True

    def drawn(self) -> None:
        """It stands on the screen."""
        now = self._clock()
        self._is_drawing = False
        self._next = now + (now - self._began) * (1 - SHARE) / SHARE
