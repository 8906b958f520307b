"""Curves drawn with the dots of braille characters, eight to a cell, in plain text of a given size.

Each curve carries its letter at its end, so that curves are told apart without colour.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.text import Text

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Unicode's numbers of the dots, by row
_EMPTY = 0x2800
_NOBODY = -1  # owns a cell without dots
LETTERS = "abcdefgh"
STYLES = ("cyan", "yellow", "green", "magenta", "blue", "red", "bright_cyan", "bright_yellow")
_LABEL = 8
_WHOLE_BELOW = 10_000_000
_LEAST_WIDTH, _LEAST_HEIGHT = 3 * _LABEL + 3, 3  # two numbers side by side below the curves


@dataclass(slots=True)
class _Column:
    """The values that fall into one column of dots."""

    first: float
    last: float
    low: float
    high: float

    def take(self, value: float) -> None:
        self.last = value
        self.low, self.high = min(self.low, value), max(self.high, value)


def number(value: float) -> str:
    """Four digits that matter, or a whole number whole, in at most eight characters."""
    if value == int(value) and abs(value) < _WHOLE_BELOW:
        return f"{value:.0f}"
    return next(told for form in (".4g", ".1e", ".0e") if len(told := f"{value:{form}}") <= _LABEL)


def plot(curves: Sequence[Iterable[tuple[float, float]]], width: int, height: int) -> list[Text]:
    """Lines of text: the values' ends at the left, the curves, the steps' ends below.

    What is not finite is left out. Returns no lines where there is no room or nothing to draw.
    """
    drawn = [
        [(x, y) for x, y in curve if math.isfinite(x) and math.isfinite(y)]
        for curve in curves[: len(LETTERS)]
    ]
    points = [point for curve in drawn for point in curve]
    if not points or width < _LEAST_WIDTH or height < _LEAST_HEIGHT:
        return []
    columns, rows = width - _LABEL - 2, height - 1
    left, right = _ends([x for x, _ in points])
    bottom, top = _ends([y for _, y in points])
    canvas = _Canvas(columns, rows)
    for place, curve in enumerate(drawn):
        if curve:
            canvas.draw(place, _in_columns(curve, left, right, 2 * columns), bottom, top)
    lines = canvas.lines()
    labels = [""] * rows
    labels[0], labels[-1] = number(top), number(bottom)
    if rows > 4:
        labels[rows // 2] = number(top - (top - bottom) * (rows // 2 + 0.5) / rows)
    told = [
        Text.assemble((f"{label:>{_LABEL}}", "dim"), ("┤" if label else "│", "dim"), line)
        for label, line in zip(labels, lines, strict=True)
    ]
    ends = f"{number(right):>{columns - len(number(left))}}"
    told.append(Text(f"{'':{_LABEL}} {number(left)}{ends}", style="dim"))
    return told


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest; widened where they are one, so that a level curve lies in the middle."""
    low, high = min(values), max(values)
    if low == high:
        room = abs(low) / 10 or 1.0
        return low - room, high + room
    return low, high


def _in_columns(
    points: Sequence[tuple[float, float]], left: float, right: float, columns: int
) -> dict[int, _Column]:
    found: dict[int, _Column] = {}
    for x, y in points:
        place = round((x - left) / (right - left) * (columns - 1))
        if place in found:
            found[place].take(y)
        else:
            found[place] = _Column(y, y, y, y)
    return dict(sorted(found.items()))


class _Canvas:
    """Cells of dots, with the curve that drew into each last."""

    def __init__(self, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._dots = [[0] * columns for _ in range(rows)]
        self._owners = [[_NOBODY] * columns for _ in range(rows)]
        self._letters: dict[tuple[int, int], int] = {}

    def draw(self, place: int, columns: dict[int, _Column], bottom: float, top: float) -> None:
        """Draw the curve number `place`: in each column all its values, and lines between columns."""
        height = 4 * self._rows - 1

        def y_of(value: float) -> int:
            return height - round((value - bottom) / (top - bottom) * height)

        before: tuple[int, int] | None = None
        for x, column in columns.items():
            self._line(place, x, y_of(column.low), x, y_of(column.high))
            if before is not None:
                self._line(place, *before, x, y_of(column.first))
            before = (x, y_of(column.last))
        assert before is not None, "a curve that is drawn has points"
        row = before[1] // 4
        cell = min(before[0] // 2, self._columns - 1)
        while (row, cell) in self._letters and cell > 0:
            cell -= 1
        self._letters[row, cell] = place

    def _line(self, place: int, x0: int, y0: int, x1: int, y1: int) -> None:
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            x, y = x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps)
            self._dots[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
            self._owners[y // 4][x // 2] = place

    def lines(self) -> list[Text]:
        """The cells as lines of text."""
        for (row, cell), place in self._letters.items():
            self._owners[row][cell] = len(STYLES) + place
        return [_line(dots, owners) for dots, owners in zip(self._dots, self._owners, strict=True)]


def _line(dots: Sequence[int], owners: Sequence[int]) -> Text:
    """Neighbours of one style are put together: single cells take several times as long to draw."""
    line = Text()
    for owner, cells in groupby(range(len(dots)), key=owners.__getitem__):
        if owner >= len(STYLES):
            place = owner - len(STYLES)
            line.append(LETTERS[place], style=f"bold {STYLES[place]}")
        elif owner == _NOBODY:
            line.append(" " * len(list(cells)))
        else:
            line.append("".join(chr(_EMPTY + dots[cell]) for cell in cells), style=STYLES[owner])
    return line
