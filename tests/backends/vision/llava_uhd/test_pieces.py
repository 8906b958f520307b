"""Where the pieces of a plan lie in the picture."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.planner import SlicePlan, plan
from backends.vision.llava_uhd.profiles import EXACT, MARCH_24, MINICPM_V_2_6, PROFILES, Profile

sizes = st.tuples(st.integers(1, 13_000), st.integers(1, 13_000))
profiles = st.sampled_from([*PROFILES.values(), replace(EXACT, overlap=20), replace(EXACT, fit="best")])
SMALL_SLICES = replace(EXACT, resolution=28)


def times_shown(planned: SlicePlan) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """How many slices show each pixel of the picture."""
    width, height = planned.size
    shown = np.zeros((height, width), dtype=np.int64)
    for piece in planned.slices:
        shown[piece.box.top : piece.box.bottom, piece.box.left : piece.box.right] += 1
    return shown


@given(st.tuples(st.integers(1, 200), st.integers(1, 200)).filter(lambda size: size[0] * size[1] > 784))
def test_every_pixel_is_shown_by_exactly_one_slice(size: tuple[int, int]) -> None:
    assert (times_shown(plan(size, SMALL_SLICES)) == 1).all()


def test_overlapping_slices_show_corners_once_edges_twice_and_the_centre_four_times() -> None:
    # Four tiles of 512 on 768 x 768: the counterexample to tiles that overlap without saying so.
    shown = times_shown(plan((768, 768), replace(EXACT, max_slices=4, overlap=128)))
    assert (shown[:256, :256] == 1).all()
    assert (shown[:256, 256:512] == 2).all()
    assert (shown[256:512, 256:512] == 4).all()
    assert [
        piece.box.size for piece in plan((768, 768), replace(EXACT, max_slices=4, overlap=128)).slices
    ] == [(512, 512)] * 4


@given(sizes, profiles, st.data())
def test_points_map_into_a_piece_and_back(
    size: tuple[int, int], profile: Profile, data: st.DataObject
) -> None:
    piece = data.draw(st.sampled_from(plan(size, profile).pieces))
    x, y = data.draw(st.floats(0, piece.size[0])), data.draw(st.floats(0, piece.size[1]))
    assert piece.from_picture(*piece.to_picture(x, y)) == pytest.approx((x, y), rel=1e-6, abs=1e-3)


@given(sizes, profiles, st.data())
def test_the_piece_at_a_point_shows_it(size: tuple[int, int], profile: Profile, data: st.DataObject) -> None:
    x = data.draw(st.floats(0, size[0], exclude_max=True))
    y = data.draw(st.floats(0, size[1], exclude_max=True))
    piece = plan(size, profile).piece_at(x, y)
    inside_x, inside_y = piece.from_picture(x, y)
    assert -1e-6 <= inside_x <= piece.size[0] + 1e-6
    assert -1e-6 <= inside_y <= piece.size[1] + 1e-6


@given(sizes, profiles)
def test_the_corners_of_the_outer_slices_are_the_corners_of_the_picture(
    size: tuple[int, int], profile: Profile
) -> None:
    planned = plan(size, profile)
    pieces = planned.slices or (planned.overview,)
    assert pieces[0].to_picture(0, 0) == (0, 0)
    assert pieces[-1].to_picture(*pieces[-1].size) == pytest.approx(size)


def test_a_picture_resized_before_cutting_has_edges_between_pixels() -> None:
    piece = plan((1000, 667)).slices[1]
    assert piece.origin == (1000 / 3, 0)
    assert piece.box.left == 333


def test_a_picture_cut_before_resizing_has_edges_on_pixels() -> None:
    piece = plan((1000, 667), MARCH_24).slices[1]
    assert piece.origin == (333, 0)
    assert piece.box.left == 333


def test_the_overview_comes_last_in_the_paper_and_first_in_minicpm() -> None:
    size = (1280, 720)
    assert [piece.is_overview for piece in plan(size).pieces] == [False] * 6 + [True]
    assert [piece.is_overview for piece in plan(size, MINICPM_V_2_6).pieces] == [True] + [False] * 6


def test_a_picture_that_is_not_sliced_has_its_overview_as_only_piece() -> None:
    planned = plan((300, 300))
    assert planned.pieces == (planned.overview,)
    assert planned.piece_at(299.5, 0) == planned.overview
    assert planned.num_slices == 0


def test_rows_are_separated_by_newlines_and_slices_by_commas() -> None:
    assert plan((1280, 720)).separators == (",", ",", "\n", ",", ",", "\n")
    assert plan((300, 300)).separators == ()
    assert plan((1280, 720), MARCH_24).separators == ()
    assert plan((1280, 720), MINICPM_V_2_6).separators is None


def test_a_point_outside_the_picture_is_refused() -> None:
    with pytest.raises(PlanError, match=r"\(100, 5\) lies outside the picture of 100 x 50 pixels"):
        plan((100, 50)).piece_at(100, 5)
