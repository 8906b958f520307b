"""Text about what goes on: told many times a second, drawn only when it reads differently."""

from rich.text import Text
from textual.content import Content
from textual.widgets import Static


class LiveText(Static):
    """As high as its lines; the screen is laid out anew only when that height may have changed."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes)
        self._told = Content()
        self._height: int | None = None

    def tell(self, text: Text | Content) -> None:
        """Show this from now on."""
        told = Content.from_rich_text(text) if isinstance(text, Text) else text
        if told.is_same(self._told):
            return
        height = self._height_of(told)
        is_as_high = height is not None and height == self._height
        self._told, self._height = told, height
        self.update(told, layout=not is_as_high)

    def _height_of(self, told: Content) -> int | None:
        """How many lines it takes; None where some may be wrapped."""
        lines = told.split(allow_blank=True)
        width = self.content_size.width
        return len(lines) if all(line.cell_length <= width for line in lines) else None
