"""What the paper proves of its partition, checked over a fine mesh of areas and shapes."""

import math
import random
import statistics
from dataclasses import replace

import pytest

from backends.vision.llava_uhd.planner import SlicePlan, plan
from backends.vision.llava_uhd.profiles import EXACT

UNLIMITED = replace(EXACT, max_slices=40)
STANDARD_AREA = 336**2


def planned(area: float, ratio: float) -> SlicePlan:
    """A picture of so many standard areas and this W/H, to the pixel."""
    width = math.sqrt(area * STANDARD_AREA * ratio)
    return plan((max(round(width), 1), max(round(width / ratio), 1)), UNLIMITED)


def slice_aspect(found: SlicePlan) -> float:
    (width, height), (columns, rows) = found.size, found.grid
    ratio = (width * rows) / (height * columns)
    return max(ratio, 1 / ratio)


def slice_area(found: SlicePlan) -> float:
    return found.size[0] * found.size[1] / (found.grid[0] * found.grid[1]) / STANDARD_AREA


@pytest.fixture(scope="module")
def mesh() -> list[SlicePlan]:
    areas = [1 + 19 * step / 160 for step in range(161)]
    ratios = [6 ** (step / 60) for step in range(-60, 61)]
    found = [planned(area, ratio) for area in areas for ratio in ratios]
    inside = [p for p in found if 2 <= p.ideal_slices <= 20 and 1 / 6 <= p.size[0] / p.size[1] <= 6]
    assert len(inside) > 15_000
    return inside


def test_slices_are_at_most_twice_as_long_as_wide(mesh: list[SlicePlan]) -> None:
    assert max(map(slice_aspect, mesh)) <= 2


def test_the_worst_slice_is_exactly_two_to_one() -> None:
    worst = planned_size(150, 900)
    assert worst.ideal_slices == 2
    assert worst.grid == (1, 3)
    assert slice_aspect(worst) == 2


def planned_size(width: int, height: int) -> SlicePlan:
    return plan((width, height), UNLIMITED)


def test_slice_areas_stay_between_a_third_and_three_halves_of_the_standard(mesh: list[SlicePlan]) -> None:
    areas = [slice_area(found) for found in mesh]
    assert min(areas) > 1 / 3
    assert max(areas) <= 1.5


def test_a_picture_that_is_not_sliced_may_have_any_shape() -> None:
    assert planned_size(720, 120).grid == (1, 1)


def test_average_slices_are_as_square_and_as_large_as_computed_for_the_paper() -> None:
    # Aspect 1.265 and variance 0.046 for N > 2; 12,000 draws put the mean within 0.002 of its expectation.
    chance = random.Random(11703)
    found = [planned(chance.uniform(2, 20), chance.uniform(1, 6)) for _ in range(12_000)]
    aspects = [slice_aspect(p) for p in found]
    assert statistics.mean(aspects) == pytest.approx(1.265, abs=0.01)
    assert statistics.variance(aspects) == pytest.approx(0.046, abs=0.005)
    assert 0.9 < statistics.mean(map(slice_area, found)) < 1.1
