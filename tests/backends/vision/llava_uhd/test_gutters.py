"""Cuts that move into gutters."""

import numpy as np
import pytest

from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.gutters import cut_at_gutters
from backends.vision.llava_uhd.planner import plan


def test_cuts_move_to_the_emptiest_place_in_reach() -> None:
    planned = plan((1280, 720))
    columns, rows = np.ones(1280), np.ones(720)
    columns[440:444] = 0.0  # even cuts: 426 and 853 across, 360 down; 21 and 18 pixels in reach
    rows[345:350] = 0.0
    rows[300:310] = -1.0  # emptier, but out of reach
    moved = cut_at_gutters(planned, columns, rows)
    assert moved.column_cuts == (0, 441, 853, 1280)
    assert moved.row_cuts == (0, 349, 720)


def test_without_ink_the_cuts_stay_even() -> None:
    moved = cut_at_gutters(plan((1280, 720)), np.zeros(1280), np.zeros(720))
    assert (moved.column_cuts, moved.row_cuts) == ((0, 426, 853, 1280), (0, 360, 720))


def test_moved_slices_still_tile_the_picture_and_know_their_points() -> None:
    chance = np.random.default_rng(3)
    planned = plan((1000, 1300))
    moved = cut_at_gutters(planned, chance.random(1000), chance.random(1300), reach=0.4)
    assert moved.column_cuts != cut_at_gutters(planned, np.zeros(1000), np.zeros(1300)).column_cuts
    shown = np.zeros((1300, 1000), dtype=int)
    for piece in moved.slices:
        shown[piece.box.top : piece.box.bottom, piece.box.left : piece.box.right] += 1
        assert moved.piece_at(piece.box.left, piece.box.top) == piece
        assert piece.to_picture(*piece.size) == pytest.approx((piece.box.right, piece.box.bottom))
    assert (shown == 1).all()


def test_a_picture_that_is_not_sliced_stays_whole() -> None:
    assert cut_at_gutters(plan((300, 200)), np.ones(300), np.ones(200)).slices == ()


def test_ink_of_another_size_is_refused() -> None:
    with pytest.raises(PlanError, match=r"each of 1280 pixel columns, but has shape \(1279,\)"):
        cut_at_gutters(plan((1280, 720)), np.zeros(1279), np.zeros(720))


def test_a_reach_beyond_the_neighbouring_cut_is_refused() -> None:
    with pytest.raises(PlanError, match=r"from 0 to below 0\.5 of a slice, not 0\.5"):
        cut_at_gutters(plan((1280, 720)), np.zeros(1280), np.zeros(720), reach=0.5)
