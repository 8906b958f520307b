"""The append-only log of a run, which survives `kill -9` and never holds an event twice.

Every event that must not be doubled has a key. A process that resumes a run replays the last steps
and appends the same keys again: what the log already holds is checked, not written.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agents.errors import NimueFailure


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One line of `events.jsonl`."""

    i: int
    kind: str
    data: Mapping[str, Any]
    key: str | None = None
    at: str | None = None  # UTC, ISO 8601

    def to_json(self) -> dict[str, Any]:
        return {"i": self.i, "kind": self.kind, "key": self.key, "at": self.at, "data": self.data}


class EventLog:
    """Writer of one run's events; opening it mends a last line that a killed process left torn."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._by_key: dict[str, str] = {}
        self._count = 0
        _drop_torn_line(path)
        for event in read_events(path):
            self._remember(event)
        self._file = path.open("a", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def append(self, kind: str, data: Mapping[str, Any]) -> RunEvent:
        """Write an event that may occur any number of times, such as "resumed"."""
        return self._write(kind, data, None)

    def append_once(self, key: str, kind: str, data: Mapping[str, Any]) -> RunEvent | None:
        """Write a keyed event; None if the log holds it already.

        Raises `NimueFailure` if it holds a different one under this key: the resumed work has taken
        another course than the recorded one.
        """
        known = self._by_key.get(key)
        if known is None:
            return self._write(kind, data, key)
        if known != _digestible(kind, data):
            raise NimueFailure(
                f"{self._path}: event {key} was recorded differently before; the run cannot be continued "
                "by this version of nimue. Start it anew with the same seed."
            )
        return None

    def _write(self, kind: str, data: Mapping[str, Any], key: str | None) -> RunEvent:
        event = RunEvent(self._count, kind, data, key, datetime.now(UTC).isoformat(timespec="milliseconds"))
        # One write of one whole line: a kill leaves at most the last line torn, which opening drops.
        self._file.write(json.dumps(event.to_json(), ensure_ascii=False) + "\n")
        self._file.flush()
        self._remember(event)
        return event

    def _remember(self, event: RunEvent) -> None:
        self._count += 1
        if event.key is not None:
            self._by_key[event.key] = _digestible(event.kind, event.data)


def read_events(path: Path) -> Iterator[RunEvent]:
    """Every whole event of a log, oldest first; a torn last line is left out.

    Raises `NimueFailure` for any other broken line.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                yield RunEvent(**json.loads(line))
            except (json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
                raise NimueFailure(f"{path}, line {number}, is not an event of a run.") from error


def _digestible(kind: str, data: Mapping[str, Any]) -> str:
    return json.dumps([kind, data], sort_keys=True, ensure_ascii=False)


def _drop_torn_line(path: Path) -> None:
    if not path.exists():
        return
    whole = path.read_bytes().rfind(b"\n") + 1
    if whole != path.stat().st_size:
        os.truncate(path, whole)
