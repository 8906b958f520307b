"""A measured value over steps, kept in bounded room however long a run goes on."""

from array import array
from collections.abc import Iterator

MOST_POINTS = 1_024  # several for every column of dots of a wide window


class Curve:
    """Points in the order of their steps. When there are too many, every other one is let go.

    The latest value is always kept exactly.
    """

    def __init__(self) -> None:
        self._steps = array("d")
        self._values = array("d")
        self._stride = 1
        self._num_seen = 0
        self.latest: float | None = None
        self.latest_step: int | None = None

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, value: float) -> None:
        """Take the next point."""
        self.latest, self.latest_step = value, step
        if self._num_seen % self._stride == 0:
            self._steps.append(step)
            self._values.append(value)
        self._num_seen += 1
        if len(self._steps) > MOST_POINTS:
            self._steps, self._values = self._steps[::2], self._values[::2]
            self._stride *= 2

    def points(self) -> Iterator[tuple[float, float]]:
        """Step and value of each point that is kept, and of the latest."""
        yield from zip(self._steps, self._values, strict=True)
        if self.latest is not None and self.latest_step is not None:
            yield float(self.latest_step), self.latest
