"""A picture as lines of text that a terminal shows: half blocks, or the placeholders of Kitty's protocol."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from tui.half_blocks import half_blocks
from tui.picture_ways import Way

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as lines of text."""

    lines: Sequence[Text]
    forget: Callable[[], None]
    """To be called when it is not shown any more: some terminals keep its pixels."""


def draw(image: "Image.Image", columns: int, rows: int, way: Way) -> Drawn:
    """Draw an RGB picture into at most so many cells, in its shape; Sixel cannot stand in lines of text."""
    if way != "kitty" or columns < 1 or rows < 1:
        return Drawn(half_blocks(image, columns, rows), lambda: None)
    from textual_image.renderable import TGPImage

    picture = TGPImage(image, "auto", "auto")
    console = Console(width=columns, file=io.StringIO(), color_system="truecolor")
    room = console.options.copy()
    room.max_width, room.max_height = columns, rows
    lines = console.render_lines(picture, room, pad=False)
    shown = [Text.assemble(*((part.text, part.style or "") for part in line), no_wrap=True) for line in lines]
    return Drawn(shown, picture.cleanup)
