"""Words into lines, and lines into the order in which a person reads them.

The order is a recursive cut along white space (after Nagy and Seth's XY cut): into bands from top to bottom,
and bands into columns where a gap runs all the way down. Columns of prose are read one after the other; a
table is read row by row.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from backends.vision.ocr.words import Area, Line, Word, is_wide

_SAME_LINE = 0.5  # of the smaller height
_LONGEST_GAP = 1.6  # in heights: wider, and the next word belongs to another column
_GUTTER = 1.0  # in heights of a line: narrower gaps between blocks are no columns
_TIGHT = 0.3  # in heights: lines whose boxes overlap less than this still stand one above the other
_WORDS_OF_PROSE = 3


def lines_of(words: Sequence[Word]) -> list[Line]:
    """Join words into lines, in reading order."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.area.left):
        row = _row_for(word, rows)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    lines = [Line(tuple(row), _text(row)) for row in rows]
    return _in_reading_order(lines)


def _row_for(word: Word, rows: list[list[Word]]) -> list[Word] | None:
    """The row that this word goes on, nearest first."""
    fitting = [row for row in rows if _goes_on(row[-1].area, word.area)]
    return min(fitting, key=lambda row: abs(word.area.left - row[-1].area.right), default=None)


def _goes_on(last: Area, following: Area) -> bool:
    shared = min(last.bottom, following.bottom) - max(last.top, following.top)
    lower, higher = sorted((last.height, following.height))
    gap = following.left - last.right
    return shared > _SAME_LINE * lower and higher < 2.2 * lower and -lower < gap < _LONGEST_GAP * higher


def _text(words: Sequence[Word]) -> str:
    text = words[0].text
    for before, after in pairwise(words):
        without_blank = is_wide(before.text[-1]) and is_wide(after.text[0])
        text += ("" if without_blank else " ") + after.text
    return text


def _in_reading_order(lines: list[Line]) -> list[Line]:
    """Band after band; bands that together fall into columns of prose are read column after column."""
    if len(lines) < 2:
        return lines
    height = median(line.area.height for line in lines)
    bands = _split(lines, lambda area: (area.top, area.bottom), -_TIGHT * height)
    ordered: list[Line] = []
    start = 0
    while start < len(bands):
        end, columns = _prose_columns(bands, start, height)
        if not columns:
            end, columns = start + 1, _columns(bands[start], height)
        if len(columns) > 1:
            ordered += [line for column in columns for line in _in_reading_order(column)]
        else:
            ordered += sorted(columns[0], key=lambda line: (line.area.top, line.area.left))
        start = end
    return ordered


def _prose_columns(bands: list[list[Line]], start: int, height: float) -> tuple[int, list[list[Line]]]:
    """The longest run of bands from `start` that falls into columns of prose: its end and the columns."""
    found: tuple[int, list[list[Line]]] = (start, [])
    together: list[Line] = []
    for end, band in enumerate(bands[start:], start=start + 1):
        together = together + band
        columns = _columns(together, height)
        if len(columns) < 2:
            break
        if all(_is_prose(column) for column in columns):
            found = (end, columns)
    return found


def _is_prose(lines: list[Line]) -> bool:
    """Several lines of several words; the columns of a table hold a word or a number."""
    return len(lines) > 1 and median(len(line.words) for line in lines) >= _WORDS_OF_PROSE


def _columns(lines: list[Line], height: float) -> list[list[Line]]:
    return _split(lines, lambda area: (area.left, area.right), _GUTTER * height)


def _split(
    lines: list[Line], span: Callable[[Area], tuple[float, float]], least_gap: float
) -> list[list[Line]]:
    """Groups of lines with nothing between them along one direction, in order."""
    ordered = sorted(lines, key=lambda line: span(line.area))
    groups, reach = [[ordered[0]]], span(ordered[0].area)[1]
    for line in ordered[1:]:
        start, end = span(line.area)
        if start - reach > least_gap:
            groups.append([line])
        else:
            groups[-1].append(line)
        reach = max(reach, end)
    return groups
