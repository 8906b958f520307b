"""An ExpeL run: tasks by arms, successes, tokens, time left, insights as they come; live or long finished."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable
from textual.worker import get_current_worker

from agents.cli.table_text import plain
from agents.errors import NimueFailure
from agents.llm.names import parse_model_name
from agents.llm.usage import cost_of
from agents.runs.event_log import RunEvent
from agents.runs.folder import RunFolder
from memory.errors import StoreError
from tui.drawing_pace import DrawingPace
from tui.event_tail import EventTail
from tui.expel_panels import LEGEND, cell_text, insights_panel, progress_line, success_panel
from tui.expel_progress import ExpelProgress
from tui.run_shelf import is_held, look_at
from tui.screens.nimue_screen import NimueScreen
from tui.screens.trajectory import TrajectoryScreen
from tui.widgets.key_footer import KeyFooter
from tui.widgets.live_text import LiveText

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_CHECKS = 2.0
LEAST_TASK = 18
MAX_ARM = 7
_BATCH = 2_000  # events handed over at once, so that keys are answered in between


class TaskTable(DataTable[Text]):
    """Tasks by arms."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "Read attempts")]


class ExpelRunScreen(NimueScreen[None]):
    """Follows the run's log, whoever writes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("i", "insights", "Insights"),
        Binding("s", "stop", "Stop"),
        Binding("r", "resume", "Resume"),
    ]

    class Fresh(Message):
        """The run has gone on."""

        def __init__(self, events: Sequence[RunEvent]) -> None:
            self.events = events
            super().__init__()

    class Broken(Message):
        """The log cannot be read."""

        def __init__(self, problem: str) -> None:
            self.problem = problem
            super().__init__()

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._progress = ExpelProgress()
        self._texts: dict[str, str] = {}
        self._problem = ""
        self._held = False
        self._stale = True
        self._shown: dict[tuple[str, str], str] = {}
        self._columns: list[str] = []
        self._keys_shown: tuple[bool, ...] = ()
        self._pace = DrawingPace()

    def compose(self) -> ComposeResult:
        yield LiveText(id="expel-title")
        yield LiveText(id="expel-progress")
        with Horizontal(id="expel-body"):
            with Vertical(classes="box grow", id="expel-tasks") as tasks:
                tasks.border_title = "Tasks"
                tasks.border_subtitle = LEGEND
                yield TaskTable(cursor_type="row", id="tasks")
            with Vertical(id="expel-side"):
                with Vertical(classes="box") as success:
                    success.border_title = "Success"
                    yield LiveText(id="expel-success")
                with Vertical(classes="box grow", id="expel-insights") as insights:
                    insights.border_title = "Insights, newest first"
                    yield LiveText(id="expel-operations")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(TaskTable).focus()
        self._read()
        self._check()
        self.set_interval(SECONDS_BETWEEN_LOOKS, self._show_if_stale)
        self.set_interval(SECONDS_BETWEEN_CHECKS, self._check)

    @work(thread=True, group="read")
    def _read(self) -> None:
        worker = get_current_worker()
        tail = EventTail(RunFolder(self._path).events)
        memory = self.nimue.settings.memory_folder()
        try:
            while not worker.is_cancelled:
                found = tail.fresh()
                for begin in range(0, len(found), _BATCH):
                    self.post_message(self.Fresh(found[begin : begin + _BATCH]))
                for event in found:
                    if event.kind == "started":
                        memory = Path(str(event.data["settings"]["memory"]))
                if any(event.kind == "insights" for event in found):
                    self._read_insights(memory)
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except (NimueFailure, OSError, KeyError, TypeError) as error:
            self.post_message(self.Broken(str(error)))

    def _read_insights(self, memory: Path) -> None:
        """The texts behind the operations; they stand in the memory, not in the log."""
        from memory.insight_store import InsightStore
        from memory.workspace import Workspace

        try:
            with Workspace(memory, read_only=True) as workspace:
                store = InsightStore(workspace)
                mine = [one.set_id for one in store.sets() if one.set_id.startswith(self._path.name)]
                self._texts = {one.id: one.text for set_id in mine for one in store.insights(set_id)}
        except StoreError:
            return  # the memory lies elsewhere or is in the making; the operations show without their texts
        self._stale = True

    @work(thread=True, exclusive=True, group="check")
    def _check(self) -> None:
        self._held = is_held(self._path)
        self._stale = True

    def on_expel_run_screen_fresh(self, message: Fresh) -> None:
        try:
            for event in message.events:
                self._progress.take(event)
        except (KeyError, TypeError, ValueError) as error:
            self._problem = f"An event of the run makes no sense: {error!r}"
        self._stale = True

    def on_expel_run_screen_broken(self, message: Broken) -> None:
        self._problem = message.problem
        self._stale = True

    # -- showing -------------------------------------------------------------------------------------

    def _show_if_stale(self) -> None:
        if self._stale and self.is_whole and self._pace.may_draw():
            self._stale = False
            self._show()
            self.call_after_refresh(self._pace.drawn)

    def _show(self) -> None:
        progress = self._progress
        settings = progress.settings
        state = "running" if self._held else progress.ended or ("stopped" if progress.phase else "")
        name = ", ".join(
            [*(str(settings[key]) for key in ("env", "model") if key in settings), self._path.name]
        )
        title = Content.assemble(
            (" ExpeL ", "bold $primary"),
            f" {name} ",
            (f" {state}", "bold $accent"),
        )
        self.query_one("#expel-title", LiveText).tell(title)
        line = progress_line(progress, self._cost(), datetime.now(UTC) if self._held else None)
        if self._held and not settings:
            line = Text(" Starting ...", style="dim")
        problem = self._problem or ("" if self._held else progress.reason)
        if problem:
            line.append(f"\n ! {plain(problem)}", style="bold red")
        self.query_one("#expel-progress", LiveText).tell(line)
        self._show_tasks()
        success = self.query_one("#expel-success", LiveText)
        success.tell(success_panel(progress, success.size.width or 30))
        insights = self.query_one("#expel-operations", LiveText)
        insights.tell(insights_panel(progress.operations, self._texts, progress.notes, 50))
        keys = tuple(bool(self.check_action(name, ())) for name in ("stop", "resume"))
        if keys != self._keys_shown:
            self._keys_shown = keys
            self.refresh_bindings()

    def _cost(self) -> Decimal | None:
        model = self._progress.settings.get("model")
        return cost_of(parse_model_name(model), self._progress.usage) if model else Decimal(0)

    def _show_tasks(self) -> None:
        """Fill the table once for its columns, then change only the cells that differ."""
        table = self.query_one(TaskTable)
        progress = self._progress
        if progress.arms != self._columns:
            self._columns = progress.arms
            self._shown.clear()
            table.clear(columns=True)
            longest = max(map(len, progress.tasks), default=4)
            kinds = max(map(len, progress.tasks.values()), default=4)
            others = (MAX_ARM + 2) * len(self._columns) + kinds + 2
            room = max(LEAST_TASK, table.size.width - others - 4)
            table.add_column("Task", key="task", width=min(max(longest, 4), room))
            for arm in self._columns:
                table.add_column(Text(arm[:MAX_ARM]), key=arm, width=MAX_ARM)
            table.add_column("Kind", key="kind", width=max(kinds, 4))
        for task, kind in progress.tasks.items():
            if ("task", task) not in self._shown:
                self._shown["task", task] = task
                cells = [Text("·", style="dim")] * len(self._columns)
                table.add_row(Text(plain(task)), *cells, Text(plain(kind), style="dim"), key=task)
        for (arm, task), cell in progress.cells.items():
            text = cell_text(cell)
            if self._shown.get((arm, task)) != text.plain and task in progress.tasks and arm in self._columns:
                self._shown[arm, task] = text.plain
                table.update_cell(task, arm, text)

    # -- doing ---------------------------------------------------------------------------------------

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value is not None:
            self.app.push_screen(TrajectoryScreen(self._path, event.row_key.value))

    def action_insights(self) -> None:
        """Go to what was learned."""
        self.app.switch_mode("memory")

    def action_stop(self) -> None:
        self.nimue.stop_command(self._path)

    def action_resume(self) -> None:
        self.nimue.resume_command(look_at(self._path))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "stop":
                return self._held and self.nimue.has_command(self._path)
            case "resume":
                return not self._held and self._progress.ended != "finished" and not self._problem
            case _:
                return True
