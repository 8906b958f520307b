"""The app: its places, what opens what, the palette, the theme, the clipboard."""

import asyncio
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from agents.cli.front_door import STOPPED
from agents.errors import NimueError
from agents.runs.folder import RunFolder
from tui.commands import NimueCommands
from tui.messages import Copy, OpenRun, OpenTranscript
from tui.picture_ways import Way
from tui.places import PLACES
from tui.run_shelf import Shelved, look_at
from tui.settings import Settings
from tui.themes import OWN_THEMES

if TYPE_CHECKING:
    from tui.chat_host import ChatHost
    from tui.detached import DetachedCommand
    from tui.game_host import GameHost
    from tui.screens.table import TableScreen


SECONDS_TO_LEAVE = 10.0
SECONDS_BETWEEN_LOOKS_FOR_THE_TERMINAL = 2.0


def _open_place(entry: str) -> Screen[Any]:
    """Make a place's screen; what it needs is imported when one goes there first."""
    module, _, name = entry.partition(":")
    screen: Screen[Any] = getattr(import_module(module), name)()
    return screen


class NimueApp(App[None]):
    """Everything on screen is read from disk; closing the app loses nothing."""

    TITLE = "nimue"
    CSS_PATH = "app.tcss"
    COMMANDS = App.COMMANDS | {NimueCommands}
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        place.name: partial(_open_place, place.entry) for place in PLACES
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "toggle_keys", "Keys", key_display="?"),
        Binding("ctrl+q", "leave", "Quit", priority=True),
    ]

    def __init__(self, settings: Settings, settings_file: Path, *, pictures: Way = "blocks") -> None:
        """Open over the folders of `settings`; `pictures` is how the terminal draws them."""
        super().__init__()
        self.pictures = pictures
        self.settings = settings
        self.settings_file = settings_file
        self.copied_file = Path(tempfile.gettempdir()) / "nimue-copied.txt"
        self.hosts: list[GameHost | ChatHost] = []
        self._commands: dict[Path, DetachedCommand] = {}

    def on_mount(self) -> None:
        for theme in OWN_THEMES:
            self.register_theme(theme)
        self.theme = self.settings.theme
        self.switch_mode("home")
        if not (self.is_headless or self.is_web):
            self.set_interval(SECONDS_BETWEEN_LOOKS_FOR_THE_TERMINAL, self._leave_with_the_terminal)

    def _leave_with_the_terminal(self) -> None:
        """Quit when the terminal is gone and no signal has told so, instead of reading from nothing."""
        if sys.__stdin__ is None or not sys.__stdin__.isatty():
            self.exit()

    def action_go(self, place: str) -> None:
        """Go to a place."""
        self.switch_mode(place)

    def action_leave_form(self) -> None:
        """Take the focus from a form, so that numbers go to places again."""
        self.screen.set_focus(None)

    def action_toggle_keys(self) -> None:
        """Show or hide the panel of all keys that work now."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def use_settings(self, settings: Settings) -> None:
        """Take other settings into use."""
        self.settings = settings
        self.theme = settings.theme

    @work(exclusive=True, group="leave")
    async def action_leave(self) -> None:
        """Close the app; of what works in it or beside it one says what becomes of it."""
        from tui.screens.leave import LeaveScreen

        at_work = [host for host in self.hosts if host.at_work]
        beside = self.commands_at_work
        if at_work or beside:
            may_go_on = all(host.may_go_on for host in at_work)
            choice = await self.push_screen_wait(LeaveScreen(len(at_work) + len(beside), may_go_on=may_go_on))
            if choice == "stay":
                return
            for host in at_work:
                host.stop()
            if choice == "background":
                await asyncio.to_thread(self._hand_over, at_work)
            else:
                for path in beside:
                    self.stop_command(path)
        for host in self.hosts:
            host.join(0.0)
        self.exit()

    def _hand_over(self, hosts: "Sequence[GameHost | ChatHost]") -> None:
        """Let a command go on with each piece of work as soon as its host has left it."""
        from tui.detached import DetachedCommand

        for host in hosts:
            host.join(SECONDS_TO_LEAVE)
            DetachedCommand(host.resume_words)

    # -- what opens what -----------------------------------------------------------------------------

    def on_open_run(self, message: OpenRun) -> None:
        self.open_run(message.path)

    def on_open_transcript(self, message: OpenTranscript) -> None:
        from tui.screens.table import TableScreen

        self.push_screen(TableScreen(message.path))

    def open_run(self, path: Path) -> None:
        """Show a run on the screen for its kind; one that is broken as what it is."""
        match look_at(path).kind:
            case "avalon.play":
                from tui.screens.table import TableScreen

                self.push_screen(TableScreen(path))
            case "expel":
                from tui.screens.expel_run import ExpelRunScreen

                self.push_screen(ExpelRunScreen(path))
            case "lab":
                from tui.screens.lab_run import LabRunScreen

                self.push_screen(LabRunScreen(path))
            case "assistant":
                self.switch_mode("chat")
                self.call_after_refresh(self._open_conversation, path)
            case _:
                from tui.screens.run_facts import RunFactsScreen

                self.push_screen(RunFactsScreen(path))

    def _open_conversation(self, path: Path) -> None:
        from tui.screens.chat_place import ChatPlace

        if isinstance(self.screen, ChatPlace):
            self.screen.open_conversation(path)

    def resume_run(self, run: Shelved) -> None:
        """Open a run and go on with it."""
        if run.kind == "avalon.play":
            from tui.screens.table import TableScreen

            screen = TableScreen(run.path)
            self.push_screen(screen)
            self.resume_game(run.path, screen)
        elif run.kind == "assistant":
            self.open_run(run.path)
        else:
            self.open_run(run.path)
            self.resume_command(run)

    @work(thread=True, group="resume")
    def resume_game(self, path: Path, screen: "TableScreen") -> None:
        """Go on with the game of a run on the screen that shows it."""
        from agents.recon.config import GameConfig
        from tui.game_host import GameHost

        run = RunFolder(path)
        try:
            config = GameConfig(**run.asked())
        except (NimueError, ValueError) as error:
            self.call_from_thread(self.notify, str(error), severity="error", markup=False)
        else:
            self.call_from_thread(screen.attach, GameHost(run, config))

    def play(self, host: "GameHost") -> None:
        """Show a table and let its game begin."""
        from tui.screens.table import TableScreen

        self.push_screen(TableScreen(host.run.path, host))
        self.begin(host)

    def begin(self, host: "GameHost | ChatHost") -> None:
        """Let a game or a conversation begin, and remember it for when one leaves."""
        self.hosts.append(host)
        host.start()

    # -- commands in processes of their own ------------------------------------------------------------

    @work(thread=True, group="command")
    def start_command(self, words: Sequence[str]) -> None:
        """Let a command begin a run, and show it as soon as it is there."""
        from tui.detached import DetachedCommand

        try:
            command = DetachedCommand(words)
            path = command.run_folder()
        except NimueError as error:
            self.call_from_thread(self.notify, str(error), severity="error", timeout=15, markup=False)
            return
        self._commands[path] = command
        self.call_from_thread(self.open_run, path)

    @work(thread=True, group="command")
    def resume_command(self, run: Shelved) -> None:
        """Let a command go on with a run, and tell if it cannot."""
        from tui.detached import DetachedCommand

        line = run.command
        if line is None:
            self.call_from_thread(self.notify, f"{run.path} cannot be continued.", markup=False)
            return
        try:
            command = DetachedCommand(shlex.split(line))
        except NimueError as error:
            self.call_from_thread(self.notify, str(error), severity="error", markup=False)
            return
        self._commands[run.path] = command
        self.call_from_thread(self.notify, f"At work: {line}", markup=False)
        if command.wait() not in (0, -signal.SIGINT, STOPPED):
            self.call_from_thread(
                self.notify, command.complaint(), severity="error", timeout=15, markup=False
            )

    @property
    def commands_at_work(self) -> list[Path]:
        """The runs that commands of this app work on now."""
        return [path for path, command in self._commands.items() if command.at_work]

    def has_command(self, path: Path) -> bool:
        """Whether this app started what works on a run now."""
        return path in self.commands_at_work

    def stop_command(self, path: Path) -> None:
        """Stop it as Ctrl-C would; the run is kept."""
        if self.has_command(path):
            self._commands[path].stop()

    def on_copy(self, message: Copy) -> None:
        """Copy by OSC 52, and into a file for terminals that do not know it."""
        self.copy_to_clipboard(message.text)
        self.copied_file.write_text(message.text, encoding="utf-8")
        self.notify(f"Copied {message.what}; it also stands in {self.copied_file}.", markup=False)
