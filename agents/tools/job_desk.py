"""Jobs of the laboratory that an agent has begun: each a run in a process of its own, watched from here.

A job lives as long as the desk. What it has done by then is kept: the run can be gone on with by any surface,
`nimue lab run --resume RUN` among them.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agents.lab.runs import LabRun, begin_run, find_run, follow
from agents.tools.tool import Advance, ToolFailure
from agents.tools.workspace_paths import keep_inside
from backends.lab.events import Event, Log, Metric, Progress
from backends.lab.runner import JobProcess, read_params

Tell = Callable[[Advance], None]

SECONDS_TO_STOP = 20.0
_SECONDS_BETWEEN_TOLD = 0.25


class _LookedAway(Exception):
    """The watcher has waited as long as it was to."""


class JobDesk:
    """Begins, watches and stops jobs; ends them when it is closed."""

    def __init__(self, root: Path, *, folders: tuple[Path, ...], most_at_once: int) -> None:
        """Runs are put under `root`; files that jobs are given lie in one of `folders`."""
        self.root = root
        self._folders = (*folders, root)
        self._most = most_at_once
        self._processes: dict[str, JobProcess] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ask all jobs that are under way to end, and end those that do not."""
        going = [process for process in self._processes.values() if process.is_alive]
        for process in going:
            process.cancel()
        for process in going:
            if process.wait(SECONDS_TO_STOP) is None:
                process.kill()
                process.wait()

    def new_run(self, system: str, job: str, params: Mapping[str, Any]) -> LabRun:
        """Make a run's folder.

        Raises:
            LabError: It is asked wrongly.
            ToolFailure: A file lies outside the workspace.
        """
        read = read_params(system, job, params)
        keep_inside(read.model_dump(mode="json"), self._folders)
        return begin_run(system, job, read.model_dump(mode="json"), self.root)

    def run(self, run_id: str) -> LabRun:
        """A run of this desk's folder. Raises `NimueError` if there is none, or it is no run's id."""
        if Path(run_id).name != run_id:
            raise ToolFailure("refused", f"{run_id!r} is not a run's id.", "Take one that job_status tells.")
        return find_run(run_id, self.root)

    def start(self, run: LabRun) -> None:
        """Begin the work on a run, or go on with it.

        Raises:
            ToolFailure: As many jobs as may be are under way.
        """
        if run.folder.id in self._going():
            return
        self.refuse_one_too_many()
        self._processes[run.folder.id] = run.start()

    def refuse_one_too_many(self) -> None:
        """Raises `ToolFailure` if as many jobs as may be are under way."""
        going = self._going()
        if len(going) >= self._most:
            raise ToolFailure(
                "refused",
                f"{len(going)} jobs are under way: {', '.join(going)}.",
                "Wait for one with job_status, or end it with stop_job.",
            )

    def _going(self) -> list[str]:
        return [name for name, process in self._processes.items() if process.is_alive]

    async def watch(self, run: LabRun, tell: Tell, seconds: float) -> None:
        """Tell how a run goes until it ends or the time (inf for none) is over.

        If this is cancelled, so is the job.
        """
        process = self._processes[run.folder.id]
        loop = asyncio.get_running_loop()
        halted = threading.Event()

        def tell_from_thread(advance: Advance) -> None:
            loop.call_soon_threadsafe(tell, advance)

        try:
            await asyncio.to_thread(_look, run, process, tell_from_thread, halted, time.monotonic() + seconds)
        except asyncio.CancelledError:
            halted.set()
            await asyncio.shield(asyncio.to_thread(_end, process))
            raise

    async def stop(self, run_id: str) -> bool:
        """End a job at its next safe place; False if it was not under way here."""
        process = self._processes.get(run_id)
        if process is None or not process.is_alive:
            return False
        await asyncio.to_thread(_end, process)
        return True


def _end(process: JobProcess) -> None:
    process.cancel()
    if process.wait(SECONDS_TO_STOP) is None:
        process.kill()
        process.wait()


def _look(run: LabRun, process: JobProcess, tell: Tell, halted: threading.Event, until: float) -> None:
    def tick() -> None:
        if halted.is_set() or time.monotonic() > until:
            raise _LookedAway

    gathered = _Gathered()
    try:
        for event in follow(run, process, tick):
            tick()
            gathered.take(event)
            if gathered.is_due():
                tell(gathered.advance())
    except _LookedAway:
        return
    tell(gathered.advance())


class _Gathered:
    """The newest of a job's events, so that a fast job is told of a few times a second."""

    def __init__(self) -> None:
        self._text = ""
        self._done: int | None = None
        self._total: int | None = None
        self._values: dict[str, float] = {}
        self._told = 0.0

    def take(self, event: Event) -> None:
        match event:
            case Progress(done=done, total=total, stage=stage):
                self._done, self._total = done, total
                self._text = stage or self._text
            case Metric(values=values):
                self._values.update(values)
            case Log(text=text):
                self._text = text

    def is_due(self) -> bool:
        now = time.monotonic()
        if now - self._told < _SECONDS_BETWEEN_TOLD:
            return False
        self._told = now
        return True

    def advance(self) -> Advance:
        return Advance(text=self._text, done=self._done, total=self._total, values=dict(self._values))
