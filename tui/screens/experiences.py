"""Experiences: every attempt in the memory, found by words, read in full."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Input, Static
from textual.worker import get_current_worker

from agents.cli.table_text import plain
from memory.errors import StoreError
from memory.records import Experience
from tui.screens.nimue_screen import NimueScreen
from tui.screens.reader import ReaderScreen
from tui.widgets.fitted_table import FittedTable
from tui.widgets.key_footer import KeyFooter

MAX_SHOWN = 500
_COLUMNS = ("Outcome", "Arm", "Trial", "Steps", "Task")
_MARKS = {"thought": "think ", "action": "do    ", "observation": "      "}


class ExperiencesScreen(NimueScreen[None]):
    """A search and its finds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("slash", "search", "Search", key_display="/"),
    ]

    class Found(Message):
        """The attempts that were asked for."""

        def __init__(self, experiences: Sequence[Experience], problem: str = "") -> None:
            self.experiences = experiences
            self.problem = problem
            super().__init__()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._found: Sequence[Experience] = ()

    def compose(self) -> ComposeResult:
        yield Input(
            placeholder="Words of a task or a trajectory, an outcome, an arm; Enter searches",
            id="words",
            compact=True,
        )
        with Vertical(classes="box grow") as box:
            box.border_title = "Experiences"
            yield FittedTable(cursor_type="row", zebra_stripes=True, id="experiences")
        yield Static("", id="experience-line", classes="note")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._search("")

    @work(thread=True, exclusive=True, group="search")
    def _search(self, words: str) -> None:
        from tui.insight_shelf import find_experiences

        try:
            found = find_experiences(self._folder, words)
        except StoreError as error:
            self.post_message(self.Found((), str(error)))
            return
        if not get_current_worker().is_cancelled:
            self.post_message(self.Found(found))

    def on_experiences_screen_found(self, message: Found) -> None:
        if not self.is_whole:
            return
        table = self.query_one(FittedTable)
        self._found = message.experiences[:MAX_SHOWN]
        table.fill(_COLUMNS, [_row(one) for one in self._found])
        more = f"; the first {MAX_SHOWN} are shown" if len(message.experiences) > MAX_SHOWN else ""
        told = message.problem or f"{len(message.experiences)} attempts{more}"
        self.query_one("#experience-line", Static).update(Content(f" {plain(told)}"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._search(event.value)
        self.query_one(DataTable).focus()

    def action_search(self) -> None:
        self.query_one(Input).focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        one = self._found[event.cursor_row]
        title = f"{one.domain} {one.task_id}, {one.arm}, trial {one.trial + 1}: {one.outcome}"
        self.app.push_screen(ReaderScreen(title, _in_full(one)))


def _row(one: Experience) -> tuple[Text, ...]:
    task = one.task.splitlines()[0] if one.task else one.task_id
    cells = (one.outcome, one.arm, str(one.trial + 1), str(len(one.steps)), task)
    return tuple(Text(plain(cell)) for cell in cells)


def _in_full(one: Experience) -> list[Text]:
    lines = [Text("Task", style="bold"), *(Text(plain(line)) for line in one.task.splitlines()), Text()]
    for step in one.steps:
        for number, line in enumerate(step.text.splitlines() or [""]):
            lead = _MARKS.get(step.kind, "") if not number else "      "
            lines.append(Text.assemble((lead, "dim"), (plain(line), "bold" if step.kind == "action" else "")))
    for reflection in one.reflections:
        lines += [Text(), Text("Reflection", style="bold"), Text(plain(reflection))]
    return lines
