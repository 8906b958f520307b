"""A picture in a terminal: every cell shows two pixels, one above the other, by the upper half block."""

from PIL import Image
from rich.color import Color
from rich.style import Style
from rich.text import Text

UPPER_HALF = "▀"


def half_blocks(image: Image.Image, columns: int, rows: int) -> list[Text]:
    """Draw an RGB picture into at most so many cells; its shape is kept, and small ones are not blurred."""
    if columns < 1 or rows < 1:
        return []
    scale = min(columns / image.width, 2 * rows / image.height)
    width = max(round(image.width * scale), 1)
    height = max(round(image.height * scale), 1)
    way = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX
    pixels = image.convert("RGB").resize((width, height), way)
    lines = []
    for top in range(0, height, 2):
        line = Text(no_wrap=True)
        for x in range(width):
            above = _colour(pixels, x, top)
            below = _colour(pixels, x, top + 1) if top + 1 < height else None
            line.append(UPPER_HALF, Style(color=above, bgcolor=below))
        lines.append(line)
    return lines


def _colour(pixels: Image.Image, x: int, y: int) -> Color:
    value = pixels.getpixel((x, y))
    assert isinstance(value, tuple), "the picture is RGB"
    red, green, blue = (int(part) for part in value)
    return Color.from_rgb(red, green, blue)
