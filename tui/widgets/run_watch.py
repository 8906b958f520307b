"""Follows a run's log off the screen's thread, whoever writes it, and tells whether someone works on it."""

import time
from collections.abc import Sequence
from pathlib import Path

from textual import work
from textual.message import Message
from textual.widget import Widget
from textual.worker import Worker, get_current_worker

from agents.errors import NimueFailure
from agents.runs.event_log import RunEvent
from agents.runs.folder import RunFolder
from tui.event_tail import EventTail
from tui.run_shelf import is_held

SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_BETWEEN_CHECKS = 1.0
_BATCH = 1_000  # events handed over at once, so that keys are answered in between
_SECONDS_BETWEEN_BATCHES = 0.005


class RunWatch(Widget):
    """Invisible; posts what is new, until it is taken away."""

    DEFAULT_CSS = "RunWatch { display: none; }"

    class Fresh(Message):
        """The run has gone on."""

        def __init__(self, events: Sequence[RunEvent]) -> None:
            self.events = events
            super().__init__()

    class Held(Message):
        """A process has begun to work on the run, or has left it."""

        def __init__(self, held: bool) -> None:
            self.held = held
            super().__init__()

    class Broken(Message):
        """The log cannot be read."""

        def __init__(self, problem: str) -> None:
            self.problem = problem
            super().__init__()

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_mount(self) -> None:
        self._follow()

    @work(thread=True, group="follow")
    def _follow(self) -> None:
        worker = get_current_worker()
        tail = EventTail(RunFolder(self._path).events)
        held: bool | None = None
        next_check = 0.0
        try:
            while not worker.is_cancelled:
                while found := tail.fresh():
                    self._hand_over(found, worker)
                if time.monotonic() >= next_check:
                    next_check = time.monotonic() + SECONDS_BETWEEN_CHECKS
                    now_held = is_held(self._path)
                    if now_held != held:
                        held = now_held
                        self._hand_over(tail.fresh(), worker)  # what was written before it was left
                        self.post_message(self.Held(held))
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except (NimueFailure, OSError) as error:
            self.post_message(self.Broken(str(error)))

    def _hand_over(self, found: Sequence[RunEvent], worker: "Worker[None]") -> None:
        for begin in range(0, len(found), _BATCH):
            if worker.is_cancelled:
                return
            self.post_message(self.Fresh(found[begin : begin + _BATCH]))
            time.sleep(_SECONDS_BETWEEN_BATCHES)
