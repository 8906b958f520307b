"""The switches of a profile beyond the published rules, and what is refused."""

import math
import random
import statistics
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.grids import candidates, nearest_grid
from backends.vision.llava_uhd.metrics import measure
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import EXACT, MARCH_24, PROFILES, Profile, profile_named


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-3, 7), (-3, -7)])
def test_a_side_below_one_pixel_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(PlanError, match="each side must be at least 1 pixel"):
        plan(size)


def test_more_pixels_than_the_limit_are_refused_with_both_numbers() -> None:
    with pytest.raises(PlanError, match=r"400,000,000 pixels, more than the 178,956,970 allowed"):
        plan((20_000, 20_000))
    with pytest.raises(PlanError, match=r"101 pixels, more than the 100 allowed"):
        plan((101, 1), replace(EXACT, max_pixels=100))
    assert plan((100, 1), replace(EXACT, max_pixels=100)).size == (100, 1)


def test_fractions_of_pixels_are_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        plan((100.5, 20))  # type: ignore[arg-type]


def test_sizes_from_numpy_become_plain_numbers() -> None:
    planned = plan((np.int32(40_000), np.int32(4_000)))  # type: ignore[arg-type]  # 160 M would overflow 32-bit areas
    assert planned == plan((40_000, 4_000))
    assert type(planned.size[0]) is int


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"resolution": 0}, "resolution must be at least 1"),
        ({"max_slices": 0}, "max_slices must be at least 1"),
        ({"resolution": 340}, "340 is no multiple of the patch 14"),
        ({"align": 20}, "align 20 is no multiple of the patch 14"),
        ({"overlap": -1}, "an overlap cannot be negative"),
    ],
)
def test_a_profile_that_allows_no_plan_is_refused(change: dict[str, int], complaint: str) -> None:
    with pytest.raises(PlanError, match=complaint):
        replace(EXACT, **change)  # type: ignore[arg-type]


def test_profiles_are_found_by_name() -> None:
    assert [profile_named(name).name for name in PROFILES] == list(PROFILES)
    with pytest.raises(
        PlanError, match=r"no slicing profile 'uhd'. Known: exact, release, march-24, minicpm"
    ):
        profile_named("uhd")


def test_plans_and_profiles_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        plan((10, 10)).size = (1, 1)  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        EXACT.max_slices = 9  # type: ignore[misc]


def test_the_first_code_loses_a_patch_to_float_noise() -> None:
    assert plan((1280, 720), MARCH_24).overview_patches == (32, 17)
    assert plan((1280, 720)).overview_patches == (32, 18)
    squares = {plan((side, side), MARCH_24).overview_patches for side in range(1, 1000)}
    assert squares == {(23, 23), (24, 24)}


def test_the_first_code_sizes_its_slices_for_the_whole_picture() -> None:
    planned = plan((1000, 400), MARCH_24)
    assert planned.num_slices > 1
    assert planned.slice_patches == planned.overview_patches


def distortions(profile: Profile) -> list[float]:
    """Of the worst slice of 2,000 pictures, aspect 1/4 to 4 and 200 to 4000 pixels in the geometric mean."""
    chance = random.Random(7)
    found = []
    for _ in range(2000):
        side = math.exp(chance.uniform(math.log(200), math.log(4000)))
        stretch = math.exp(chance.uniform(-math.log(4), math.log(4)) / 2)
        found.append(measure(plan((round(side * stretch), round(side / stretch)), profile)).distortion)
    return found


def test_floors_distort_by_two_percent_and_the_best_fit_by_one() -> None:
    floor, best = distortions(EXACT), distortions(replace(EXACT, fit="best"))
    assert statistics.mean(floor) == pytest.approx(0.018, abs=0.004)
    assert max(floor) < 0.09
    assert statistics.mean(best) == pytest.approx(0.0094, abs=0.001)
    assert max(best) < 0.05


def test_the_best_fit_keeps_more_of_the_shape_than_the_floor_of_each_side() -> None:
    best = replace(EXACT, fit="best")
    for size in [(337, 336), (400, 300), (1234, 567), (5000, 500), (30_000, 1), (1, 30_000)]:
        floor_distortion = measure(plan(size)).overview_distortion
        assert measure(plan(size, best)).overview_distortion <= floor_distortion
    assert plan((1000, 300), best).overview_patches == (43, 13)  # 3.308; the floors, 43 and 13, are best
    assert plan((3000, 10), best).overview_patches == (300, 1)  # the floors give 415 x 1


def test_a_tie_between_two_numbers_of_slices_goes_to_the_ideal_one() -> None:
    # Halfway between 1x5 and 2x3 on the logarithm; two numbers of slices tie at irrational ratios only,
    # so it takes a height of 10^13 to come within 1e-9.
    height = 10**13
    width = math.isqrt(height**2 * 2 // 15)
    assert nearest_grid(width, height, 6, candidates(6, 7, "neighbours")) == (2, 3)
    assert nearest_grid(width, height, 5, ((1, 5), (2, 3))) == (1, 5)


def test_strips_cut_what_is_longer_than_two_hundred_to_one() -> None:
    strips = replace(EXACT, extreme="strips")
    assert plan((30_000, 1), EXACT).grid == (1, 1)
    assert plan((30_000, 1), strips).grid == (6, 1)
    assert plan((1, 30_000), strips).grid == (1, 6)
    assert plan((500, 2), strips).grid == (2, 1)
    assert plan((10_000, 50), strips) == replace(plan((10_000, 50)), profile=strips)


def test_strips_are_no_longer_than_two_hundred_to_one_where_enough_are_allowed() -> None:
    planned = plan((30_000, 1), replace(EXACT, extreme="strips", max_slices=500))
    assert planned.grid == (150, 1)
    assert all(piece.box.size == (200, 1) for piece in planned.slices)
