"""A list of runs that keeps its cursor while it is refreshed."""

from collections.abc import Sequence, Set
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from agents.cli.table_text import plain
from tui.messages import OpenRun
from tui.run_shelf import Shelved
from tui.run_words import age, kind_name, state_text
from tui.widgets.fitted_table import FittedTable

MAX_TITLE = 48
_MARK = Text("M ", style="bold")
_COLUMNS = ("State", "Kind", "Age", "Asked for", "Result")


class RunTable(FittedTable):
    """Rows of runs; Enter or a click opens one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "Open")]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, id=id)
        self._runs: tuple[Shelved, ...] = ()

    @property
    def chosen(self) -> Shelved | None:
        """The run under the cursor."""
        return self._runs[self.cursor_row] if 0 <= self.cursor_row < len(self._runs) else None

    def show_runs(self, runs: Sequence[Shelved], *, marked: Set[Path] = frozenset()) -> None:
        """Fill the table anew; the cursor stays on its run where it still is. Marked ones bear a sign."""
        before = self.chosen
        self._runs = tuple(runs)
        self.fill(
            _COLUMNS,
            [
                (
                    _MARK + state_text(run.state) if run.path in marked else state_text(run.state),
                    Text(kind_name(run.kind)),
                    Text(age(run.started)),
                    Text(plain(run.title)[:MAX_TITLE] or run.id),
                    Text(plain(run.result)),
                )
                for run in runs
            ],
        )
        paths = [run.path for run in runs]
        if before is not None and before.path in paths:
            self.move_cursor(row=paths.index(before.path))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        if self.chosen is not None:
            self.post_message(OpenRun(self.chosen.path))
