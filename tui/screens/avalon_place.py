"""Avalon: set up a table by a form, or open a recorded game."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from agents.errors import NimueError
from tui.forms import Form
from tui.messages import OpenTranscript
from tui.screens.form_place import FormPlace
from tui.table_form import TableForm, WrongField, config_of


class AvalonPlace(FormPlace):
    """The form on top; games on disk and a path below."""

    PLACE = "avalon"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start the game"),
        Binding("o", "open", "Open a transcript"),
    ]

    TITLE_OF_FORM = "A table"
    TITLE_OF_RUNS = "Games on disk"
    NO_RUNS = "No games here yet: Start (^s) begins one, as the form above says."
    KINDS = frozenset({"avalon.play", "avalon.tournament"})

    def form(self) -> TableForm:
        return TableForm(model=self.nimue.settings.model)

    def above_runs(self) -> Iterator[Widget]:
        yield Input(
            placeholder="Path of a transcript (.jsonl), Enter opens it", id="transcript", compact=True
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "transcript" and event.value.strip():
            self.post_message(OpenTranscript(Path(event.value.strip()).expanduser()))

    def action_open(self) -> None:
        self.query_one("#transcript").focus()

    def action_start(self) -> None:
        asked = self.query_one(Form).read()
        if isinstance(asked, TableForm):
            self._begin(asked)

    @work(thread=True, exclusive=True, group="begin")
    def _begin(self, asked: TableForm) -> None:
        """Make the run; what is heavy to import is imported here, while the screen goes on."""
        from agents.runs.folder import create_run
        from tui.game_host import GameHost

        try:
            config = config_of(asked)
            run = create_run(self.nimue.settings.runs_folder(), "avalon.play", config.model_dump())
        except WrongField as error:
            self.app.call_from_thread(self.query_one(Form).complain, {error.field: str(error)})
        except NimueError as error:
            self.app.call_from_thread(self.notify, str(error), severity="error", markup=False)
        else:
            host = GameHost(run, config, paused=asked.begin == "paused")
            self.app.call_from_thread(self.nimue.play, host)
