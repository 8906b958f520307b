"""A run of the laboratory: how far it is, its curves, figures, files, settings; live or long finished."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, OptionList
from textual.widgets.option_list import Option

from agents.cli.table_text import plain
from agents.errors import NimueError
from agents.lab.runs import find_run, read_result
from backends.lab.errors import LabError
from backends.lab.registry import find_job, find_system
from tui.drawing_pace import DrawingPace
from tui.lab_panels import figure_line, figure_names, progress_text, result_tables, settings_lines
from tui.lab_progress import LabProgress
from tui.messages import Copy
from tui.run_shelf import State, look_at
from tui.run_words import state_text
from tui.screens.job_form import JobFormScreen
from tui.screens.nimue_screen import NimueScreen
from tui.screens.reader import ReaderScreen
from tui.screens.result_tables import ResultTablesScreen
from tui.visible_text import visible, visible_lines
from tui.widgets.curve_chart import CurveChart
from tui.widgets.key_footer import KeyFooter
from tui.widgets.live_text import LiveText
from tui.widgets.run_watch import RunWatch
from tui.widgets.text_panel import TextPanel

SECONDS_BETWEEN_DRAWINGS = 0.2  # at least
PANELS = {"figures": "Figures", "files": "Files", "settings": "Settings", "log": "Log"}
_STATES: Mapping[str, State] = {
    "waiting": "stopped",
    "running": "stopped",
    "cancelled": "stopped",
    "interrupted": "stopped",
    "finished": "finished",
    "failed": "failed",
}
"""What the events say of a run that no process holds."""


class LabRunScreen(NimueScreen[None]):
    """Follows the run's log, whoever writes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("p", "panel", "Panel"),
        Binding("f", "full", "Results in full"),
        Binding("s", "stop", "Stop"),
        Binding("r", "resume", "Resume"),
        Binding("e", "again", "Again, changed"),
        Binding("c", "copy", "Copy", show=False),
    ]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.progress = LabProgress()
        self._asked: Mapping[str, Any] = {}
        self._held: bool | None = None
        self._problem = ""
        self._stale = True
        self._chosen: str | None = None
        self._files: list[str] = []
        self._lines: dict[str, str] = {}
        self._keys_shown: tuple[bool | None, str] = (None, "")
        self._curve_title = ""
        self._pace = DrawingPace()

    def compose(self) -> ComposeResult:
        yield LiveText(id="lab-title", classes="title")
        yield LiveText(id="lab-progress")
        with Horizontal(id="lab-body"):
            with Vertical(classes="box", id="lab-curve"):
                yield CurveChart(id="chart")
            with (
                Vertical(classes="box", id="lab-side"),
                ContentSwitcher(initial="figures", id="lab-panels"),
            ):
                yield OptionList(id="figures")
                yield OptionList(id="files")
                yield TextPanel(id="settings")
                yield TextPanel(id="log")
        yield RunWatch(self._path)
        yield KeyFooter()

    def on_mount(self) -> None:
        try:
            self._asked = find_run(str(self._path), self._path.parent).folder.asked()
            self._show_settings()
        except NimueError as error:
            self._problem = str(error)
        self._show_panel("figures")
        self.set_interval(SECONDS_BETWEEN_DRAWINGS, self._show_if_stale)

    def on_resize(self) -> None:
        self._stale = True

    # -- following -----------------------------------------------------------------------------------

    def on_run_watch_fresh(self, message: RunWatch.Fresh) -> None:
        try:
            for event in message.events:
                self.progress.take(event)
        except (TypeError, ValueError, AttributeError) as error:
            self._problem = f"An event of the run makes no sense: {error!r}"
        self._stale = True

    def on_run_watch_held(self, message: RunWatch.Held) -> None:
        self._held = message.held
        self._stale = True

    def on_run_watch_broken(self, message: RunWatch.Broken) -> None:
        self._problem = message.problem
        self._stale = True

    # -- showing -------------------------------------------------------------------------------------

    @property
    def _state(self) -> State:
        return "running" if self._held else _STATES[self.progress.summary.state]

    def _show_if_stale(self) -> None:
        if not self.is_whole or not (self._stale or self._held) or not self._pace.may_draw():
            return
        if self._stale:
            self._stale = False
            self._show_what_was_told()
        self._show_state()  # of a run that is held the time that is left goes on
        self.call_after_refresh(self._pace.drawn)

    def _show_what_was_told(self) -> None:
        self._show_figures()
        self._show_files()
        if self.query_one(ContentSwitcher).current == "log":
            self._show_log()
        self._show_curve()

    def _show_state(self) -> None:
        """The lines on top, and the keys that work now."""
        progress = self.progress
        name = f"{self._asked.get('system', '?')} {self._asked.get('job', '')}"
        title = Text.assemble(
            (f" {plain(name)} ", "bold"), " ", state_text(self._state), f"  {self._path.name}"
        )
        self.query_one("#lab-title", LiveText).tell(title)
        line = progress_text(progress, datetime.now(UTC) if self._held else None)
        said = self._problem or progress.summary.message
        if said:
            is_bad = bool(self._problem) or progress.summary.state == "failed"
            style = "bold red" if is_bad else ""
            line.append(f"\n {'! ' if is_bad else ''}{plain(said)}", style=style)
        elif not self._held and progress.summary.state in ("running", "waiting") and self._held is not None:
            line.append("\n Its process has ended before it was done: r goes on with it.", style="yellow")
        elif self._held and not progress.stages:
            line.append("Starting ...", style="dim")
        self.query_one("#lab-progress", LiveText).tell(line)
        keys = (self._held, self.progress.summary.state)
        if keys != self._keys_shown:
            self._keys_shown = keys
            self.refresh_bindings()

    def _show_figures(self) -> None:
        listed = self.query_one("#figures", OptionList)
        names = figure_names(self.progress)
        width = max(listed.scrollable_content_region.width, 12)
        if [option.id for option in listed.options] != names:
            kept = self._chosen
            listed.clear_options()
            listed.add_options(Option(figure_line(self.progress, name, width), id=name) for name in names)
            if names:
                listed.highlighted = names.index(kept) if kept in names else 0
        else:
            for name in names:
                line = figure_line(self.progress, name, width)
                if self._lines.get(name) != line.plain:
                    self._lines[name] = line.plain
                    listed.replace_option_prompt(name, line)

    def _show_curve(self) -> None:
        curves = self.progress.curves
        name = self._chosen if self._chosen in curves else next(iter(curves), None)
        title = plain(name).replace("_", " ") if name else "Curves"
        if title != self._curve_title:  # a box with another title is drawn anew as a whole
            self._curve_title = title
            self.query_one("#lab-curve").border_title = Content(title)
        self.query_one(CurveChart).show(curves[name] if name else {})

    def _show_files(self) -> None:
        files = list(self.progress.artifacts)
        if files == self._files:
            return
        self._files = files
        listed = self.query_one("#files", OptionList)
        listed.clear_options()
        for path in files:
            prompt = Text.assemble((plain(path), "bold"), "\n", (plain(self.progress.artifacts[path]), "dim"))
            listed.add_option(Option(prompt))

    def _show_settings(self) -> None:
        try:
            job = find_job(find_system(self._asked["system"]), self._asked["job"])
        except LabError as error:
            self._problem = str(error)
            return
        defaults = {
            name: field.get_default(call_default_factory=True)
            for name, field in job.params.model_fields.items()
        }
        self.query_one("#settings", TextPanel).tell(settings_lines(self._asked["params"], defaults))

    def _show_log(self) -> None:
        notes = [Text(visible(note)) for note in reversed(self.progress.notes)]
        self.query_one("#log", TextPanel).tell(notes or [Text("Nothing was said.", style="dim")])

    def _show_panel(self, panel: str) -> None:
        self.query_one(ContentSwitcher).current = panel
        number = list(PANELS).index(panel) + 1
        self.query_one("#lab-side").border_title = Content(f"{PANELS[panel]} ({number} of {len(PANELS)}, p)")
        if panel == "log":
            self._show_log()
        self.query_one(f"#{panel}").focus()

    # -- doing ---------------------------------------------------------------------------------------

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.id == "figures" and event.option_id is not None:
            self._chosen = event.option_id
            self._show_curve()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_list.id == "files":
            self._open_file(self._files[event.option_index])

    def _open_file(self, name: str) -> None:
        artifacts = self._path / "artifacts"
        file = artifacts / name
        if not file.resolve().is_relative_to(artifacts.resolve()) or not file.is_file():
            self.notify(f"{file} is not there any more.", severity="error", markup=False)
            return
        caption = self.progress.artifacts[name]
        match file.suffix:
            case ".png":
                from tui.screens.picture import PictureScreen

                self.app.push_screen(PictureScreen(file, caption, self.nimue.pictures))
            case ".json":
                self.app.push_screen(ReaderScreen(name, [Text(caption, style="bold"), *_lines_of(file)]))
            case _:
                self.post_message(Copy(str(file), "the path"))

    def action_panel(self) -> None:
        """The next panel: figures, files, settings, log."""
        names = list(PANELS)
        current = names.index(self.query_one(ContentSwitcher).current or names[0])
        self._show_panel(names[(current + 1) % len(names)])

    def action_full(self) -> None:
        """The result with all its tables."""
        try:
            result = read_result(find_run(str(self._path), self._path.parent))
        except (NimueError, ValueError, KeyError, OSError) as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.app.push_screen(ResultTablesScreen(self._path.name, result_tables(result)))

    def action_stop(self) -> None:
        """Stop at the next safe place; what is done so far is kept."""
        if self.nimue.has_command(self._path):
            self.nimue.stop_command(self._path)
        elif self.progress.pid is not None:
            with suppress(ProcessLookupError, PermissionError):  # it has just ended, or is another user's
                os.kill(self.progress.pid, signal.SIGTERM)
        self.notify("It stops at its next safe place.", markup=False)

    def action_resume(self) -> None:
        self.nimue.resume_command(look_at(self._path))

    def action_again(self) -> None:
        """Fill in the job's form with these settings."""
        try:
            system = find_system(self._asked["system"])
            job = find_job(system, self._asked["job"])
        except LabError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.app.push_screen(JobFormScreen(system, job, self._asked["params"]))

    def action_copy(self) -> None:
        """The path of the file one is at, else the command that goes on with the run."""
        files = self.query_one("#files", OptionList)
        if files.has_focus and files.highlighted is not None:
            path = self._path / "artifacts" / self._files[files.highlighted]
            self.post_message(Copy(str(path), "the path"))
            return
        command = look_at(self._path).command
        if command is not None:
            self.post_message(Copy(command, "the resume command"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "stop":
                return bool(self._held) and self.progress.summary.state == "running"
            case "resume":
                return self._held is False and self.progress.summary.state != "finished" and bool(self._asked)
            case "full":
                return self.progress.summary.state == "finished"
            case "again":
                return bool(self._asked)
            case _:
                return True


_MOST_READ = 200_000  # characters of a file that are shown


def _lines_of(file: Path) -> list[Text]:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            text = opened.read(_MOST_READ)
    except OSError as error:
        return [Text(f"{file}: {error.strerror}", style="bold red")]
    return [Text(line) for line in visible_lines(text)]
