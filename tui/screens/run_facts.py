"""Any run as it lies on disk: what was asked, its latest events, its recorded games; or what is broken."""

import json
from collections import deque
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from agents.cli.table_text import plain
from tui.messages import Copy, OpenTranscript
from tui.run_shelf import look_at
from tui.run_words import kind_name, state_text
from tui.screens.nimue_screen import NimueScreen
from tui.visible_text import visible_lines
from tui.widgets.key_footer import KeyFooter
from tui.widgets.line_log import LineLog

NUM_EVENTS = 200
MAX_TRANSCRIPTS = 500
_MAX_JSON = 100_000  # characters of a file that are shown
_OWN_FILES = frozenset({"events.jsonl", "calls.jsonl"})


class RunFactsScreen(NimueScreen[None]):
    """Reads whatever can be read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("c", "copy", "Copy resume command"),
    ]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._lines: list[Text] = []
        self._transcripts: list[Path] = []

    def compose(self) -> ComposeResult:
        yield Static("", id="facts-title")
        with Vertical(classes="box", id="facts-games") as games:
            games.border_title = "Recorded games"
            yield OptionList(id="transcripts")
        with Vertical(classes="box grow") as box:
            box.border_title = "On disk"
            yield LineLog(id="facts-log", follow=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        run = look_at(self._path)
        title = Text.assemble(
            (f" {kind_name(run.kind)} ", "bold"), plain(run.id), "  ", state_text(run.state)
        )
        if run.result:
            title.append(f"\n {plain(run.result)}")
        self.query_one("#facts-title", Static).update(title)
        self.query_one(LineLog).focus()
        self._read()

    @work(thread=True, exclusive=True, group="read")
    def _read(self) -> None:
        lines = _file_lines(self._path / "run.json")
        lines += [
            Text(),
            Text(f"The last events (of {self._path / 'events.jsonl'})", style="bold"),
            *_last_lines(self._path),
        ]
        found = sorted(file for file in self._path.rglob("*.jsonl") if file.name not in _OWN_FILES)
        self.app.call_from_thread(self._show, lines, found[:MAX_TRANSCRIPTS])

    def _show(self, lines: list[Text], transcripts: list[Path]) -> None:
        if not self.is_whole:
            return
        self._lines, self._transcripts = lines, transcripts
        self._lay_out()
        self.query_one("#facts-games").display = bool(transcripts)
        names = [Option(Content(plain(str(file.relative_to(self._path))))) for file in transcripts]
        self.query_one("#transcripts", OptionList).add_options(names)

    def on_line_log_resized(self, message: LineLog.Resized) -> None:
        if not self.is_whole:
            return
        self._lay_out()

    def _lay_out(self) -> None:
        log = self.query_one(LineLog)
        lines: list[Text] = []
        for line in self._lines:
            lines += line.wrap(self.app.console, log.columns) or [Text()]
        log.show(lines)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.post_message(OpenTranscript(self._transcripts[event.option_index]))

    def action_copy(self) -> None:
        command = look_at(self._path).command
        if command is not None:
            self.post_message(Copy(command, "the resume command"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return look_at(self._path).command is not None if action == "copy" else True


def _file_lines(file: Path) -> list[Text]:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            text = opened.read(_MAX_JSON)
    except OSError as error:
        return [Text(f"{file}: {error.strerror}", style="bold red")]
    return [Text(line) for line in visible_lines(text)]


def _last_lines(path: Path) -> list[Text]:
    try:
        with (path / "events.jsonl").open(encoding="utf-8", errors="replace") as file:
            last = deque(file, maxlen=NUM_EVENTS)
    except OSError as error:
        return [Text(f"none: {error.strerror}", style="dim")]
    return [_told(line) for line in last]


def _told(line: str) -> Text:
    try:
        event = json.loads(line)
        data = json.dumps(event["data"], ensure_ascii=False)
        return Text.assemble((f"{event['i']:>5} {plain(str(event['kind']))} ", "bold"), plain(data)[:500])
    except (json.JSONDecodeError, KeyError, TypeError, ValueError):
        return Text(f"! no event: {plain(line)[:200]}", style="bold red")
