"""Paragraphs to scroll through, wrapped to the room there is."""

from collections.abc import Sequence

from rich.text import Text

from tui.widgets.line_log import LineLog


class TextPanel(LineLog):
    """Shows paragraphs from their beginning."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, follow=False)
        self._paragraphs: Sequence[Text] = ()

    def tell(self, paragraphs: Sequence[Text]) -> None:
        """Show these paragraphs and no others."""
        self._paragraphs = paragraphs
        self.scroll_home(animate=False)
        self._lay_out()

    def on_line_log_resized(self, message: LineLog.Resized) -> None:
        message.stop()
        self._lay_out()

    def _lay_out(self) -> None:
        lines: list[Text] = []
        for paragraph in self._paragraphs:
            lines += paragraph.wrap(self.app.console, self.columns) or [Text()]
        self.show(lines)
