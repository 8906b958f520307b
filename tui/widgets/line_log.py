"""Very many lines, of which only those in sight are drawn."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

_MOST_STRIPS = 400  # of lines that have been in sight, ready to be shown again


class LineLog(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows the first `count` of its lines and stays at their end unless one has scrolled away."""

    DEFAULT_CSS = """
    LineLog {
        height: 1fr; overflow-x: hidden; overflow-y: auto;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home", "scroll_home", "First line", show=False),
        Binding("end", "scroll_end", "Last line", show=False),
    ]

    class Clicked(Message):
        """A line was clicked."""

        def __init__(self, line: int) -> None:
            self.line = line
            super().__init__()

    class Resized(Message):
        """There is another number of columns to lay lines out for."""

        def __init__(self, width: int) -> None:
            self.width = width
            super().__init__()

    def __init__(
        self,
        *,
        id: str | None = None,
        follow: bool = True,
        takes_ends: bool = True,
    ) -> None:
        """`takes_ends` is False where Home and End mean more than the first and the last line."""
        super().__init__(id=id)
        self._takes_ends = takes_ends
        self._lines: Sequence[Text] = ()
        self._count = 0
        self._follow = follow
        self._is_at_end = True
        self._columns = 0
        self._strips: LRUCache[int, tuple[Text, Strip]] = LRUCache(_MOST_STRIPS)  # by the identity of a line

    @property
    def columns(self) -> int:
        """The width that lines may have."""
        return max(self.scrollable_content_region.width, 1)

    def show(
        self, lines: Sequence[Text], count: int | None = None, *, to_end: bool = False, stays: bool = False
    ) -> None:
        """Show the first lines; they are kept, not copied.

        Args:
            to_end: Go to the last of them.
            stays: Go nowhere, though they are more than before: one has opened something to read it.
        """
        self._lines = lines
        self._count = len(lines) if count is None else count
        self.virtual_size = Size(self.columns, self._count)
        if stays:
            self._is_at_end = self.scroll_offset.y + self.size.height >= self._count
        self._is_at_end = self._is_at_end or to_end
        if to_end or (self._follow and self._is_at_end):
            self.call_after_refresh(self.scroll_end, animate=False)
        self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._takes_ends or action not in ("scroll_home", "scroll_end")

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """One stays at the end until one scrolls away, however lines and window grow meanwhile."""
        super().watch_scroll_y(old_value, new_value)
        if new_value >= self.max_scroll_y:
            self._is_at_end = True
        elif new_value < old_value:
            self._is_at_end = False

    def on_resize(self, event: events.Resize) -> None:
        if self._follow and self._is_at_end:
            self.call_after_refresh(self.scroll_end, animate=False)
        if self.columns != self._columns:
            self._columns = self.columns
            self.post_message(self.Resized(self.columns))

    def render_line(self, y: int) -> Strip:
        number = y + self.scroll_offset.y
        width = self.size.width
        if number >= self._count:
            return Strip.blank(width, self.rich_style)
        line = self._lines[number]
        kept = self._strips.get(id(line))
        if kept is not None and kept[0] is line and kept[1].cell_length == width:
            return kept[1]
        segments = line.render(self.app.console)
        strip = Strip(segments).adjust_cell_length(width).apply_style(self.rich_style)
        self._strips[id(line)] = (line, strip)
        return strip

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def on_click(self, event: events.Click) -> None:
        number = event.y + self.scroll_offset.y
        if number < self._count:
            self.post_message(self.Clicked(number))
