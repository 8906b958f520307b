"""An ExpeL run: tasks by arms, successes, tokens, time left, insights as they come; live or long finished."""

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
from textual.widgets import DataTable

from agents.cli.table_text import plain
from agents.llm.names import parse_model_name
from agents.llm.usage import cost_of
from memory.errors import StoreError
from tui.drawing_pace import DrawingPace
from tui.expel_panels import LEGEND, cell_text, insights_panel, progress_line, success_panel
from tui.expel_progress import ExpelProgress
from tui.run_shelf import look_at
from tui.screens.nimue_screen import NimueScreen
from tui.screens.trajectory import TrajectoryScreen
from tui.widgets.key_footer import KeyFooter
from tui.widgets.live_text import LiveText
from tui.widgets.run_watch import RunWatch

SECONDS_BETWEEN_LOOKS = 0.2
LEAST_TASK = 18
MAX_ARM = 7


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

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._progress = ExpelProgress()
        self._texts: dict[str, str] = {}
        self._problem = ""
        self._held = False
        self._stale = True
        self._shown: dict[tuple[str, str], str] = {}
        self._columns: dict[str, tuple[str, int]] = {}
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
        yield RunWatch(self._path)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(TaskTable).focus()
        self.set_interval(SECONDS_BETWEEN_LOOKS, self._show_if_stale)

    @work(thread=True, exclusive=True, group="insights")
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

    def on_run_watch_fresh(self, message: RunWatch.Fresh) -> None:
        try:
            for event in message.events:
                self._progress.take(event)
            if any(event.kind == "insights" for event in message.events):
                memory = self._progress.settings.get("memory", self.nimue.settings.memory_folder())
                self._read_insights(Path(str(memory)))
        except (KeyError, TypeError, ValueError) as error:
            self._problem = f"An event of the run makes no sense: {error!r}"
        self._stale = True

    def on_run_watch_held(self, message: RunWatch.Held) -> None:
        self._held = message.held
        self._stale = True

    def on_run_watch_broken(self, message: RunWatch.Broken) -> None:
        self._problem = message.problem
        self._stale = True

    def on_resize(self) -> None:
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
        """Fill the table once for its columns and its width, then change only the cells that differ."""
        table = self.query_one(TaskTable)
        progress = self._progress
        columns = self._columns_for(table.size.width)
        row = table.cursor_row
        filled_anew = columns != self._columns
        if filled_anew:
            self._columns = columns
            self._shown.clear()
            table.clear(columns=True)
            for key, (label, width) in columns.items():
                table.add_column(Text(label), key=key, width=width)
        for task, kind in progress.tasks.items():
            if ("task", task) not in self._shown:
                self._shown["task", task] = task
                cells = [Text("·", style="dim")] * len(progress.arms)
                table.add_row(Text(plain(task)), *cells, Text(plain(kind), style="dim"), key=task)
        for (arm, task), cell in progress.cells.items():
            text = cell_text(cell)
            if self._shown.get((arm, task)) != text.plain and task in progress.tasks and arm in self._columns:
                self._shown[arm, task] = text.plain
                table.update_cell(task, arm, text)
        if filled_anew:
            table.move_cursor(row=row)

    def _columns_for(self, room: int) -> dict[str, tuple[str, int]]:
        """Label and width by key. The tasks' names get what the others leave."""
        arms = {arm: (arm[:MAX_ARM], MAX_ARM) for arm in self._progress.arms}
        kind = max(map(len, self._progress.tasks.values()), default=4)
        left = room - (MAX_ARM + 2) * len(arms) - (kind + 2) - 4
        longest = max(map(len, self._progress.tasks), default=4)
        task = min(longest, max(LEAST_TASK, left))
        return {"task": ("Task", task), **arms, "kind": ("Kind", kind)}

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
