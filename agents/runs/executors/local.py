"""Processes of this machine: a pool that is rebuilt when one of its processes dies.

When a process of `ProcessPoolExecutor` dies, the whole pool is broken and it cannot be told which chunk
was to blame; all unfinished chunks go to a new pool.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self, TypeVar

from agents.errors import NimueFailure
from agents.runs.executors import MAX_LOSSES, lost_workers

Chunk = TypeVar("Chunk")
Done = TypeVar("Done")


class LocalExecutor:
    """A pool of fresh processes (never forked, so that they share no locks and no random state)."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop_pool()

    def run(self, work: Callable[[Chunk], Done], chunks: Sequence[Chunk]) -> Iterator[Done]:
        """See `Executor.run`."""
        unfinished = dict(enumerate(chunks))
        losses = 0
        while unfinished:
            futures: dict[Future[Done], int] = {}
            is_broken = not self._submit(work, unfinished, futures)
            for future in as_completed(futures):
                try:
                    done = future.result()
                except BrokenProcessPool:
                    is_broken = True
                    continue  # other futures of the broken pool may hold results
                del unfinished[futures[future]]
                yield done
            if is_broken:
                losses += 1
                self._drop_pool()
                if losses > MAX_LOSSES:
                    raise NimueFailure(lost_workers(losses, len(unfinished)))

    def _submit(
        self, work: Callable[[Chunk], Done], unfinished: dict[int, Chunk], futures: dict[Future[Done], int]
    ) -> bool:
        """Hand out all unfinished chunks; False if the pool broke on the way."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=begin_worker,
            )
        try:
            for number, chunk in unfinished.items():
                futures[self._pool.submit(work, chunk)] = number
        except BrokenProcessPool:
            return False
        return True

    def _drop_pool(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def begin_worker() -> None:
    """Leave Ctrl-C to the parent, which ends its workers; end by oneself if the parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:
        raise AssertionError("Workers are begun by a parent.")

    def leave_with_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=leave_with_parent, daemon=True).start()
