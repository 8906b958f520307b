"""A text in full, over the screen that showed only its beginning."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.messages import Copy
from tui.widgets.line_log import LineLog


class ReaderScreen(ModalScreen[None]):
    """Wraps the text to the window; copies it whole."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "app.pop_screen", "Back"),
        Binding("c", "copy", "Copy"),
    ]

    def __init__(self, title: str, paragraphs: Sequence[Text]) -> None:
        super().__init__()
        self._title = title
        self._paragraphs = paragraphs

    def compose(self) -> ComposeResult:
        with Vertical(classes="reader box") as box:
            box.border_title = Text(self._title).plain.replace("[", "(").replace("]", ")")
            box.border_subtitle = "Esc back, c copy"
            yield LineLog(id="text", follow=False)

    def on_mount(self) -> None:
        self.query_one(LineLog).focus()

    def on_line_log_resized(self, message: LineLog.Resized) -> None:
        lines: list[Text] = []
        for paragraph in self._paragraphs:
            lines += paragraph.wrap(self.app.console, message.width) or [Text()]
        self.query_one(LineLog).show(lines)

    def action_copy(self) -> None:
        whole = "\n".join(paragraph.plain for paragraph in self._paragraphs)
        self.post_message(Copy(whole, "the text"))
