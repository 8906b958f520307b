"""What every screen has: the app under its own type, and two widths to lay out for."""

from typing import TYPE_CHECKING, TypeVar

from textual.screen import Screen

if TYPE_CHECKING:
    from tui.app import NimueApp

Result = TypeVar("Result")


class NimueScreen(Screen[Result]):
    """A screen of this app."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual's own name and type

    @property
    def is_whole(self) -> bool:
        """Whether it has all its parts: what threads tell may arrive while it is being taken away."""
        return self.app.is_running and self.is_attached and self.display

    @property
    def nimue(self) -> "NimueApp":
        from tui.app import NimueApp

        assert isinstance(self.app, NimueApp)
        return self.app
