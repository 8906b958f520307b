"""Pieces cut from pixels are what the plan says."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from backends.vision.llava_uhd.cutting import cut
from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.gutters import cut_at_gutters
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import EXACT, MARCH_24, PROFILES


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("size", [(50, 30), (700, 500), (1240, 400), (37, 900)])
def test_every_piece_has_its_planned_size_and_order(name: str, size: tuple[int, int]) -> None:
    planned = plan(size, PROFILES[name])
    pieces = cut(noise(*size), planned)
    assert tuple(piece for piece, _ in pieces) == planned.pieces
    assert all(image.size == piece.size and image.mode == "RGB" for piece, image in pieces)


def test_slices_of_a_picture_that_is_resized_first_join_to_it_again() -> None:
    image, planned = noise(700, 500), plan((700, 500))
    whole = image.resize(planned.detail_size, Image.Resampling.BICUBIC)
    joined = Image.new("RGB", planned.detail_size)
    for piece, pixels in cut(image, planned):
        if not piece.is_overview:
            joined.paste(pixels, ((piece.column or 0) * piece.size[0], (piece.row or 0) * piece.size[1]))
    assert np.array_equal(np.asarray(joined), np.asarray(whole))


def test_slices_that_are_cut_first_show_their_box_and_nothing_else() -> None:
    image = Image.new("RGB", (800, 400), (0, 0, 0))
    planned = plan(image.size, MARCH_24)
    box = planned.slices[0].box
    image.paste((255, 0, 0), (box.left, box.top, box.right, box.bottom))
    shown = dict(cut(image, planned))
    assert np.asarray(shown[planned.slices[0]]).min(axis=(0, 1)).tolist() == [255, 0, 0]
    assert np.asarray(shown[planned.slices[1]]).max() == 0


def test_overlapping_slices_show_what_lies_behind_their_borders() -> None:
    planned = plan((1000, 500), replace(EXACT, overlap=40))
    image = Image.new("RGB", (1000, 500))
    border = planned.slices[0].box.right - 40
    image.paste((0, 255, 0), (border, 0, 1000, 500))
    first = np.asarray(dict(cut(image, planned))[planned.slices[0]])
    assert first[:, 0].max() == 0 and first[0, -1].tolist() == [0, 255, 0]


def test_moved_cuts_are_cut_where_they_were_moved_to() -> None:
    ink = np.ones(1000)
    ink[510:520] = 0
    planned = cut_at_gutters(plan((1000, 400), replace(EXACT, max_slices=2)), ink, np.ones(400))
    assert planned.column_cuts is not None and 510 <= planned.column_cuts[1] <= 520
    image = Image.new("RGB", (1000, 400))
    image.paste((0, 0, 255), (planned.column_cuts[1], 0, 1000, 400))
    shown = dict(cut(image, planned))
    assert np.asarray(shown[planned.slices[0]]).max() == 0
    assert np.asarray(shown[planned.slices[1]])[..., 2].min() == 255


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (3, 4000)])
def test_a_line_of_pixels_is_cut_without_empty_pieces(size: tuple[int, int]) -> None:
    planned = plan(size, replace(EXACT, extreme="strips", order="crop-first"))
    assert all(image.size == piece.size for piece, image in cut(noise(*size), planned))


def test_quick_cutting_changes_a_smooth_photo_hardly() -> None:
    height, width = 1500, 2000
    y, x = np.mgrid[0:height, 0:width]
    smooth = np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1)
    image, planned = Image.fromarray(smooth.astype(np.uint8)), plan((width, height))
    for (_, exact), (_, quick) in zip(cut(image, planned), cut(image, planned, quick=True), strict=True):
        difference = np.abs(np.asarray(exact, dtype=int) - np.asarray(quick, dtype=int))
        assert difference.max() <= 3


def test_a_plan_for_another_picture_is_refused() -> None:
    with pytest.raises(PlanError, match="for a picture of 700 x 500 pixels; this one has 50 x 30"):
        cut(noise(50, 30), plan((700, 500)))
