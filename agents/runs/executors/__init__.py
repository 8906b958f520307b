"""Where a run's independent pieces of work are done: in processes of this machine, or on a Ray cluster.

A piece of work, a chunk, is a picklable value that an importable function turns into another one. An
executor gives back the result of every chunk exactly once, in the order in which they are done; a chunk
whose worker is lost (out of memory, killed, a machine gone) is handed out again, a few times at most. So
a chunk's result must follow from the chunk alone.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeVar

ExecutorName = Literal["local", "ray"]

MAX_LOSSES = 5
"""How many lost workers are made good before the run is given up."""

Chunk = TypeVar("Chunk")
Done = TypeVar("Done")


class Executor(Protocol):
    """Does chunks of work somewhere else."""

    def run(self, work: Callable[[Chunk], Done], chunks: Sequence[Chunk]) -> Iterator[Done]:
        """Yield each chunk's result as it is done.

        Raises:
            NimueFailure: Workers were lost more often than `MAX_LOSSES`.
        """
        ...


def open_executor(name: ExecutorName, workers: int) -> AbstractContextManager[Executor]:
    """An executor to be used in a `with` block, which ends its workers.

    Raises:
        NimueError: The executor is not installed.
    """
    if name == "ray":
        from agents.runs.executors.ray_executor import RayExecutor

        return RayExecutor(workers)
    from agents.runs.executors.local import LocalExecutor

    return LocalExecutor(workers)


def usable_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def lost_workers(losses: int, unfinished: int) -> str:
    """What to say when a run is given up."""
    return (
        f"Workers died {losses} times (killed, or out of memory?), so {unfinished} pieces of work are not "
        "done. What is done is kept: go on with --resume RUN, perhaps with fewer --jobs."
    )
