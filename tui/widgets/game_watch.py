"""A game of a transcript, or of a run that may go on: read off the screen's thread, whoever plays it."""

from collections.abc import Sequence
from pathlib import Path

from textual import work
from textual.message import Message
from textual.widget import Widget

from agents.errors import NimueError
from agents.runs.folder import RunFolder
from games.avalon.events import Event
from games.errors import GameError
from tui.game_record import GameRecord, game_event, run_record, transcript_record
from tui.widgets.run_watch import RunWatch


class GameWatch(Widget):
    """Invisible; posts what is new until it is taken away."""

    DEFAULT_CSS = "GameWatch { display: none; }"

    class Opened(Message):
        """What is known of the game before its events, which follow."""

        def __init__(self, record: GameRecord) -> None:
            self.record = record
            super().__init__()

    class Fresh(Message):
        """The game has gone on."""

        def __init__(self, events: Sequence[Event]) -> None:
            self.events = events
            super().__init__()

    class Broken(Message):
        """The game cannot be read."""

        def __init__(self, problem: str) -> None:
            self.problem = problem
            super().__init__()

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_mount(self) -> None:
        self._open()

    @work(thread=True, group="open")
    def _open(self) -> None:
        try:
            if self._path.is_file():
                record = transcript_record(self._path)
                self.post_message(self.Opened(record))
                self.post_message(self.Fresh(record.events))
            else:
                self.post_message(self.Opened(run_record(RunFolder(self._path))))
                self.call_later(self._follow)
        except (NimueError, GameError, OSError, ValueError, KeyError) as error:
            self.post_message(self.Broken(str(error)))

    def _follow(self) -> None:
        if self.is_attached:
            self.mount(RunWatch(self._path))

    def on_run_watch_fresh(self, message: RunWatch.Fresh) -> None:
        message.stop()
        try:
            events = [event for line in message.events if (event := game_event(line)) is not None]
        except GameError as error:
            self.post_message(self.Broken(str(error)))
            return
        if events:
            self.post_message(self.Fresh(events))

    def on_run_watch_broken(self, message: RunWatch.Broken) -> None:
        message.stop()
        self.post_message(self.Broken(message.problem))
