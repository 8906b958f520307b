"""A picture from a file, drawn with half blocks into the room there is."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual import work
from textual.widget import Widget

from agents.cli.table_text import plain
from tui.half_blocks import half_blocks

if TYPE_CHECKING:
    from PIL import Image


class PictureView(Widget):
    """Reads its picture off the screen's thread; tells what is wrong with one that cannot be shown."""

    DEFAULT_CSS = "PictureView { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._image: Image.Image | None = None
        self._told = "Reading ..."

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
            self.app.call_from_thread(self._take, None, str(error))
        else:
            self.app.call_from_thread(self._take, image, "")

    def _take(self, image: "Image.Image | None", told: str) -> None:
        self._image, self._told = image, told
        self.refresh()

    def render(self) -> Text:
        if self._image is None:
            return Text(plain(self._told), style="" if self._told == "Reading ..." else "bold red")
        return Text("\n").join(half_blocks(self._image, self.size.width, self.size.height))
