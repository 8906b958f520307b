"""Lab: the systems with their cards and jobs, and the runs that were made of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static, Tree
from textual.widgets.tree import TreeNode

from backends.lab.contract import System
from backends.lab.errors import LabError
from tui.lab_cards import ORDERS, job_card, system_card
from tui.run_shelf import Shelved
from tui.screens.compare_runs import CompareRunsScreen
from tui.screens.job_form import JobFormScreen
from tui.screens.place_screen import PlaceScreen
from tui.widgets.run_table import RunTable
from tui.widgets.shelf_watch import ShelfWatch
from tui.widgets.system_tree import Entry, SystemTree
from tui.widgets.text_panel import TextPanel

LEAST_COMPARED, MOST_COMPARED = 2, 8


class LabPlace(PlaceScreen):
    """The tree on the left, the card of what is under its cursor beside it, the runs below."""

    PLACE = "lab"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("b", "order", "Order"),
        Binding("m", "mark", "Mark run"),
        Binding("v", "compare", "Compare marked"),
        Binding("escape", "clear_filter", "All systems", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._systems: Sequence[System] = ()
        self._order = 0
        self._runs: tuple[Shelved, ...] = ()
        self._marked: frozenset[Path] = frozenset()

    def body(self) -> Iterator[Widget]:
        with Horizontal(id="lab-top"):
            with Vertical(classes="box", id="systems-box"):
                yield Input(placeholder="Filter", id="system-filter", compact=True)
                yield SystemTree(id="systems")
                yield Static("", id="systems-empty", classes="note")
            with Vertical(classes="box", id="card-box") as card:
                card.border_title = "Card"
                yield TextPanel(id="card")
        with Vertical(classes="box", id="lab-runs") as runs:
            runs.border_title = "Runs on disk"
            yield RunTable(id="runs")
            yield Static(Content("No runs yet: choose a job above."), classes="empty")
        yield ShelfWatch(self.nimue.settings.runs_folder())

    def on_mount(self) -> None:
        self.query_one(SystemTree).focus()
        self.query_one("#systems-empty", Static).update(Content("Looking ..."))
        self._find_systems()

    @work(thread=True, exclusive=True, group="systems")
    def _find_systems(self) -> None:
        from backends.lab.registry import systems

        try:
            found = systems()
        except LabError as error:
            self.app.call_from_thread(self._show_problem, str(error))
        else:
            self.app.call_from_thread(self._take_systems, found)

    def _show_problem(self, problem: str) -> None:
        if self.is_whole:
            self.query_one("#systems-empty", Static).update(Content(f"! {problem}"))

    def _take_systems(self, systems: Sequence[System]) -> None:
        self._systems = systems
        if self.is_whole:
            self._show_systems()

    def _show_systems(self) -> None:
        words = self.query_one("#system-filter", Input).value.lower().split()
        order = ORDERS[self._order]
        tree = self.query_one(SystemTree)
        shown = tree.show(self._systems, order, words)
        self.query_one("#systems-box").border_title = f"Systems by {order}"
        empty = "" if shown else "No system holds these words." if self._systems else "There is no system."
        line = self.query_one("#systems-empty", Static)
        line.update(Content(empty))
        line.display = bool(empty)
        first = tree.go_to_first()
        if first is not None:
            self._show_card(first)
        else:
            self.query_one("#card", TextPanel).tell(())

    # -- the tree ------------------------------------------------------------------------------------

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Entry | None]) -> None:
        self._show_card(event.node)

    def _show_card(self, node: TreeNode[Entry | None]) -> None:
        entry = node.data
        panel = self.query_one("#card", TextPanel)
        if entry is None:
            systems = [node.data.system for node in _below(node) if node.data and not node.data.job]
            told = [Text(f"{len(systems)} system{'s' if len(systems) != 1 else ''}", style="bold"), Text()]
            panel.tell(told + [Text(f"{system.id}  {system.title}") for system in systems])
        elif entry.job is None:
            panel.tell(system_card(entry.system))
        else:
            panel.tell(job_card(entry.system, entry.job))

    def on_tree_node_selected(self, event: Tree.NodeSelected[Entry | None]) -> None:
        entry = event.node.data
        if entry is not None and entry.job is not None:
            self.app.push_screen(JobFormScreen(entry.system, entry.job))

    def on_input_changed(self) -> None:
        self._show_systems()

    def on_input_submitted(self) -> None:
        self.query_one(SystemTree).focus()

    def action_filter(self) -> None:
        self.query_one("#system-filter").focus()

    def action_clear_filter(self) -> None:
        self.query_one("#system-filter", Input).value = ""
        self.query_one(SystemTree).focus()

    def action_order(self) -> None:
        """By taxonomy, by family, by kind of job."""
        self._order = (self._order + 1) % len(ORDERS)
        self._show_systems()

    # -- the runs ------------------------------------------------------------------------------------

    def on_shelf_watch_changed(self, message: ShelfWatch.Changed) -> None:
        if self.is_whole:
            self._runs = tuple(run for run in message.runs if run.kind == "lab")
            self._marked &= {run.path for run in self._runs}
            self._show_runs()

    def _show_runs(self) -> None:
        self.query_one(RunTable).show_runs(self._runs, marked=self._marked)
        self.set_class(not self._runs, "-no-runs")
        self.refresh_bindings()

    def on_data_table_row_highlighted(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "mark":
                return bool(self._runs)
            case "compare":
                return LEAST_COMPARED <= len(self._marked) <= MOST_COMPARED
            case _:
                return True

    def action_mark(self) -> None:
        """Mark the run under the cursor, or take its mark away."""
        run = self.query_one(RunTable).chosen
        if run is not None:
            self._marked ^= {run.path}
            self._show_runs()

    def action_compare(self) -> None:
        """Show the marked runs beside each other, the oldest first."""
        paths = [run.path for run in reversed(self._runs) if run.path in self._marked]
        self.app.push_screen(CompareRunsScreen(paths))


def _below(node: TreeNode[Entry | None]) -> Iterator[TreeNode[Entry | None]]:
    for child in node.children:
        yield child
        yield from _below(child)
