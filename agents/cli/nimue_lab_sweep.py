"""`nimue lab sweep`: a job over a grid of settings."""

from __future__ import annotations

import json as json_text
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from agents.cli.nimue_lab_errors import lab_errors
from agents.cli.nimue_lab_results import print_rows
from agents.errors import NimueError

Flag = Annotated[bool, Parameter(negative="")]


@lab_errors
def sweep(
    system: str,
    job: str,
    *,
    over: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")],
    set: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")] = (),
    executor: Literal["local", "ray"] = "local",
    jobs: int = 1,
    out: Path = Path("runs"),
    json: Flag = False,
) -> int:
    """Run a job for every combination of settings, each as a run of its own.

    Args:
        system: A system's id.
        job: One of its jobs.
        over: What varies: NAME=VALUE,VALUE, several of them for a grid.
        set: What stays the same: NAME=VALUE.
        executor: Where the runs are done: processes of this machine, or a Ray cluster.
        jobs: How many at once.
        out: The folder that holds the runs.
        json: Print one JSON object a run, as it ends.
    """
    from agents.lab.runs import summary
    from agents.lab.sweep import begin_sweep, read_axes, work_through

    axes = read_axes(over)
    fixed = {name: value for name, (value, *_) in read_axes(set).items()} if set else {}
    if jobs < 1:
        raise NimueError(f"--jobs is {jobs}; it must be 1 or more.")
    runs = begin_sweep(system, job, fixed, axes, out)
    failed = 0
    rows = []
    for number, (run, failure) in enumerate(work_through(runs, executor, jobs), start=1):
        failed += bool(failure)
        metrics = summary(run).metrics
        varied = {name: run.work.params[name] for name in axes}
        told = {"run": run.folder.id, **varied, "metrics": metrics, "failure": failure}
        if json:
            print(json_text.dumps(told), flush=True)
        else:
            print(f"{number} of {len(runs)} done", file=sys.stderr)
        rows.append((run.folder.id, varied, metrics, failure))
    if not json:
        rows.sort(key=lambda row: row[0])
        names = sorted({name for _, _, metrics, _ in rows for name in metrics})
        print_rows(
            [
                {
                    **{axis: str(value) for axis, value in varied.items()},
                    **{name: metrics.get(name) for name in names},
                    "run": failure or id,
                }
                for id, varied, metrics, failure in rows
            ]
        )
    return 1 if failed else 0
