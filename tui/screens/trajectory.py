"""The attempts at one task of an ExpeL run, to read: thoughts, actions, what was seen, reflections."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from agents.cli.table_text import plain
from agents.errors import NimueFailure
from agents.runs.event_log import RunEvent
from agents.runs.folder import RunFolder
from tui.event_tail import EventTail
from tui.expel_progress import attempt_name
from tui.messages import Copy
from tui.screens.nimue_screen import NimueScreen
from tui.widgets.key_footer import KeyFooter
from tui.widgets.line_log import LineLog

SECONDS_BETWEEN_LOOKS = 0.5
_OUTCOMES = {"success": "✓ solved", "fail": "✗ failed", "halted": "■ gave out"}
_LEAD = 6
_MARKS = {"thought": ("think ", "italic"), "action": ("do    ", "bold"), "observation": ("      ", "")}


class TrajectoryScreen(NimueScreen[None]):
    """A list of attempts, and the one that is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("c", "copy", "Copy"),
    ]

    class Fresh(Message):
        """More of this task's events."""

        def __init__(self, events: Sequence[RunEvent], problem: str = "") -> None:
            self.events = events
            self.problem = problem
            super().__init__()

    def __init__(self, path: Path, task: str) -> None:
        super().__init__()
        self._path = path
        self._task_id = task
        self._attempts: dict[str, list[Text]] = {}
        self._outcomes: dict[str, str] = {}
        self._chosen = ""

    def compose(self) -> ComposeResult:
        yield Static(Content(f" Task {plain(self._task_id)}"), id="trajectory-title")
        with Horizontal(id="trajectory-body"):
            with Vertical(classes="box", id="attempts-box") as attempts:
                attempts.border_title = "Attempts"
                yield OptionList(id="attempts")
            with Vertical(classes="box grow") as box:
                box.border_title = "Trajectory"
                yield LineLog(id="trajectory", follow=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self._read()

    @work(thread=True, group="read")
    def _read(self) -> None:
        worker = get_current_worker()
        tail = EventTail(RunFolder(self._path).events)
        try:
            while not worker.is_cancelled:
                if mine := [event for event in tail.fresh() if self._is_mine(event)]:
                    self.post_message(self.Fresh(mine))
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except (NimueFailure, OSError) as error:
            self.post_message(self.Fresh((), str(error)))

    def _is_mine(self, event: RunEvent) -> bool:
        if event.kind not in ("entry", "attempt", "reflection"):
            return False
        return attempt_name(event.data["attempt"]).task == self._task_id

    def on_trajectory_screen_fresh(self, message: Fresh) -> None:
        if not self.is_whole:
            return
        if message.problem:
            self.notify(message.problem, severity="error", markup=False)
        for event in message.events:
            self._take(event)
        self._show_attempts()
        self._show_chosen()

    def _take(self, event: RunEvent) -> None:
        data = event.data
        lines = self._attempts.setdefault(data["attempt"], [])
        match event.kind:
            case "entry":
                mark, style = _MARKS.get(data["kind"], ("      ", ""))
                for number, line in enumerate(str(data["text"]).splitlines() or [""]):
                    lead = mark if not number else "      "
                    lines.append(Text.assemble((lead, "dim"), (plain(line), style)))
            case "attempt":
                self._outcomes[data["attempt"]] = data["outcome"]
                told = f"{data['outcome']}, {data['steps']} steps, {data['ending']}, reward {data['reward']}"
                lines += [Text(), Text(plain(told), style="bold")]
            case _:
                lines += [
                    Text(),
                    Text("Reflection for the next trial", style="bold"),
                    Text(plain(data["text"])),
                ]

    def _show_attempts(self) -> None:
        shown = self.query_one(OptionList)
        place = shown.highlighted
        shown.clear_options()
        shown.add_options(
            Option(Content(self._told(name)), id=str(number)) for number, name in enumerate(self._attempts)
        )
        shown.highlighted = place if place is not None else (0 if self._attempts else None)

    def _told(self, name: str) -> str:
        parts = attempt_name(name)
        trial = f" trial {parts.trial + 1}" if parts.trial else ""
        seed = f" seed {parts.seed}" if parts.seed else ""
        outcome = self._outcomes.get(name, "")
        return plain(f"{parts.arm}{trial}{seed} {_OUTCOMES.get(outcome, outcome) or '▸ under way'}")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._chosen = list(self._attempts)[event.option_index]
        self._show_chosen()

    def on_option_list_option_selected(self) -> None:
        self.query_one(LineLog).focus()

    def on_line_log_resized(self) -> None:
        if not self.is_whole:
            return
        self._show_chosen()

    def _show_chosen(self) -> None:
        log = self.query_one(LineLog)
        lines: list[Text] = []
        for line in self._attempts.get(self._chosen, []):
            first, *rest = line.wrap(self.app.console, log.columns - _LEAD) or [Text()]
            lines += [first, *(Text(" " * _LEAD).append_text(more) for more in rest)]
        log.show(lines)

    def action_copy(self) -> None:
        lines = self._attempts.get(self._chosen, [])
        self.post_message(Copy("\n".join(line.plain for line in lines), "the trajectory"))
