"""A place where something is begun by a form: the form on top, what was begun before below."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import BaseModel
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from tui.forms import Form
from tui.screens.place_screen import PlaceScreen
from tui.widgets.run_table import RunTable
from tui.widgets.shelf_watch import ShelfWatch


class FormPlace(PlaceScreen):
    """A subclass says what is asked, which runs are listed, and begins in `action_start`."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.leave_form", "Out of the form")]

    TITLE_OF_FORM: ClassVar[str]
    TITLE_OF_RUNS: ClassVar[str]
    NO_RUNS: ClassVar[str]
    KINDS: ClassVar[frozenset[str]]

    def form(self) -> BaseModel:
        """The values that the form begins with."""
        raise NotImplementedError

    def above_runs(self) -> Iterator[Widget]:
        """What stands above the list of runs; nothing unless a subclass says so."""
        yield from ()

    def action_start(self) -> None:
        """Begin what the form asks for."""
        raise NotImplementedError

    def body(self) -> Iterator[Widget]:
        with Vertical(classes="box") as box:
            box.border_title = self.TITLE_OF_FORM
            yield Form(self.form())
            with Horizontal(classes="buttons"):
                yield Button(Content("Start (^s)"), id="start", variant="primary", compact=True)
        with Vertical(classes="box grow") as runs:
            runs.border_title = self.TITLE_OF_RUNS
            yield from self.above_runs()
            yield RunTable()
            yield Static(Content(self.NO_RUNS), classes="empty")
        yield ShelfWatch(self.nimue.settings.runs_folder())

    def on_mount(self) -> None:
        self.query_one("#start").focus()

    def on_shelf_watch_changed(self, message: ShelfWatch.Changed) -> None:
        if self.is_whole:
            runs = [run for run in message.runs if run.kind in self.KINDS]
            self.query_one(RunTable).show_runs(runs)
            self.set_class(not runs, "-no-runs")

    def on_button_pressed(self) -> None:
        self.action_start()
