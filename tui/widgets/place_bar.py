"""The line on top: the places with their keys, the present one marked."""

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.places import PLACES

_NAME = " nimue "


class PlaceBar(Widget):
    """A row of places to click."""

    DEFAULT_CSS = """
    PlaceBar { height: 1; width: 1fr; background: $panel; color: $text-muted; }
    """

    class Chosen(Message):
        """A place was clicked."""

        def __init__(self, place: str) -> None:
            self.place = place
            super().__init__()

    def __init__(self, current: str) -> None:
        super().__init__()
        self._current = current

    def render(self) -> Content:
        parts: list[Content] = [Content.styled(_NAME, "bold $primary")]
        for number, place in enumerate(PLACES, start=1):
            here = place.name == self._current
            label = f"[{number} {place.title}]" if here else f" {number} {place.title} "
            parts.append(Content.styled(label, "bold $foreground" if here else "$text-muted"))
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        end = len(_NAME)
        for number, place in enumerate(PLACES, start=1):
            begin, end = end, end + len(f" {number} {place.title} ")
            if begin <= event.x < end:
                self.post_message(self.Chosen(place.name))
