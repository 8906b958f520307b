"""What all places share: the bar on top, the footer, the number keys."""

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.places import PLACES
from tui.screens.nimue_screen import NimueScreen
from tui.widgets.key_footer import KeyFooter
from tui.widgets.place_bar import PlaceBar


class PlaceScreen(NimueScreen[None]):
    """A screen that is a place; a subclass names it and yields its `body`."""

    PLACE: ClassVar[str]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(str(number), f"app.go('{place.name}')", place.title, show=False)
        for number, place in enumerate(PLACES, start=1)
    ]

    def compose(self) -> ComposeResult:
        yield PlaceBar(self.PLACE)
        yield from self.body()
        yield KeyFooter()

    def body(self) -> Iterator[Widget]:
        raise NotImplementedError

    def on_place_bar_chosen(self, message: PlaceBar.Chosen) -> None:
        self.app.switch_mode(message.place)
