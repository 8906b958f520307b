"""Ray: a cluster on this machine, or the one that `RAY_ADDRESS` names.

Ray is told to be quiet: no dashboard, no usage statistics, no log of its workers on this terminal. It
says which task lost its worker, so only that chunk is handed out again.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, redirect_stdout
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from agents.errors import NimueError, NimueFailure
from agents.runs.executors import MAX_LOSSES, lost_workers

if TYPE_CHECKING:
    from ray import ObjectRef

Chunk = TypeVar("Chunk")
Done = TypeVar("Done")

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else Ray warns of a change to come
    "RAY_DEDUP_LOGS": "0",
}
_LOOPBACK = "127.0.0.2"
"""Loopback; for 127.0.0.1 Ray would put the machine's address in the network, if it has one."""

IN_FLIGHT_PER_WORKER = 2
"""A worker finds its next chunk waiting, and a lost one takes few along."""


class RayExecutor:
    """Tasks of one core each. Raises `NimueError` on making where Ray is not installed."""

    def __init__(self, workers: int) -> None:
        if importlib.util.find_spec("ray") is None:
            raise NimueError("--executor ray needs Ray: pip install 'nimue[ray]'; or use --executor local.")
        self._workers = workers
        self._open = ExitStack()

    def __enter__(self) -> Self:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)  # read by Ray when it is imported
        import ray

        # What Ray says of lost workers it prints; stdout is for results.
        self._open.enter_context(redirect_stdout(sys.stderr))
        if os.environ.get("RAY_ADDRESS"):
            self._open.callback(ray.shutdown)
            ray.init(log_to_driver=False, logging_level=logging.ERROR)
            return self
        # Sockets lie in this folder and their paths must be short. It goes with the cluster.
        folder = tempfile.TemporaryDirectory(prefix="nimue-", ignore_cleanup_errors=True)
        self._open.enter_context(folder)
        self._open.callback(ray.shutdown)
        ray.init(
            num_cpus=self._workers,
            num_gpus=0,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address=_LOOPBACK if sys.platform == "linux" else None,
            _temp_dir=folder.name,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def run(self, work: Callable[[Chunk], Done], chunks: Sequence[Chunk]) -> Iterator[Done]:
        """See `Executor.run`."""
        import ray
        from ray.exceptions import NodeDiedError, ObjectLostError, OutOfMemoryError, WorkerCrashedError

        task = ray.remote(num_cpus=1, max_retries=0)(work)
        waiting = list(reversed(chunks))
        running: dict[ObjectRef[Done], Chunk] = {}
        losses = 0
        while waiting or running:
            while waiting and len(running) < IN_FLIGHT_PER_WORKER * self._workers:
                chunk = waiting.pop()
                running[task.remote(chunk)] = chunk
            (ready, *_), _ = ray.wait(list(running), num_returns=1)
            chunk = running.pop(ready)
            try:
                done: Done = ray.get(ready)
            except (WorkerCrashedError, NodeDiedError, ObjectLostError, OutOfMemoryError) as error:
                losses += 1
                waiting.append(chunk)
                if losses > MAX_LOSSES:
                    raise NimueFailure(lost_workers(losses, len(waiting) + len(running))) from error
                continue
            yield done
