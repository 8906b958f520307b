"""Settings: a form made from the settings' own model, written to nimue.toml."""

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from agents.errors import NimueError
from tui.forms import Form
from tui.screens.place_screen import PlaceScreen
from tui.settings import Settings, write_settings


class SettingsPlace(PlaceScreen):
    """The form and where it is kept."""

    PLACE = "settings"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save"),
        Binding("escape", "app.leave_form", "Out of the form"),
    ]

    def body(self) -> Iterator[Widget]:
        with Vertical(classes="box") as box:
            box.border_title = "Settings"
            yield Form(self.nimue.settings, id="settings-form")
            with Horizontal(classes="buttons"):
                yield Button(Content("Save (^s)"), id="save", variant="primary", compact=True)
        yield Static(Content(f" Kept in {self.nimue.settings_file}, table [tui]."), classes="note")

    def on_mount(self) -> None:
        self.query_one("#theme").focus()

    def on_button_pressed(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Write them and use them at once; screens that are open keep the folders they were opened with."""
        asked = self.query_one(Form).read()
        if not isinstance(asked, Settings):
            return
        try:
            write_settings(self.nimue.settings_file, asked)
        except NimueError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.nimue.use_settings(asked)
        self.notify(f"Saved in {self.nimue.settings_file}.", markup=False)
