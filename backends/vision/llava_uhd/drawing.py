"""Draws slices on the picture they are cut from: in characters for a terminal, in pixels as an image.

Both take boxes with labels, so that plans of every kind can be drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from backends.vision.llava_uhd.pieces import Box, Size
from backends.vision.llava_uhd.planner import SlicePlan

_SHADES = " .:-=+*#%@"  # from paper to ink
_COLOURS = ((230, 57, 70), (29, 120, 210), (42, 157, 80), (222, 130, 20), (130, 60, 190), (0, 140, 150))
_FRAME = (170, 170, 170)
_MARGIN = 16
_LINE = 26
_SHORTEST_SHOWN = 160  # pixels: thinner pictures are drawn thicker than they are


@dataclass(frozen=True, slots=True)
class Marked:
    """A rectangle of the picture and what is written into it, line by line."""

    box: Box
    lines: tuple[str, ...]


def marked_slices(plan: SlicePlan) -> tuple[Marked, ...]:
    """The slices of a plan, or the whole picture where it is not sliced."""
    if not plan.slices:
        return (Marked(plan.overview.box, ("whole", f"{plan.overview_size[0]}x{plan.overview_size[1]}")),)
    return tuple(
        Marked(
            piece.box, (f"r{(piece.row or 0) + 1} c{(piece.column or 0) + 1}", "{}x{}".format(*piece.size))
        )
        for piece in plan.slices
    )


def draw_in_text(image: Image.Image, marked: Sequence[Marked], *, columns: int = 72, rows: int = 22) -> str:
    """Draw a picture's outline, its dark parts and its slices with box-drawing characters.

    A character is taken to be twice as high as wide. Very wide and very tall pictures are drawn less so.
    """
    across, down = _edges(marked, 0), _edges(marked, 1)
    widest = max(len(line) for mark in marked for line in mark.lines)
    least_width = (widest + 2) * (len(across) - 1) + 1
    least_height = (max(len(mark.lines) for mark in marked) + 1) * (len(down) - 1) + 1
    scale = min((columns - 1) / image.width, 2 * (rows - 1) / image.height)
    width = max(round(image.width * scale) + 1, min(least_width, columns))
    height = max(round(image.height * scale / 2) + 1, least_height)
    xs = [round(edge * (width - 1) / image.width) for edge in across]
    ys = [round(edge * (height - 1) / image.height) for edge in down]
    canvas = _shaded(image, width, height)
    for y in ys:
        canvas[y] = ["─"] * width
    for x in xs:
        for y in range(height):
            canvas[y][x] = _crossing(x, y, xs, ys)
    for mark in marked:
        left, right = (_nearest(xs, edge, image.width, width) for edge in (mark.box.left, mark.box.right))
        top, bottom = (_nearest(ys, edge, image.height, height) for edge in (mark.box.top, mark.box.bottom))
        for y, line in zip(range(top + 1, bottom), mark.lines, strict=False):
            written = _fitted(line, right - left - 1)
            canvas[y][left + 1 : left + 1 + len(written)] = written
    return "\n".join("".join(row) for row in canvas)


def draw_on_picture(
    image: Image.Image,
    marked: Sequence[Marked],
    *,
    overview: Size | None,
    words: str = "",
    longest: int = 1600,
) -> Image.Image:
    """Draw the slices on a copy of the picture, with the overview at its encoded size and words below it."""
    shown = _scaled(image, longest)
    scale = shown.width / image.width, shown.height / image.height
    below = _footer(image, overview, words)
    sheet = Image.new(
        "RGB",
        (max(shown.width, below.width) + 2 * _MARGIN, shown.height + below.height + 3 * _MARGIN),
        (255, 255, 255),
    )
    sheet.paste(shown, (_MARGIN, _MARGIN))
    pen = ImageDraw.Draw(sheet, "RGBA")
    font = ImageFont.load_default(max(14, min(shown.size) // 40))
    for number, mark in enumerate(marked):
        _mark(pen, mark, scale, _COLOURS[number % len(_COLOURS)], font)
    sheet.paste(below, (_MARGIN, shown.height + 2 * _MARGIN))
    return sheet


Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Colour = tuple[int, int, int]


def _edges(marked: Sequence[Marked], axis: int) -> list[int]:
    """Where the picture is cut along an axis; where slices overlap, the middle of what they share."""
    spans = sorted(
        {(mark.box.left, mark.box.right) if axis == 0 else (mark.box.top, mark.box.bottom) for mark in marked}
    )
    inner = [(before[1] + after[0]) // 2 for before, after in pairwise(spans)]
    return [spans[0][0], *inner, spans[-1][1]]


def _shaded(image: Image.Image, width: int, height: int) -> list[list[str]]:
    grey = np.asarray(image.convert("L").resize((width, height), Image.Resampling.BOX), dtype=np.float64)
    ink = abs(grey - np.median(grey))  # what differs from the ground is drawn, on dark grounds too
    steps = np.minimum(ink / max(float(ink.max()), 40.0) * len(_SHADES), len(_SHADES) - 1).astype(int)
    return [[_SHADES[step] for step in row] for row in steps]


def _crossing(x: int, y: int, xs: list[int], ys: list[int]) -> str:
    if y not in ys:
        return "│"
    kinds = {(0, 0): "┌┬┐", (0, 1): "├┼┤", (0, 2): "└┴┘"}
    row = 0 if y == ys[0] else 2 if y == ys[-1] else 1
    column = 0 if x == xs[0] else 2 if x == xs[-1] else 1
    return kinds[0, row][column]


def _nearest(places: list[int], edge: int, length: int, cells: int) -> int:
    wanted = edge * (cells - 1) / length
    return min(places, key=lambda place: abs(place - wanted))


def _fitted(line: str, room: int) -> str:
    """The line with blanks around it as far as there is room, and nothing where it cannot stand whole."""
    return next((text for text in (f" {line} ", f" {line}", line) if len(text) <= room), "")


def _scaled(image: Image.Image, longest: int) -> Image.Image:
    scale = min(1.0, longest / max(image.size))
    width, height = (max(round(side * scale), _SHORTEST_SHOWN) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _mark(
    pen: ImageDraw.ImageDraw, mark: Marked, scale: tuple[float, float], colour: Colour, font: Font
) -> None:
    left, right = (round(edge * scale[0]) + _MARGIN for edge in (mark.box.left, mark.box.right))
    top, bottom = (round(edge * scale[1]) + _MARGIN for edge in (mark.box.top, mark.box.bottom))
    pen.rectangle((left, top, right, bottom), fill=(*colour, 24))
    pen.rectangle((left + 1, top + 1, right - 1, bottom - 1), outline=(255, 255, 255), width=4)
    pen.rectangle((left + 2, top + 2, right - 2, bottom - 2), outline=colour, width=2)
    label = "\n".join(mark.lines)
    x, y = left + 10, top + 8
    frame = pen.multiline_textbbox((x, y), label, font=font)
    pen.rectangle((frame[0] - 5, frame[1] - 4, frame[2] + 5, frame[3] + 5), fill=(*colour, 235))
    pen.multiline_text((x, y), label, fill=(255, 255, 255), font=font)


def _footer(image: Image.Image, overview: Size | None, words: str) -> Image.Image:
    """Words in two columns, names and what is said of them, and beside them the overview as it is seen."""
    font = ImageFont.load_default(18)
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    rows = [tuple(part.strip() for part in line.partition("  ")[::2]) for line in words.splitlines()]
    indent = max((round(pen.textlength(name, font=font)) for name, said in rows if said), default=0) + _MARGIN
    width = max(
        (round(pen.textlength(said or name, font=font)) + (indent if said else 0) for name, said in rows),
        default=0,
    )
    caption = "" if overview is None else f"overview {overview[0]} x {overview[1]}"
    small = None if overview is None else _overview(image, overview)
    beside = max(small.width, round(pen.textlength(caption, font=font))) + 2 * _MARGIN if small else 0
    height = max(_LINE * len(rows), small.height + _LINE if small else 0)
    footer = Image.new("RGB", (width + beside + 1, height + 1), (255, 255, 255))
    pen = ImageDraw.Draw(footer)
    for number, (name, said) in enumerate(rows):
        pen.text((0, _LINE * number), name, fill=(0, 0, 0), font=font)
        pen.text((indent, _LINE * number), said, fill=(0, 0, 0), font=font)
    if small is not None:
        footer.paste(small, (width + 2 * _MARGIN, _LINE))
        pen.text((width + 2 * _MARGIN, 0), caption, fill=(0, 0, 0), font=font)
    return footer


def _overview(image: Image.Image, size: Size) -> Image.Image:
    small = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    small.thumbnail((480, 480))
    return ImageOps.expand(small, 1, _FRAME)  # or a white page could not be told from the sheet
