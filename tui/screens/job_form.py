"""A job's form: made from what the job asks, checked at each field, then begun as a run."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from agents.cli.table_text import plain
from agents.errors import NimueError
from backends.lab.contract import Job, System
from backends.lab.errors import LabError
from tui.forms import Form
from tui.run_shelf import Shelved, look_at
from tui.screens.nimue_screen import NimueScreen
from tui.widgets.key_footer import KeyFooter


class JobFormScreen(NimueScreen[None]):
    """Asks for the settings of one job; what it begins takes this screen's place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("ctrl+s", "start", "Start the job"),
    ]

    def __init__(self, system: System, job: Job[Any, Any], start: Mapping[str, object] | None = None) -> None:
        """`start` are the settings of an earlier run to begin from."""
        super().__init__()
        self._system = system
        self._job = job
        self._start = start

    def compose(self) -> ComposeResult:
        title = Text.assemble(
            (f" {self._system.id} {self._job.name} ", "bold"), f" {plain(self._job.summary)}"
        )
        yield Static(title, id="job-title", classes="title")
        with Vertical(classes="box", id="job-form") as box:
            box.border_title = "Settings"
            yield Form(self._job.params, start=self._start)
            with Horizontal(classes="buttons"):
                yield Button(Content("Start (^s)"), variant="primary", compact=True)
        yield KeyFooter()

    def on_mount(self) -> None:
        required = [name for name, field in self._job.params.model_fields.items() if field.is_required()]
        first = required[0] if required else next(iter(self._job.params.model_fields))
        self.query_one(Form).query_one(f"#{first}").focus()

    def on_button_pressed(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        """Begin the run, if what is asked makes sense."""
        asked = self.query_one(Form).read()
        if asked is not None:
            self._begin(asked.model_dump(mode="json"))

    @work(thread=True, exclusive=True, group="begin")
    def _begin(self, values: Mapping[str, object]) -> None:
        from agents.lab.runs import begin_run

        try:
            begun = begin_run(self._system.id, self._job.name, values, self.nimue.settings.runs_folder())
        except (NimueError, LabError) as error:
            self.app.call_from_thread(self.notify, str(error), severity="error", timeout=15, markup=False)
            return
        self.app.call_from_thread(self._show_begun, look_at(begun.folder.path))

    def _show_begun(self, run: Shelved) -> None:
        nimue = self.nimue
        if self.is_current:
            nimue.pop_screen()
        nimue.resume_run(run)
