"""Curves in bounded room, and how they are drawn."""

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.braille_plot import LETTERS, number, plot
from tui.curve import MOST_POINTS, Curve


def test_a_short_curve_is_kept_whole() -> None:
    curve = Curve()
    for step in range(100):
        curve.add(step, step / 2)
    assert list(curve.points())[:100] == [(step, step / 2) for step in range(100)]


def test_a_very_long_curve_takes_bounded_room_and_keeps_its_ends() -> None:
    curve = Curve()
    for step in range(1_000_003):
        curve.add(step, float(step))
    points = list(curve.points())
    assert len(points) <= MOST_POINTS + 1
    assert len(points) > MOST_POINTS / 2
    assert points[0] == (0, 0)
    assert points[-1] == (1_000_002, 1_000_002)
    gaps = {later[0] - earlier[0] for earlier, later in pairwise(points[:-1])}
    assert len(gaps) == 1  # the points that are kept lie evenly


def test_a_rising_line_goes_from_the_lower_left_to_the_upper_right() -> None:
    lines = [line.plain for line in plot([[(0, 0.0), (10, 1.0)]], 40, 12)]
    canvas = [line[9:] for line in lines[:-1]]
    assert canvas[-1].startswith("⣀") or not canvas[-1].startswith(" ")
    assert canvas[0].rstrip().endswith("a")
    first_dots = [next(place for place, cell in enumerate(row) if cell != " ") for row in canvas]
    assert first_dots == sorted(first_dots, reverse=True)
    assert lines[0].startswith("       1┤")
    assert lines[-2].startswith("       0┤")
    assert lines[-1].split() == ["0", "10"]


def test_a_level_curve_lies_in_the_middle() -> None:
    lines = [line.plain[9:] for line in plot([[(0, 3.0), (5, 3.0)]], 30, 8)][:-1]
    assert [place for place, line in enumerate(lines) if line.strip()] == [3]


def test_two_curves_have_two_letters() -> None:
    text = "\n".join(line.plain for line in plot([[(0, 0.0), (9, 1.0)], [(0, 1.0), (9, 0.0)]], 40, 10))
    assert "a" in text
    assert "b" in text


def test_what_is_not_finite_is_left_out() -> None:
    assert plot([[(0, math.nan), (1, math.inf)]], 40, 10) == []
    lines = plot([[(0, 1.0), (1, math.nan), (2, 2.0)]], 40, 10)
    assert lines[0].plain.startswith("       2┤")


def test_without_room_or_points_nothing_is_drawn() -> None:
    assert plot([], 40, 10) == []
    assert plot([[(0, 1.0)]], 8, 10) == []
    assert plot([[(0, 1.0)]], 40, 2) == []


values = st.floats(min_value=-1e30, max_value=1e30, allow_nan=False)
curves = st.lists(
    st.lists(st.tuples(st.integers(0, 10**9), values), min_size=1, max_size=30), min_size=1, max_size=8
)


@settings(deadline=None, max_examples=40)
@given(curves, st.integers(27, 120), st.integers(3, 40))
def test_a_drawing_fills_its_room_and_no_more(
    curves: list[list[tuple[int, float]]], width: int, height: int
) -> None:
    lines = plot([[(float(x), y) for x, y in curve] for curve in curves], width, height)
    assert len(lines) == height
    assert all(cell_len(line.plain) <= width for line in lines)


@given(values)
def test_a_number_takes_at_most_eight_characters(value: float) -> None:
    assert len(number(value)) <= 8


def test_there_are_as_many_letters_as_styles() -> None:
    assert len(set(LETTERS)) == len(LETTERS)
