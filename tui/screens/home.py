"""Home: what is configured, what one can do, and the latest runs."""

from collections.abc import Iterator
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from agents.cli.table_text import plain
from tui.places import PLACES, way_to
from tui.screens.place_screen import PlaceScreen
from tui.widgets.run_table import RunTable
from tui.widgets.shelf_watch import ShelfWatch

NUM_RECENT = 8


class HomePlace(PlaceScreen):
    """The first screen."""

    PLACE = "home"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "resume_latest", "Resume the latest"),
    ]

    def body(self) -> Iterator[Widget]:
        with Horizontal(id="home-top"):
            with Vertical(classes="box", id="home-ways") as ways:
                ways.border_title = "Go to"
                yield OptionList(
                    *(
                        Option(
                            Content(f"{number} {place.title:9}").append(Content.styled(place.help, "dim")),
                            id=place.name,
                        )
                        for number, place in enumerate(PLACES[1:], start=2)
                    ),
                    id="ways",
                )
            with Vertical(classes="box", id="home-facts") as facts:
                facts.border_title = "Configured"
                yield Static(Text("Looking ...", style="dim"), id="facts")
        with Vertical(classes="box grow") as recent:
            recent.border_title = "Latest runs"
            yield RunTable(id="recent")
            yield Static(
                Content(f"No runs yet: go to {way_to('avalon')} and start a table."),
                id="no-runs",
                classes="empty",
            )
        yield ShelfWatch(self.nimue.settings.runs_folder())

    def on_mount(self) -> None:
        self.query_one("#ways").focus()
        self._look_at_installation()

    def on_screen_resume(self) -> None:
        self._look_at_installation()

    @work(thread=True, exclusive=True, group="facts")
    def _look_at_installation(self) -> None:
        from tui.installation_facts import installation_facts

        settings = self.nimue.settings
        facts = installation_facts(settings.memory_folder(), settings.model)
        rows = [
            ("Model", facts.model),
            ("", facts.model_state),
            ("Keys", facts.keys),
            ("Memory", facts.memory),
            ("Runs", f"in {settings.runs}"),
        ]
        table = Table.grid(padding=(0, 1))
        for name, words in rows:
            table.add_row(Text(name, style="bold"), Text(plain(words)))
        for problem in facts.problems:
            table.add_row(Text("!", style="bold red"), Text(plain(problem)))
        self.app.call_from_thread(self._show_facts, table)

    def _show_facts(self, table: Table) -> None:
        if self.is_whole:
            self.query_one("#facts", Static).update(table)

    def on_shelf_watch_changed(self, message: ShelfWatch.Changed) -> None:
        if not self.is_whole:
            return
        self.query_one("#recent", RunTable).show_runs(message.runs[:NUM_RECENT])
        self.set_class(not message.runs, "-no-runs")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id is not None:
            self.app.switch_mode(event.option_id)

    @work(thread=True, exclusive=True, group="resume")
    def action_resume_latest(self) -> None:
        """Go on with the newest run that was stopped or paused."""
        from tui.run_shelf import list_runs

        runs = list_runs(self.nimue.settings.runs_folder())
        latest = next((run for run in runs if run.resumable), None)
        if latest is None:
            self.app.call_from_thread(self.notify, "No run waits to be continued.", markup=False)
        else:
            self.app.call_from_thread(self.nimue.resume_run, latest)
