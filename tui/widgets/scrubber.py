"""A line to move through a game on: keys, click or drag."""

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Scrubber(Widget, can_focus=True):
    """Shows `position` of `length`; posts where one wants to go and moves only when told."""

    DEFAULT_CSS = """
    Scrubber { height: 1; width: 1fr; padding: 0 1; color: $primary; }
    Scrubber:focus { background: $primary 15%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = []

    position: reactive[int] = reactive(0)
    length: reactive[int] = reactive(0)
    label: reactive[str] = reactive("")

    class Moved(Message):
        """One wants to be at this position."""

        def __init__(self, position: int) -> None:
            self.position = position
            super().__init__()

    def render(self) -> Text:
        counted = f" {self.position}/{self.length} {self.label}"
        room = self._room(counted)
        knob = round(self.position / self.length * (room - 1)) if self.length else 0
        line = Text("━" * knob, style="bold")
        line.append("●", style="bold")
        line.append("─" * (room - knob - 1), style="dim")
        return line.append(counted, style="not bold")

    def _room(self, counted: str) -> int:
        return max(self.content_size.width - len(counted), 4)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self._go(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button and self.app.mouse_captured is self:
            self._go(event.x)

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def _go(self, x: int) -> None:
        room = self._room(f" {self.position}/{self.length} {self.label}")
        share = min(max((x - 1) / max(room - 1, 1), 0.0), 1.0)
        self.post_message(self.Moved(round(share * self.length)))
