"""Runs a job: resolves its entry, seeds, streams events, keeps the result; here or in its own process.

The runner knows a directory and a sink for events. Who calls it gives both, and opens the sink inside the
process that does the work, so that one process alone writes. What a job needs to go on after `kill -9` lies
in the directory; running the same work in the same directory goes on with it.
"""

import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from backends.lab.companions import begin_companions, live_with_parent
from backends.lab.contract import JobParams, JobResult
from backends.lab.errors import LabError, LabFailure, Stopped
from backends.lab.events import Cancelled, EventList, EventSink, Failed, Finished, Started
from backends.lab.registry import find_job, find_system, resolve
from backends.lab.reporter import Reporter, SilentReporter
from backends.lab.seeding import seed_everything
from backends.lab.whole_files import write_whole

Outcome = Literal["finished", "failed", "cancelled", "killed"]
OpenSink = Callable[[Path], AbstractContextManager[EventSink]]

_EXIT: Mapping[int, Outcome] = {0: "finished", 1: "failed", 3: "cancelled"}
_CANCELLED = 3
RESULT_FILE = "result.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A job to be done in a directory; it can be sent to another process or machine.

    `processes` share every training step: one a GPU, or several on processors.
    """

    system: str
    job: str
    params: Mapping[str, Any]
    directory: Path
    processes: int = 1


def read_params(system: str, job: str, values: Mapping[str, Any]) -> JobParams:
    """Check what a job is asked, before anything is spent.

    Raises:
        LabError: There is no such job, or a value is not one that it takes.
    """
    wanted = find_job(find_system(system), job)
    try:
        params: JobParams = wanted.params.model_validate(dict(values))
    except ValidationError as error:
        raise LabError(f"{system} {job}: {in_words(error)}") from error
    return params


def in_words(error: ValidationError) -> str:
    """Every mistake of a set of parameters in one line."""
    return "; ".join(
        f"{'.'.join(str(part) for part in mistake['loc']) or 'parameters'}: {mistake['msg']}"
        + (f" (it is {mistake['input']!r})" if mistake["type"] != "missing" else "")
        for mistake in error.errors()
    )


def _never() -> bool:
    return False


def execute(work: Work, sink: EventSink, cancelled: Callable[[], bool] = _never) -> JobResult:
    """Do a job in this process, or give the result it already has.

    Raises:
        LabError: It was asked wrongly.
        LabFailure: It failed.
        Stopped: It was cancelled.
    """
    begin = time.perf_counter()
    kept = work.directory / RESULT_FILE
    try:
        system = find_system(work.system)
        job = find_job(system, work.job)
        params = read_params(work.system, work.job, work.params)
        if kept.exists():
            stored: JobResult = job.result.model_validate(
                json.loads(kept.read_text(encoding="utf-8"))["result"]
            )
            return stored
        report = Reporter(sink, work.directory, params.device, cancelled)
        resumed = report.checkpoints.exists()
        report.checkpoints.mkdir(parents=True, exist_ok=True)
        report.artifacts.mkdir(parents=True, exist_ok=True)
        sink.write(Started(resumed=resumed, pid=os.getpid()))
        entry = resolve(job.entry, system.extra)
        seed_everything(params.seed)
        result: JobResult = entry(params, report)
        expected: type[JobResult] = job.result
        if not isinstance(result, expected):
            raise LabFailure(f"{job.entry} answered {type(result).__name__}, not {job.result.__name__}.")
    except Stopped:
        sink.write(Cancelled())
        raise
    except (LabError, LabFailure) as error:
        sink.write(Failed(message=str(error)))
        raise
    except Exception as error:  # whatever a job's code raises is told as the run's end
        message = f"{work.system} {work.job} broke: {type(error).__name__}: {error}"
        sink.write(Failed(message=message, details=traceback.format_exc()))
        raise LabFailure(message) from error
    seconds = round(time.perf_counter() - begin, 3)
    told = {
        "system": work.system,
        "job": work.job,
        "seconds": seconds,
        "result": result.model_dump(mode="json"),
    }
    write_whole(kept, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    sink.write(Finished(metrics=result.metrics, seconds=seconds))
    return result


def assist(work: Work) -> None:
    """Do a companion's share of a job: all that the first process does, and nothing is told or kept."""
    system = find_system(work.system)
    job = find_job(system, work.job)
    params = read_params(work.system, work.job, work.params)
    with tempfile.TemporaryDirectory() as unused:
        report = SilentReporter(EventList(), work.directory, params.device, spare=Path(unused))
        entry = resolve(job.entry, system.extra)
        seed_everything(params.seed)
        with suppress(Stopped):
            entry(params, report)


class JobProcess:
    """A job in a process of its own, which ends with the process that started it."""

    def __init__(self, process: SpawnProcess) -> None:
        self._process = process

    @classmethod
    def start(cls, work: Work, open_sink: OpenSink) -> "JobProcess":
        """Begin the work. `open_sink` is an importable function; the new process calls it."""
        process = multiprocessing.get_context("spawn").Process(
            target=_work, args=(work, open_sink), name=f"{work.system} {work.job}"
        )
        process.start()
        return cls(process)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None, "the process has been started"
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def cancel(self) -> None:
        """Ask the job to stop at its next safe place."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once; what its last checkpoint holds is kept."""
        self._process.kill()

    def wait(self, timeout: float | None = None) -> Outcome | None:
        """How it ended; None if it still runs after `timeout` seconds."""
        self._process.join(timeout)
        code = self._process.exitcode
        return None if code is None else _EXIT.get(code, "killed")


def _work(work: Work, open_sink: OpenSink) -> None:
    """The life of a job's process; its exit code says how it ended, its events say why."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the starter's, who cancels
    live_with_parent()
    with open_sink(work.directory) as sink, begin_companions(work.processes, partial(assist, work)):
        try:
            execute(work, sink, stop.is_set)
        except Stopped:
            raise SystemExit(_CANCELLED) from None
        except (LabError, LabFailure):
            raise SystemExit(1) from None
