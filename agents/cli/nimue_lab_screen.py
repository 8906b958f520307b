"""How a job looks while it runs: bars with the time left and the latest values, lines, or JSON."""

import json
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from backends.lab.events import ArtifactMade, Event, Log, Metric, kind_of, to_json
from backends.lab.events import Progress as Advanced

SECONDS_BETWEEN_LINES = 10.0


class JobScreen(Protocol):
    """Shows the events of one run."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, event: Event) -> None:
        """Show the next event."""
        ...


class _Quiet:
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class JsonLines(_Quiet):
    """Every event as a line of JSON on stdout."""

    def show(self, event: Event) -> None:
        print(json.dumps({"event": kind_of(event), **to_json(event)}, ensure_ascii=False), flush=True)


class PlainLines(_Quiet):
    """For a log file: what is said, and now and then how far it is."""

    def __init__(self) -> None:
        self._latest = ""
        self._last_line = time.monotonic()

    def show(self, event: Event) -> None:
        match event:
            case Metric(values=values):
                self._latest = _in_words(values)
            case Advanced(done=done, total=total, stage=stage):
                now = time.monotonic()
                if now - self._last_line >= SECONDS_BETWEEN_LINES:
                    self._last_line = now
                    print(f"{stage or 'work'} {done}/{total} {self._latest}".rstrip(), file=sys.stderr)
            case Log(text=text):
                print(text, file=sys.stderr)


class LiveBars:
    """For a terminal: a bar a stage, with the time left and the latest values."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[values]}", markup=False),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, event: Event) -> None:
        match event:
            case Advanced(done=done, total=total, stage=stage):
                self._bars.update(self._task(stage, total, done), completed=done, total=total)
            case Metric(values=values, stage=stage):
                self._bars.update(self._task(stage, None, 0), values=_in_words(values))
            case Log(text=text):
                self._bars.console.print(Text(text))
            case ArtifactMade(path=path, caption=caption):
                self._bars.console.print(Text(f"{path}: {caption}", style="dim"))

    def _task(self, stage: str, total: int | None, done: int) -> TaskID:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage or "work", total=total, completed=done, values="")
        return self._tasks[stage]


def screen_for(*, json: bool) -> JobScreen:
    """The screen that suits where the output goes. All but JSON goes to stderr: stdout is for results."""
    if json:
        return JsonLines()
    console = Console(stderr=True, highlight=False)
    return LiveBars(console) if console.is_terminal else PlainLines()


def _in_words(values: Mapping[str, float]) -> str:
    return " ".join(f"{name} {value:.4g}" for name, value in values.items())
