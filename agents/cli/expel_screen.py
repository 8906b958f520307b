"""How an ExpeL run looks while it goes on: a bar with successes, steps, tokens, cost and time left, or JSON.

Whatever a model wrote is printed as plain text, never as mark-up.
"""

import json
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from agents.cli.expel_tables import print_results
from agents.expel.results import meetings_of, results_of
from agents.expel.settings import ExpelSettings
from agents.llm.usage import Usage, cost_of
from agents.runs.event_log import read_events
from agents.runs.folder import RunFolder

_MARKS = {"success": ("solved", "green"), "fail": ("failed", "red"), "halted": ("gave out", "yellow")}


class Screen(Protocol):
    """Whoever watches a run."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def event(self, kind: str, data: Mapping[str, Any]) -> None: ...

    def paused(self, run: RunFolder, reason: str) -> None: ...

    def finished(self, run: RunFolder) -> None: ...


class JsonScreen:
    """One JSON object a line."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def event(self, kind: str, data: Mapping[str, Any]) -> None:
        print(json.dumps({"kind": kind, **data}, ensure_ascii=False), flush=True)

    def paused(self, run: RunFolder, reason: str) -> None:
        print(json.dumps({"kind": "paused", "run": run.id, "reason": reason}, ensure_ascii=False), flush=True)

    def finished(self, run: RunFolder) -> None:
        results = results_of(meetings_of(read_events(run.events)))
        summary = {"kind": "result", "run": run.id, "results": results.to_json() if results else None}
        print(json.dumps(summary, ensure_ascii=False), flush=True)


class LiveScreen:
    """A bar for the phase under way and a line for every attempt that ends; lines only without a terminal."""

    def __init__(self, run: RunFolder, settings: ExpelSettings) -> None:
        self._run = run
        self._settings = settings
        self._console = Console(highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            disable=not sys.stdout.isatty(),
        )
        self._bar: TaskID | None = None
        self._phase = ""
        self._usage = Usage()
        self._solved = 0
        self._ended = 0
        self._trials: dict[tuple[str, str, int], int] = {}

    def __enter__(self) -> Self:
        self._console.print(f"Run {self._run.path}, model {self._settings.model}", markup=False)
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def event(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "started":
            self._console.print(data["origin"], markup=False)
        elif kind == "phase":
            self._begin(data["phase"], data["total"])
        elif kind == "attempt":
            self._attempt(data)
        elif kind == "insights":
            self._insights(data)
        elif kind == "task_broken":
            self._console.print(f"{data['attempt']}: cannot be played: {data['reason']}", markup=False)
        elif kind == "env_drift":
            self._console.print(f"{data['attempt']}: {data['reason']}; made anew", markup=False)

    def _begin(self, phase: str, total: int) -> None:
        self._phase, self._solved, self._ended = phase, 0, 0
        if self._bar is not None:
            self._progress.remove_task(self._bar)
        self._bar = self._progress.add_task(phase, total=total)
        if self._progress.disable:
            self._console.print(f"{phase}: {total}", markup=False)

    def _attempt(self, data: Mapping[str, Any]) -> None:
        self._usage += Usage(
            calls=data["calls"], input_tokens=data["input_tokens"], output_tokens=data["output_tokens"]
        )
        self._ended += 1
        solved = data["outcome"] == "success"
        self._solved += solved
        mark, colour = _MARKS.get(data["outcome"], (data["outcome"], "red"))
        trial = f", trial {data['trial'] + 1}" if data["trial"] else ""
        line = Text.assemble(
            (f"{mark:8}", colour), f" {data['task']} ({data['arm']}{trial}): {data['steps']} steps"
        )
        if data["invalid"]:
            line.append(f", {data['invalid']} in vain")
        self._console.print(line)
        self._update(advance=solved or self._last_trial(data))

    def _last_trial(self, data: Mapping[str, Any]) -> bool:
        retried = data["arm"] in ("gather", "reflexion", "expel+reflexion")
        return not retried or int(data["trial"]) >= self._settings.retries

    def _insights(self, data: Mapping[str, Any]) -> None:
        counted: dict[str, int] = {}
        for one in data["operations"]:
            name = one["op"] if one["accepted"] else "rejected"
            counted[name] = counted.get(name, 0) + 1
        told = ", ".join(f"{name} {number}" for name, number in counted.items()) or "no operation"
        self._console.print(f"fold {data['fold']}, {data['kind']} {data['step'] + 1}: {told}", markup=False)
        self._update(advance=True)

    def _update(self, *, advance: bool) -> None:
        if self._bar is None:
            return
        solved = f", {self._solved} of {self._ended} solved" if self._ended else ""
        described = f"{self._phase}{solved}, {self._usage.total_tokens:,} tokens{self._cost()}"
        self._progress.update(self._bar, description=described, advance=int(advance))

    def _cost(self) -> str:
        cost = cost_of(self._settings.model_name(), self._usage)
        return f", ${cost:.3f}" if cost else ""

    def paused(self, run: RunFolder, reason: str) -> None:
        self._progress.stop()
        self._console.print(f"Paused: {reason}", markup=False)
        self._console.print(f"Nothing is lost. Go on with: {resume_line(run, self._settings)}", markup=False)

    def finished(self, run: RunFolder) -> None:
        self._progress.stop()
        results = results_of(meetings_of(read_events(run.events)))
        if results is not None:
            print_results(self._console, results)
        self._console.print(f"expel report {run.path} tells more.", markup=False)


def resume_line(run: RunFolder, settings: ExpelSettings) -> str:
    """The command that goes on with a run."""
    if settings.phases == ("extract",):
        return f"expel extract {run.path}"
    if settings.phases == ("evaluate",):
        return f"expel eval {run.path}"
    return f"expel train --resume {run.path}"
