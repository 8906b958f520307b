"""Looks at the runs on disk every few seconds, off the screen's thread, and tells when something changed."""

from pathlib import Path

from textual import work
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from tui.run_shelf import Shelved, list_runs

SECONDS_BETWEEN_LOOKS = 2.0


class ShelfWatch(Widget):
    """Invisible; posts `Changed` with all runs, at once and whenever one of them differs."""

    DEFAULT_CSS = "ShelfWatch { display: none; }"

    class Changed(Message):
        """The runs as they are now."""

        def __init__(self, runs: tuple[Shelved, ...]) -> None:
            self.runs = runs
            super().__init__()

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        self._known: tuple[Shelved, ...] | None = None

    def on_mount(self) -> None:
        self.look()
        self.set_interval(SECONDS_BETWEEN_LOOKS, self._look_if_seen)

    def _look_if_seen(self) -> None:
        if self.screen.is_current:
            self.look()

    @work(thread=True, exclusive=True, group="shelf")
    def look(self) -> None:
        """Read the folder now."""
        runs = tuple(list_runs(self._root))
        if runs != self._known and not get_current_worker().is_cancelled:
            self._known = runs
            self.post_message(self.Changed(runs))
