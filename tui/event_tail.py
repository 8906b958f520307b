"""Reads a run's events as they are written, by this process or another one."""

import json
from pathlib import Path

from agents.errors import NimueFailure
from agents.runs.event_log import RunEvent

_MOST_BYTES = 4_000_000


class EventTail:
    """Remembers how far it has read; a line that is still being written is left for the next time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def fresh(self) -> list[RunEvent]:
        """The next events, a few megabytes of them at once: a long log never stands in memory as a whole.

        Raises:
            NimueFailure: A line is no event of a run.
        """
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._position:  # cut off: a torn last line was dropped
                    self._position = 0
                    raise NimueFailure(f"{self._path} has become shorter; open the run again.")
                file.seek(self._position)
                text = file.read(_MOST_BYTES)
                if b"\n" not in text:  # one event that is longer than that
                    text += file.read()
        except FileNotFoundError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._position += len(whole)
        return [self._event(line) for line in whole.split(b"\n") if line]

    def _event(self, line: bytes) -> RunEvent:
        try:
            return RunEvent(**json.loads(line))
        except (json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
            raise NimueFailure(f"{self._path} holds a line that is no event of a run.") from error
