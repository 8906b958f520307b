"""Slices drawn in the terminal and on the picture."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw

from backends.vision.llava_uhd.drawing import Marked, draw_in_text, draw_on_picture, marked_slices
from backends.vision.llava_uhd.pieces import Box
from backends.vision.llava_uhd.planner import plan

SHAPES = {
    "photo": (1200, 900),
    "strip": (2500, 125),
    "tall": (270, 1500),
    "page": (620, 877),
    "small": (90, 60),
}


def drawn(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, (255, 255, 255))
    ImageDraw.Draw(image).ellipse((0, 0, size[0] // 2, size[1] // 2), fill=(0, 0, 0))
    return image


@pytest.mark.parametrize("shape", SHAPES)
def test_the_terminal_drawing_names_every_slice_in_an_even_frame(shape: str) -> None:
    image, planned = drawn(SHAPES[shape]), plan(SHAPES[shape])
    lines = draw_in_text(image, marked_slices(planned)).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert max(map(len, lines)) <= 72
    columns, rows = planned.grid
    assert lines[0].count("┬") == columns - 1
    assert sum(line.startswith("├") for line in lines) == rows - 1
    text = "\n".join(lines)
    for row in range(rows):
        for column in range(columns):
            assert (f"r{row + 1} c{column + 1}" in text) == (planned.num_slices > 0)
    assert ("whole" in text) == (planned.num_slices == 0)


def test_labels_leave_the_frame_whole_and_vanish_where_there_is_no_room() -> None:
    edges = (0, 1000, 2010, 3024)
    marked = [Marked(Box(left, 0, right, 4032), ("r1", "980x1260")) for left, right in pairwise(edges)]
    for columns in (72, 20):
        top, *middle, _ = draw_in_text(drawn((3024, 4032)), marked, columns=columns).splitlines()
        borders = [place for place, character in enumerate(top) if character in "┌┬┐"]
        assert len(borders) == 4
        assert all(line[place] == "│" for line in middle for place in borders)
        assert sum(line.count("980x1260") for line in middle) == (3 if columns == 72 else 0)


def test_the_terminal_drawing_shows_where_the_picture_is_dark() -> None:
    lines = draw_in_text(drawn((900, 900)), marked_slices(plan((900, 900)))).splitlines()
    half = len(lines) // 2
    dark = [sum(character in "#%@" for character in line) for line in lines]
    assert sum(dark[1 : half - 1]) > 20 and sum(dark[half + 2 :]) == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_the_drawing_on_the_picture_has_coloured_borders_and_the_overview(shape: str) -> None:
    image, planned = drawn(SHAPES[shape]), plan(SHAPES[shape])
    marked = marked_slices(planned)
    sheet = draw_on_picture(image, marked, overview=planned.overview_size, words="slices  of a test")
    assert sheet.width <= 1700 and sheet.width > min(image.width, 100)
    found = {tuple(pixel) for pixel in np.asarray(sheet).reshape(-1, 3)[::1]}
    assert (230, 57, 70) in found
    assert ((29, 120, 210) in found) == (len(marked) > 1)


def test_the_picture_itself_is_not_drawn_on() -> None:
    image = drawn((700, 500))
    before = image.tobytes()
    draw_on_picture(image, marked_slices(plan(image.size)), overview=None)
    assert image.tobytes() == before
