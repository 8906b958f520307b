"""Runs of the laboratory beside each other: settings that differ, figures, and curves in one drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from agents.cli.table_text import plain
from agents.errors import NimueError, NimueFailure
from agents.runs.event_log import read_events
from agents.runs.folder import RunFolder
from tui.braille_plot import LETTERS, number
from tui.curve import Curve
from tui.lab_progress import LabProgress
from tui.messages import Copy
from tui.screens.nimue_screen import NimueScreen
from tui.widgets.curve_chart import CurveChart
from tui.widgets.fitted_table import FittedTable
from tui.widgets.key_footer import KeyFooter


@dataclass(frozen=True, slots=True)
class Compared:
    """One run, read from disk."""

    name: str
    asked: Mapping[str, Any]
    progress: LabProgress


def read_compared(path: Path) -> Compared:
    """Raises `NimueError` or `NimueFailure` where the run cannot be read."""
    folder = RunFolder(path)
    progress = LabProgress()
    for event in read_events(folder.events):
        progress.take(event)
    return Compared(path.name, folder.asked(), progress)


def comparison(runs: Sequence[Compared]) -> list[tuple[str, tuple[str, ...]]]:
    """A row for every setting in which the runs differ and for every figure that one of them has."""
    rows = [("job", tuple(f"{run.asked['system']} {run.asked['job']}" for run in runs))]
    settings = dict.fromkeys(name for run in runs for name in run.asked["params"])
    for name in settings:
        values = tuple(str(run.asked["params"].get(name, "-")) for run in runs)
        if len(set(values)) > 1:
            rows.append((name, values))
    figures = dict.fromkeys(
        name for run in runs for name in (run.progress.summary.metrics or run.progress.summary.latest)
    )
    for name in figures:
        found = [(run.progress.summary.metrics or run.progress.summary.latest).get(name) for run in runs]
        rows.append((name, tuple("-" if value is None else number(value) for value in found)))
    seconds = [run.progress.summary.seconds for run in runs]
    rows.append(("seconds", tuple("-" if value is None else f"{value:.1f}" for value in seconds)))
    return rows


class CompareRunsScreen(NimueScreen[None]):
    """A column a run; the figure under the cursor is drawn below, where it has curves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("c", "copy", "Copy as tab-separated text"),
    ]

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = paths
        self._runs: Sequence[Compared] = ()
        self._rows: list[tuple[str, tuple[str, ...]]] = []

    def compose(self) -> ComposeResult:
        yield Static(Text(f" {len(self._paths)} runs", style="bold"), classes="title", id="compare-title")
        with Vertical(classes="box grow"):
            yield FittedTable(cursor_type="row", classes="scrolls", id="compared")
        with Vertical(classes="box grow", id="compared-curves") as curves:
            curves.border_title = "Curves"
            yield CurveChart()
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#compared").focus()
        self._read()

    @work(thread=True, exclusive=True, group="read")
    def _read(self) -> None:
        try:
            found = [read_compared(path) for path in self._paths]
        except (NimueError, NimueFailure, OSError, TypeError, KeyError) as error:
            self.app.call_from_thread(self._show_problem, str(error))
        else:
            self.app.call_from_thread(self._take, found)

    def _show_problem(self, problem: str) -> None:
        if self.is_whole:
            line = Text(f" ! {plain(problem)}", style="bold red")
            self.query_one("#compare-title", Static).update(line)

    def _take(self, runs: Sequence[Compared]) -> None:
        if not self.is_whole:
            return
        self._runs = runs
        self._rows = comparison(runs)
        titles = ["", *(f"{LETTERS[place]} {run.name}" for place, run in enumerate(runs))]
        rows = [[Text(plain(name)), *(Text(plain(value)) for value in values)] for name, values in self._rows]
        self.query_one("#compared", FittedTable).fill(titles, rows)
        curves = list(dict.fromkeys(name for run in runs for name in run.progress.curves))
        with_curves = [place for place, (name, _) in enumerate(self._rows) if name in curves]
        self._draw(self._rows[with_curves[0]][0] if with_curves else next(iter(curves), None))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        if 0 <= event.cursor_row < len(self._rows):
            name = self._rows[event.cursor_row][0]
            if any(name in run.progress.curves for run in self._runs):
                self._draw(name)

    def _draw(self, name: str | None) -> None:
        """One curve a run: its last stage, which of several is the latest."""
        curves: dict[str, Curve] = {}
        for run in self._runs:
            by_stage = run.progress.curves.get(name, {}) if name is not None else {}
            stage = next(reversed(by_stage), None)
            curves[f"{run.name} {stage}".rstrip() if stage is not None else run.name] = (
                by_stage[stage] if stage is not None else Curve()
            )
        self.query_one("#compared-curves").border_title = Content(plain(name or "Curves").replace("_", " "))
        self.query_one(CurveChart).show(curves)

    def action_copy(self) -> None:
        lines = ["\t".join(["", *(run.name for run in self._runs)])]
        lines += ["\t".join([name, *values]) for name, values in self._rows]
        self.post_message(Copy("\n".join(lines), "the comparison"))
