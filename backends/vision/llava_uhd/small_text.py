"""Small text on large canvases, and the ways to show it to a reader: the proof with real weights.

Random six-character codes are drawn on white; the score is the share that is found letter for letter. The
fixed-size ways see what a square encoder of 336 pixels would be given: the canvas squashed into it, or
padded to a square first. The sliced ways read LLaVA-UHD's pieces: as the paper cuts them, then with cuts
moved into gutters, with slices that overlap, and with both.
"""

import random
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

from backends.vision.llava_uhd.cutting import cut
from backends.vision.llava_uhd.pieces import Size
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import EXACT
from backends.vision.ocr.layout import lines_of
from backends.vision.ocr.reader import Reader
from backends.vision.ocr.sliced_reading import READING, read_sliced, reading_plan

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_SQUARE = 336
CANVASES: dict[str, tuple[Size, int, int]] = {
    "page 1240x1754": ((1240, 1754), 20, 70),
    "strip 5000x250": ((5000, 250), 22, 50),
}
"""Size, height of the font in pixels, and number of codes."""

Way = Callable[[Image.Image, Reader], str]


def draw_codes(size: Size, font_px: int, count: int, seed: int) -> tuple[Image.Image, list[str]]:
    """Codes at random places, one in each cell of a grid, so that none touches another."""
    chance = random.Random(seed)
    width, height = size
    font = ImageFont.load_default(font_px)
    image = Image.new("RGB", size, (255, 255, 255))
    pen = ImageDraw.Draw(image)
    code_width, code_height = 6 * font_px, round(1.6 * font_px)
    columns, rows = _cells(width, height, count, code_width, code_height)
    places = sorted(chance.sample(range(columns * rows), count))
    codes = ["".join(chance.choices(_LETTERS, k=6)) for _ in places]
    cell_width, cell_height = width // columns, height // rows
    for place, code in zip(places, codes, strict=True):
        left = place % columns * cell_width + chance.randint(0, cell_width - code_width)
        top = place // columns * cell_height + chance.randint(0, cell_height - code_height)
        pen.text((left, top), code, fill=(0, 0, 0), font=font)
    return image, codes


def _cells(width: int, height: int, count: int, code_width: int, code_height: int) -> tuple[int, int]:
    for columns in range(1, width // code_width + 1):
        rows = -(-count // columns)
        if width // columns <= 2 * code_width and rows * code_height <= height:
            return columns, rows
    return width // code_width, height // code_height


def squashed(image: Image.Image, reader: Reader) -> str:
    return _read(image.resize((_SQUARE, _SQUARE), Image.Resampling.BICUBIC), reader)


def padded(image: Image.Image, reader: Reader) -> str:
    side = max(image.size)
    square = ImageOps.pad(image, (side, side), color=(127, 127, 127))
    return _read(square.resize((_SQUARE, _SQUARE), Image.Resampling.BICUBIC), reader)


def whole(image: Image.Image, reader: Reader) -> str:
    return _read(image, reader)


def sliced_plainly(image: Image.Image, reader: Reader) -> str:
    return "\n".join(_read(piece, reader) for _, piece in cut(image, plan(image.size)))


def slices_alone(image: Image.Image, reader: Reader) -> str:
    return "\n".join(
        _read(pixels, reader) for piece, pixels in cut(image, plan(image.size)) if not piece.is_overview
    )


def sliced_and_merged(*, gutters: bool, overlap: bool) -> Way:
    def way(image: Image.Image, reader: Reader) -> str:
        planned = reading_plan(image, EXACT, gutters=gutters, overlap=overlap)
        return read_sliced(image, planned, reader).text

    return way


def as_nimue_see(image: Image.Image, reader: Reader) -> str:
    return read_sliced(image, reading_plan(image, READING), reader).text


def _read(image: Image.Image, reader: Reader) -> str:
    return "\n".join(line.text for line in lines_of(reader.read(image)))


WAYS: dict[str, Way] = {
    "squash to 336x336": squashed,
    "pad, then 336x336": padded,
    "UHD 336, slices alone": slices_alone,
    "UHD 336, slices and overview": sliced_plainly,
    "UHD 336, gutters": sliced_and_merged(gutters=True, overlap=False),
    "UHD 336, overlap": sliced_and_merged(gutters=False, overlap=True),
    "UHD 336, gutters and overlap": sliced_and_merged(gutters=True, overlap=True),
    "nimue see (UHD 1120)": as_nimue_see,
    "whole, one look": whole,
}


def share_found(text: str, codes: Sequence[str]) -> float:
    """The share of codes that stand in a text letter for letter."""
    return sum(code in text for code in codes) / len(codes)
