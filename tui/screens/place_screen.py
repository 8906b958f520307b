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

    def give_keys(self, widget: Widget, *, shown: bool) -> None:
        """Focus a widget that is now shown, unless another has the focus; take it from one that is not.

        A widget that is hidden would keep the focus or lose it, by whether it was drawn before.
        """
        if shown and self.focused is None:
            widget.focus()
        elif not shown and self.focused is widget:
            self.set_focus(None)

    def on_place_bar_chosen(self, message: PlaceBar.Chosen) -> None:
        self.app.switch_mode(message.place)
