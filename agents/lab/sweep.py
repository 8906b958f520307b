"""A sweep: one job over a grid of settings, each point a run of its own, here or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import product
from pathlib import Path

from agents.lab.recorder import open_recorder
from agents.lab.runs import LabRun, begin_run, find_run
from agents.runs.executors import Executor, ExecutorName, open_executor
from backends.lab.errors import LabError, LabFailure
from backends.lab.runner import execute


def grid(axes: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every combination of the values, the last axis fastest."""
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def read_axes(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read axes written as NAME=VALUE,VALUE. Raises `LabError` for anything else."""
    axes: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, values = word.partition("=")
        if not equals or not name or not values or "" in values.split(","):
            raise LabError(f"--over {word!r} is not NAME=VALUE,VALUE, such as --over epochs=1,2,4.")
        axes[name.replace("-", "_")] = tuple(values.split(","))
    if not axes:
        raise LabError("A sweep needs something to vary, such as --over epochs=1,2,4.")
    return axes


def begin_sweep(
    system: str, job: str, fixed: Mapping[str, str], axes: Mapping[str, Sequence[str]], root: Path
) -> list[LabRun]:
    """Make a run for every point. All points are checked before the first is made."""
    from backends.lab.runner import read_params

    points = [{**fixed, **point} for point in grid(axes)]
    for point in points:
        read_params(system, job, point)
    return [begin_run(system, job, point, root) for point in points]


def work_through(runs: Sequence[LabRun], executor: ExecutorName, jobs: int) -> Iterator[tuple[LabRun, str]]:
    """Do the runs; yields each with its failure, or "", as it ends.

    A run whose worker was lost is handed out again and goes on from its checkpoint.
    """
    by_path = {str(run.folder.path.absolute()): run for run in runs}
    opened: AbstractContextManager[Executor] = open_executor(executor, jobs)
    with opened as workers:
        for path, failure in workers.run(_do, list(by_path)):
            yield by_path[path], failure


def _do(path: str) -> tuple[str, str]:
    run = find_run(path, Path(path).parent)
    with open_recorder(run.folder.path) as sink:
        try:
            execute(run.work, sink)
        except (LabError, LabFailure) as error:
            return path, str(error)
    return path, ""
