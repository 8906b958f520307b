"""10,000 sizes under every rule: invariants of a plan, and equality with a literal reading of the rules."""

import math
import random
from dataclasses import replace

import pytest

from backends.vision.llava_uhd.planner import SlicePlan, plan
from backends.vision.llava_uhd.profiles import (
    EXACT,
    MARCH_24,
    MINICPM_V_2_6,
    MINICPM_V_4_6,
    MINICPM_V_4_6_4X,
    PROFILES,
    RELEASE,
    Fit,
    Profile,
)
from tests.backends.vision.llava_uhd import reference_planner as reference


def drawn_sizes() -> list[tuple[int, int]]:
    chance = random.Random(2403)
    log_uniform = [
        (
            round(math.exp(chance.uniform(0, math.log(9000)))),
            round(math.exp(chance.uniform(0, math.log(9000)))),
        )
        for _ in range(6000)
    ]
    ordinary = [(chance.randint(100, 4000), chance.randint(100, 4000)) for _ in range(3000)]
    squares = [(side, side) for side in range(1, 9000, 9)]
    return [*log_uniform, *ordinary, *squares]


SIZES = drawn_sizes()


@pytest.fixture(scope="module", params=PROFILES.values(), ids=lambda profile: profile.name)
def plans(request: pytest.FixtureRequest) -> list[SlicePlan]:
    profile: Profile = request.param
    return [plan(size, profile) for size in SIZES]


def test_the_sweep_has_ten_thousand_sizes() -> None:
    assert len(SIZES) == 10_000


def test_slice_boxes_tile_the_picture(plans: list[SlicePlan]) -> None:
    for planned in plans:
        columns = planned.grid[0]
        boxes = [piece.box for piece in planned.slices] or [planned.overview.box]
        across = [(box.left, box.right) for box in boxes[:columns]]
        down = [(box.top, box.bottom) for box in boxes[::columns]]
        assert [(b.left, b.right, b.top, b.bottom) for b in boxes] == [(*x, *y) for y in down for x in across]
        for spans, length in ((across, planned.size[0]), (down, planned.size[1])):
            ends = [0, *(end for _, end in spans)]
            assert ends == [*(start for start, _ in spans), length]  # each begins where the last one ended
            assert all(start < end for start, end in spans)


def test_the_number_of_slices_is_next_to_the_wanted_one(plans: list[SlicePlan]) -> None:
    for planned in plans:
        wanted = min(planned.ideal_slices, planned.profile.max_slices)
        cut = planned.grid[0] * planned.grid[1]
        assert abs(cut - wanted) <= 1
        if planned.profile.candidates == "neighbours":
            assert (cut == 1) == (wanted == 1)
            assert cut <= planned.profile.max_slices


def test_encoded_sizes_are_whole_steps_of_patches(plans: list[SlicePlan]) -> None:
    for planned in plans:
        step = planned.profile.align
        sizes = [planned.overview_size, planned.slice_size or planned.overview_size]
        assert all(side >= step and side % step == 0 for size in sizes for side in size)


def test_tokens_follow_from_the_pieces(plans: list[SlicePlan]) -> None:
    for planned in plans:
        if planned.profile.queries is not None:
            assert planned.tokens == planned.profile.queries * planned.num_pieces
        else:
            assert planned.tokens * planned.profile.patches_per_token == planned.patches
        assert planned.num_pieces == len(planned.pieces)


@pytest.mark.parametrize("fit", ["floor", "best"])
def test_a_piece_never_has_more_patches_than_the_encoder_was_trained_on(fit: Fit) -> None:
    profile = replace(EXACT, fit=fit)
    for size in SIZES:
        planned = plan(size, profile)
        for columns, rows in (planned.overview_patches, planned.slice_patches or (1, 1)):
            assert columns * rows <= 576


def test_rounded_sizes_may_have_more_patches_than_the_square() -> None:
    assert max(p[0] * p[1] for p in (plan(size, MINICPM_V_2_6).overview_patches for size in SIZES)) > 1024


def test_the_papers_rule_equals_its_formulas() -> None:
    for width, height in SIZES:
        planned = plan((width, height))
        m, n = reference.paper_grid(width, height)
        assert planned.grid == (m, n)
        assert planned.overview_patches == reference.paper_patches(width, height)
        if planned.slice_patches is not None:
            assert planned.slice_patches == reference.paper_patches(width / m, height / n)


@pytest.mark.parametrize("max_slices", [2, 3, 4, 5, 7, 9, 12, 36, 100])
def test_the_papers_grid_is_found_under_any_maximum(max_slices: int) -> None:
    profile = replace(EXACT, max_slices=max_slices)
    for width, height in SIZES[::7]:
        assert plan((width, height), profile).grid == reference.paper_grid(width, height, max_slices)


@pytest.mark.parametrize(
    ("profile", "rounds"),
    [(RELEASE, False), (MINICPM_V_2_6, True), (MINICPM_V_4_6, True), (MINICPM_V_4_6_4X, True)],
    ids=lambda value: value.name if isinstance(value, Profile) else "",
)
def test_looping_rules_equal_their_loops(profile: Profile, rounds: bool) -> None:
    resolution, align = profile.resolution, profile.align
    for size in SIZES:
        planned = plan(size, profile)
        grid = reference.looped_grid(*size, profile.max_slices, resolution)
        assert planned.grid == grid
        assert planned.overview_size == reference.scaled(*size, resolution, align, rounds=rounds)
        if planned.slice_size is not None:
            expected = reference.scaled_slice(size, grid, resolution, align, rounds=rounds)
            assert planned.slice_size == expected


def test_the_first_code_equals_its_loop() -> None:
    assert [plan(size, MARCH_24).grid for size in SIZES] == [reference.march_24_grid(*size) for size in SIZES]


def test_a_turned_picture_has_the_turned_plan_unless_two_grids_tie() -> None:
    compared = 0
    for width, height in SIZES:
        planned, turned = plan((width, height)), plan((height, width))
        if width == height:
            continue  # a square may prefer rows to columns
        ranked = sorted(
            abs(math.log(width / height * n / m))
            for count in range(2, 7)
            for m, n in reference.grids_of(count)
            if abs(count - min(planned.ideal_slices, 6)) <= 1
        )
        if len(ranked) > 1 and ranked[1] - ranked[0] < 1e-8:
            continue
        compared += 1
        assert turned.grid == planned.grid[::-1]
        assert turned.overview_patches == planned.overview_patches[::-1]
        assert (turned.slice_patches or ()) == (planned.slice_patches or ())[::-1]
    assert compared > 8000
