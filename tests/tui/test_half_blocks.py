"""Pictures as half blocks."""

import pytest
from PIL import Image
from rich.cells import cell_len

from tui.half_blocks import UPPER_HALF, half_blocks

RED, BLUE = (255, 0, 0), (0, 0, 255)


def test_each_cell_shows_two_pixels() -> None:
    image = Image.new("RGB", (3, 2), RED)
    for x in range(3):
        image.putpixel((x, 1), BLUE)
    (line,) = half_blocks(image, 3, 1)
    assert line.plain == UPPER_HALF * 3
    style = line.spans[0].style
    assert str(style) == "#ff0000 on #0000ff"


@pytest.mark.parametrize("size", [(400, 100), (100, 400), (1, 1), (3, 2), (1000, 1)])
def test_a_picture_keeps_its_shape_within_its_room(size: tuple[int, int]) -> None:
    lines = half_blocks(Image.new("RGB", size, RED), 40, 12)
    width, height = max(cell_len(line.plain) for line in lines), 2 * len(lines)
    assert width <= 40
    assert len(lines) <= 12
    assert width == 40 or height >= 23
    if min(size) > 50:
        assert width / height == pytest.approx(size[0] / size[1], rel=0.15)


def test_without_room_there_is_nothing() -> None:
    assert half_blocks(Image.new("RGB", (4, 4)), 0, 5) == []
