"""Where one writes to the assistant: Enter sends, Ctrl+J breaks a line, a pasted picture is attached."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from tui.attachments import names_a_picture


class Prompt(TextArea):
    """A few lines that grow as one writes."""

    DEFAULT_CSS = """
    Prompt { height: auto; min-height: 1; max-height: 6; border: none; padding: 0 1; background: $surface; }
    Prompt:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", priority=True),
        Binding("ctrl+j,shift+enter", "break_line", "Line break", show=False),
    ]

    class Sent(Message):
        """Something was said."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class PicturePasted(Message):
        """The path of a picture, or a picture, was pasted."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            soft_wrap=True,
            show_line_numbers=False,
            compact=True,
            placeholder="Ask, or tell it what to do. Enter sends, Ctrl+J breaks a line.",
        )
        self.cursor_blink = False

    def action_send(self) -> None:
        self.post_message(self.Sent(self.text))

    def action_break_line(self) -> None:
        self.insert("\n")

    async def _on_paste(self, event: events.Paste) -> None:
        if names_a_picture(event.text):
            event.prevent_default()
            event.stop()
            self.post_message(self.PicturePasted(event.text))
            return
        await super()._on_paste(event)
