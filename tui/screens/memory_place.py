"""Memory: insights by set, with their importance and their life; changed by people as by models."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import DataTable, Select, Static

from agents.cli.table_text import plain
from agents.errors import NimueError
from memory.errors import StoreError
from memory.insight_store import InsightStore
from memory.insights import Insight, State
from tui.insight_shelf import SetOfInsights
from tui.messages import Copy
from tui.places import way_to
from tui.screens.ask_line import AskLineScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.place_screen import PlaceScreen
from tui.widgets.fitted_table import FittedTable
from tui.widgets.insight_detail import Detail, InsightDetail

SECONDS_BETWEEN_LOOKS = 2.0
_COLUMNS = ("Imp", "Won/lost", "PAM", "Insight")  # pinned, archived, marked
_ON_INSIGHT = frozenset({"edit", "vote", "pin", "archive", "merge", "delete"})
_ON_SET = frozenset({"add", "revert", "diff", "export", "detail"})


class MemoryPlace(PlaceScreen):
    """A set to choose, its insights, and what is asked about them."""

    PLACE = "memory"
    AUTO_FOCUS = ""  # the insights, once it is known that there are some
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "Edit"),
        Binding("plus,equals_sign", "vote(1)", "Vote up", key_display="+"),
        Binding("minus", "vote(-1)", "Down", key_display="-"),
        Binding("p", "pin", "Pin"),
        Binding("a", "archive", "Archive/restore"),
        Binding("n", "add", "New"),
        Binding("x", "experiences", "Experiences"),
        Binding("h", "detail('history')", "History"),
        Binding("w", "detail('why')", "Why", show=False),
        Binding("u", "detail('audit')", "Audit", show=False),
        Binding("o", "detail('prompt')", "Prompt an agent would see", show=False),
        Binding("f", "diff", "Difference since an event", show=False),
        Binding("z", "revert", "Revert an event", show=False),
        Binding("m", "merge", "Merge: mark one, then join another into it", show=False),
        Binding("d", "delete", "Delete for good", show=False),
        Binding("v", "all_states", "Archived ones too", show=False),
        Binding("ctrl+e", "export", "Export the set", show=False),
        Binding("ctrl+o", "import", "Import a file", show=False),
        Binding("c", "copy", "Copy the insight", show=False),
        Binding("s", "choose_set", "Choose a set", show=False),
    ]

    class Loaded(Message):
        """The memory as it is now."""

        def __init__(self, sets: Sequence[SetOfInsights], problem: str = "") -> None:
            self.sets = sets
            self.problem = problem
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self._sets: dict[str, SetOfInsights] = {}
        self._shown: list[Insight] = []
        self._everything = False
        self._marked: str | None = None
        self._changed_at = -1.0

    @property
    def folder(self) -> Path:
        return self.nimue.settings.memory_folder()

    def body(self) -> Iterator[Widget]:
        yield Select[str]([], prompt="No set of insights", id="sets", compact=True)
        yield Static("", id="memory-empty", classes="empty")
        with Horizontal(id="memory-body"):
            with Vertical(classes="box", id="insights-box") as box:
                box.border_title = "Insights"
                yield FittedTable(cursor_type="row", zebra_stripes=True, id="insights")
            yield InsightDetail(classes="box", id="detail-box")

    def on_mount(self) -> None:
        self._look()
        self.set_interval(SECONDS_BETWEEN_LOOKS, self._look_if_seen)

    # -- reading -------------------------------------------------------------------------------------

    def _look_if_seen(self) -> None:
        if self.is_current:
            self._look()

    @work(thread=True, exclusive=True, group="load")
    def _look(self, force: bool = False) -> None:
        """Read the memory if it has changed."""
        from tui.insight_shelf import changed_at, has_memory, read_sets

        changed = changed_at(self.folder)
        if changed == self._changed_at and not force:
            return
        self._changed_at = changed
        try:
            sets = read_sets(self.folder) if has_memory(self.folder) else []
            self.post_message(self.Loaded(sets))
        except StoreError as error:
            self.post_message(self.Loaded((), str(error)))

    def on_memory_place_loaded(self, message: Loaded) -> None:
        if not self.is_whole:
            return
        self._sets = {one.about.set_id: one for one in message.sets}
        nothing = f"Nothing was learned yet in {self.folder}: start a training, {way_to('expel')}."
        empty = message.problem or nothing
        self.query_one("#memory-empty", Static).update(Content(plain(empty)))
        self.set_class(not self._sets, "-no-memory")
        self.give_keys(self.query_one("#insights"), shown=bool(self._sets))
        chooser: Select[str] = self.query_one("#sets", Select)
        before = self._set_id
        options = [(Content(_set_line(one)), name) for name, one in self._sets.items()]
        with self.prevent(Select.Changed):
            chooser.set_options(options)
            if options:
                chooser.value = before if before in self._sets else options[-1][1]
        self._show_insights()

    @property
    def _set_id(self) -> str | None:
        value = self.query_one("#sets", Select).value
        return value if isinstance(value, str) else None

    @property
    def _chosen(self) -> Insight | None:
        row = self.query_one("#insights", DataTable).cursor_row
        return self._shown[row] if 0 <= row < len(self._shown) else None

    # -- showing -------------------------------------------------------------------------------------

    def on_select_changed(self) -> None:
        self._show_insights()

    def _show_insights(self) -> None:
        table = self.query_one("#insights", FittedTable)
        before = self._chosen
        found = self._sets.get(self._set_id or "")
        self._shown = (
            [one for one in found.insights if self._everything or one.state is State.ACTIVE] if found else []
        )
        rows = []
        for one in self._shown:
            used = found.used.get(one.id) if found else None
            told = f"{used.num_successes}/{used.num_failures}" if used else "-"
            style = "" if one.state is State.ACTIVE else "dim"
            rows.append(
                (Text(f"{one.count:>3}"), Text(told), _flags(one, self._marked), Text(plain(one.text), style))
            )
        table.fill(_COLUMNS, rows)
        ids = [one.id for one in self._shown]
        if before is not None and before.id in ids:
            table.move_cursor(row=ids.index(before.id))
        box = self.query_one("#insights-box")
        box.border_subtitle = f"{len(self._shown)} shown" + (", archived too" if self._everything else "")
        self._show_detail()
        self.refresh_bindings()

    def on_data_table_row_highlighted(self) -> None:
        if self.query_one(InsightDetail).asked == "why":
            self._show_detail()
        self.refresh_bindings()

    def on_data_table_row_selected(self) -> None:
        self.action_detail("why")

    def _show_detail(self) -> None:
        found = self._sets.get(self._set_id or "")
        self.query_one(InsightDetail).ask(self.folder, found, self._chosen)

    # -- asking --------------------------------------------------------------------------------------

    def action_detail(self, detail: Detail) -> None:
        self.query_one(InsightDetail).asked = detail
        self._show_detail()

    def action_all_states(self) -> None:
        self._everything = not self._everything
        self._show_insights()

    def action_choose_set(self) -> None:
        self.query_one("#sets").focus()

    def action_experiences(self) -> None:
        from tui.screens.experiences import ExperiencesScreen

        self.app.push_screen(ExperiencesScreen(self.folder))

    def action_copy(self) -> None:
        if self._chosen is not None:
            self.post_message(Copy(self._chosen.text, "the insight"))

    @work
    async def action_diff(self) -> None:
        from tui.insight_shelf import differences_of

        answer = await self.app.push_screen_wait(
            AskLineScreen("Show what has changed since event number", "0")
        )
        if answer is None or not answer.isdecimal() or self._set_id is None:
            return
        try:
            lines = differences_of(self.folder, self._set_id, int(answer))
        except (StoreError, NimueError) as error:
            lines = [str(error)]
        self.query_one(InsightDetail).tell(f"Changed since event {answer}", lines)

    # -- changing ------------------------------------------------------------------------------------

    @work
    async def action_add(self) -> None:
        text = await self.app.push_screen_wait(AskLineScreen("A new insight, in a sentence or two"))
        if text is not None and (set_id := self._set_id) is not None:
            self._change(lambda store: store.add(set_id, text, reason="in the app"))

    @work
    async def action_edit(self) -> None:
        set_id, one = self._set_id, self._chosen
        if set_id is None or one is None:
            return
        text = await self.app.push_screen_wait(AskLineScreen(f"The whole new text of {one.id}", one.text))
        if text is not None and text != one.text:
            self._change(lambda store: store.edit(set_id, one.id, text, reason="in the app"))

    def action_vote(self, delta: int) -> None:
        self._on_chosen(lambda store, set_id, one: store.vote(set_id, one.id, delta, reason="in the app"))

    def action_pin(self) -> None:
        """Keep models from changing it, or let them again."""
        self._on_chosen(lambda store, set_id, one: (store.unpin if one.pinned else store.pin)(set_id, one.id))

    def action_archive(self) -> None:
        """Take it out of the prompts, or bring it back."""
        self._on_chosen(
            lambda store, set_id, one: (store.archive if one.state is State.ACTIVE else store.restore)(
                set_id, one.id
            )
        )

    def action_merge(self) -> None:
        from tui.insight_shelf import merged

        chosen, kept = self._chosen, self._marked
        if chosen is None:
            return
        if kept is None or kept == chosen.id:
            self._marked = chosen.id if kept is None else None
            self._show_insights()
            return
        self._marked = None
        self._on_chosen(lambda store, set_id, one: merged(store, set_id, kept, one.id))

    @work
    async def action_delete(self) -> None:
        question = "Delete this insight and every text it ever had, for good? (a only archives it.)"
        if await self.app.push_screen_wait(ConfirmScreen(question, "Delete")):
            self._on_chosen(lambda store, set_id, one: store.delete(set_id, one.id))

    @work
    async def action_revert(self) -> None:
        answer = await self.app.push_screen_wait(AskLineScreen("Undo which event? (h lists their numbers)"))
        if answer is not None and answer.isdecimal() and (set_id := self._set_id) is not None:
            self._change(lambda store: store.revert(set_id, int(answer)))

    @work
    async def action_export(self) -> None:
        from tui.insight_shelf import export_to

        if (set_id := self._set_id) is None:
            return
        answer = await self.app.push_screen_wait(
            AskLineScreen(
                "Write the set to which file? (.md for people, .jsonl for programs)", f"{set_id}.md"
            )
        )
        if answer is None:
            return
        try:
            export_to(self.folder, set_id, named_file(answer))
        except (StoreError, NimueError) as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"Wrote {answer}.", markup=False)

    @work
    async def action_import(self) -> None:
        """Read a file that an export wrote: tell what would change, then do it if that is wanted."""
        from tui.insight_import import apply_file, plan_of

        answer = await self.app.push_screen_wait(AskLineScreen("Read which file? (.md or .jsonl)"))
        if answer is None:
            return
        try:
            plan = plan_of(self.folder, named_file(answer))
            if not plan.num_changes:
                self.notify("Nothing would change.", markup=False)
                return
            wanted = await self.app.push_screen_wait(ConfirmScreen(plan.told, "Import"))
            if wanted:
                apply_file(self.folder, plan)
        except (StoreError, NimueError) as error:
            self.notify(str(error), severity="error", markup=False)
        self._look(force=True)

    def _on_chosen(self, do: Callable[[InsightStore, str, Insight], object]) -> None:
        set_id, one = self._set_id, self._chosen
        if set_id is not None and one is not None:
            self._change(lambda store: do(store, set_id, one))

    @work(thread=True, group="change")
    def _change(self, do: Callable[[InsightStore], object]) -> None:
        from tui.insight_shelf import change

        try:
            change(self.folder, do)
        except (StoreError, NimueError) as error:
            self.app.call_from_thread(self.notify, str(error), severity="error", markup=False)
        self.app.call_from_thread(self._look, True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted or not self.query("#insights"):
            return True
        if action in _ON_INSIGHT:
            return self._chosen is not None or None
        return (self._set_id is not None or None) if action in _ON_SET else True


def _set_line(found: SetOfInsights) -> str:
    about = found.about
    fold = f", fold {about.fold}" if about.fold is not None else ""
    made = f", from {about.parent_set}" if about.parent_set else ""
    num = sum(one.state is State.ACTIVE for one in found.insights)
    return plain(f"{about.set_id}: {about.domain}{fold}{made}, {num} insights, {found.num_events} events")


def _flags(one: Insight, marked: str | None) -> Text:
    pinned = "P" if one.pinned else " "
    state = {State.ACTIVE: " ", State.ARCHIVED: "A", State.QUARANTINED: "Q"}.get(one.state, "?")
    return Text(f"{pinned}{state}{'M' if one.id == marked else ' '}", style="bold")


def named_file(answer: str) -> Path:
    """The file that a person has named."""
    return Path(answer).expanduser()
