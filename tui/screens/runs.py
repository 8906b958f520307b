"""Runs: everything on disk. Filter, open, resume, delete."""

from collections.abc import Iterator
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from agents.cli.table_text import plain
from agents.errors import NimueError
from tui.messages import Copy
from tui.run_shelf import Shelved, delete_run
from tui.run_words import kind_name, state_text
from tui.screens.confirm import ConfirmScreen
from tui.screens.place_screen import PlaceScreen
from tui.widgets.run_table import RunTable
from tui.widgets.shelf_watch import ShelfWatch


class RunsPlace(PlaceScreen):
    """A table of all runs and a line about the one under the cursor."""

    PLACE = "runs"
    AUTO_FOCUS = ""  # the table, once it is known that there are runs
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("r", "resume", "Resume"),
        Binding("c", "copy", "Copy resume command"),
        Binding("d", "delete", "Delete"),
        Binding("escape", "clear_filter", "All runs", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._runs: tuple[Shelved, ...] = ()

    def body(self) -> Iterator[Widget]:
        yield Input(
            placeholder="Filter: words that a run's kind, state or text holds", id="filter", compact=True
        )
        with Vertical(classes="box grow") as box:
            box.border_title = "Runs"
            yield RunTable(id="runs")
            yield Static("", id="runs-empty", classes="empty")
        yield Static("", id="run-line")
        yield ShelfWatch(self.nimue.settings.runs_folder())

    def on_shelf_watch_changed(self, message: ShelfWatch.Changed) -> None:
        if not self.is_whole:
            return
        self._runs = message.runs
        self._show()

    def on_input_changed(self) -> None:
        self._show()

    def on_input_submitted(self) -> None:
        if not self.has_class("-no-runs"):
            self.query_one(RunTable).focus()

    def _show(self) -> None:
        words = self.query_one("#filter", Input).value.lower().split()
        shown = [run for run in self._runs if all(word in _searched(run) for word in words)]
        table = self.query_one(RunTable)
        table.show_runs(shown)
        self.set_class(not shown, "-no-runs")
        self.give_keys(table, shown=bool(shown))
        folder = self.nimue.settings.runs
        empty = "No run holds these words." if self._runs else f"No runs in the folder {folder} yet."
        self.query_one("#runs-empty", Static).update(Content(empty))
        self._tell()

    def on_data_table_row_highlighted(self) -> None:
        self._tell()

    def _tell(self) -> None:
        run = self.query_one(RunTable).chosen
        self.refresh_bindings()
        if run is None:
            self.query_one("#run-line", Static).update("")
            return
        line = Text.assemble((str(run.path), "bold"), "  ", state_text(run.state))
        if run.result:
            line.append(f"\n{plain(run.result)}")
        elif run.resumable:
            line.append(f"\nGo on with: {run.command}")
        self.query_one("#run-line", Static).update(line)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("resume", "copy", "delete") and self.is_mounted:
            run = self.query_one(RunTable).chosen
            if run is None:
                return None
            if action == "resume":
                return run.resumable or None
            if action == "copy":
                return run.command is not None or None
            return run.state != "running" or None
        return True

    def action_filter(self) -> None:
        self.query_one("#filter").focus()

    def action_clear_filter(self) -> None:
        self.query_one("#filter", Input).value = ""
        self.set_focus(None)  # the table takes it, as its runs are shown anew
        self._show()

    def action_resume(self) -> None:
        run = self.query_one(RunTable).chosen
        if run is not None:
            self.nimue.resume_run(run)

    def action_copy(self) -> None:
        run = self.query_one(RunTable).chosen
        if run is not None and run.command is not None:
            self.post_message(Copy(run.command, "the resume command"))

    @work
    async def action_delete(self) -> None:
        run = self.query_one(RunTable).chosen
        if run is None:
            return
        question = f"Delete {run.path} with everything in it? This cannot be undone."
        if not await self.app.push_screen_wait(ConfirmScreen(question, "Delete")):
            return
        try:
            delete_run(run, self.nimue.settings.runs_folder())
        except NimueError as error:
            self.notify(str(error), severity="error", markup=False)
        self.query_one(ShelfWatch).look()


def _searched(run: Shelved) -> str:
    return f"{kind_name(run.kind)} {run.kind} {run.state} {run.title} {run.result} {run.id}".lower()
