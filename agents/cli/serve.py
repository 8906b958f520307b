"""`nimue serve`: the tools of the workbench for other agents, over the Model Context Protocol."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from agents.cli.model_flags import ModelFlags
from agents.errors import NimueError

_MODEL = Group("The model that answers questions about pictures", sort_key=1)


@dataclass(frozen=True, kw_only=True)
class ServeModelFlags(ModelFlags):
    """The model behind the tool `see`, opened when it is first used."""

    concurrency: int = 4
    """The most calls of a hosted model at once."""


NO_MODEL_FLAGS = ServeModelFlags()


def serve(
    *,
    http: int | None = None,
    jobs: list[str] | None = None,
    most_effort: Literal["seconds", "minutes", "gpu"] = "minutes",
    most_jobs: int = 1,
    wait: float = 25.0,
    out: Path = Path("runs"),
    memory: Path = Path("nimue-memory"),
    models: Annotated[ServeModelFlags, Parameter(name="*", group=_MODEL)] = NO_MODEL_FLAGS,
) -> int:
    """Offer laboratory, memory, perception and Avalon to other agents, as an MCP server.

    Without --http it speaks over standard input and output, as clients start it. Files outside of the folder
    that it is started in are not touched.

    Args:
        http: Serve over HTTP at this port instead, on this machine only; 0 takes a free port.
        jobs: Offer the jobs of these systems as tools of their own; may be repeated.
        most_effort: Refuse jobs that take more.
        most_jobs: Jobs that may be under way at once.
        wait: Seconds that a call waits for its job; after that the job goes on, and is asked after.
        out: The folder that holds the runs.
        memory: The folder of the memory that is looked into.
    """
    if http is not None and not 0 <= http <= 65535:
        raise NimueError(f"--http {http}: a port is a number from 0 to 65535.")
    if most_jobs < 1 or wait < 0:
        raise NimueError("--most-jobs must be at least 1, and --wait not below 0.")
    from agents.cli.serve_session import Served, run_serve

    return run_serve(
        Served(
            http=http,
            jobs=tuple(jobs or ()),
            most_effort=most_effort,
            most_jobs=most_jobs,
            wait_s=wait,
            out=out,
            memory=memory,
            models=models,
        )
    )
