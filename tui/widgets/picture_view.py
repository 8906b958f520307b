"""A picture from a file, drawn into the room there is as well as the terminal can."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual import work
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from agents.cli.table_text import plain
from tui.drawn_pictures import Drawn, draw
from tui.picture_ways import Way

if TYPE_CHECKING:
    from PIL import Image


class PictureView(Widget):
    """Reads its picture off the screen's thread; tells what is wrong with one that cannot be shown."""

    DEFAULT_CSS = "PictureView { height: 1fr; }"

    def __init__(self, way: Way, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._way = way
        self._image: Image.Image | None = None
        self._told = Text("Reading ...")
        self._drawn: Drawn | None = None
        self._drawn_for = Size(0, 0)

    @work(thread=True, exclusive=True, group="picture")
    def read(self, file: Path) -> None:
        """Show this file as soon as it is read."""
        from backends.vision.pictures.errors import PictureError
        from backends.vision.pictures.limits import USUAL
        from backends.vision.pictures.reading import read_picture

        try:
            if file.stat().st_size > USUAL.max_file_bytes:
                raise PictureError(f"{file} is larger than {USUAL.max_file_bytes:,} bytes.")
            image = read_picture(file.read_bytes(), file.name).image
        except (PictureError, OSError) as error:
            self.app.call_from_thread(self._take, None, Text(plain(str(error)), style="bold red"))
        else:
            self.app.call_from_thread(self._take, image, Text())

    def _take(self, image: "Image.Image | None", told: Text) -> None:
        self._told = told
        if image is not None and self._way == "sixel":
            from textual_image.widget import SixelImage

            picture = SixelImage(image)
            picture.styles.width = picture.styles.height = "auto"  # as large as may be, in its shape
            self.mount(picture)
        else:
            self._image = image
        self.refresh()

    def on_unmount(self) -> None:
        self._forget()

    def _forget(self) -> None:
        if self._drawn is not None:
            self._drawn.forget()
            self._drawn = None

    def render_line(self, y: int) -> Strip:
        lines, width = self._lines(), self.size.width
        segments = lines[y].render(self.app.console) if y < len(lines) else ()
        return Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)

    def _lines(self) -> Sequence[Text]:
        if self._image is None:
            return list(self._told.wrap(self.app.console, max(self.size.width, 1)))
        if self._drawn is None or self.size != self._drawn_for:
            self._forget()
            self._drawn, self._drawn_for = draw(self._image, *self.size, self._way), self.size
        return self._drawn.lines
