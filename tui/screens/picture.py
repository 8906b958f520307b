"""A picture in the terminal, as large as it may be."""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from agents.cli.table_text import plain
from tui.messages import Copy
from tui.picture_ways import Way
from tui.widgets.picture_view import PictureView


class PictureScreen(ModalScreen[None]):
    """Shows one file; says what is wrong with it where it cannot be shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "app.pop_screen", "Back"),
        Binding("c", "copy", "Copy path"),
    ]

    def __init__(self, file: Path, caption: str, way: Way) -> None:
        super().__init__()
        self._way: Way = way
        self._file = file
        self._caption = caption

    def compose(self) -> ComposeResult:
        with Vertical(classes="box picture-box") as box:
            box.border_title = Content(plain(self._caption))
            box.border_subtitle = Content(f"{plain(self._file.name)}   Esc back, c copy path")
            yield PictureView(self._way)

    def on_mount(self) -> None:
        self.query_one(PictureView).read(self._file)

    def action_copy(self) -> None:
        self.post_message(Copy(str(self._file), "the path"))
