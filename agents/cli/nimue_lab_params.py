"""Reads a job's settings from a command line: flags, choices, bounds and help come from its parameters."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import cyclopts
from cyclopts import CycloptsError, Parameter
from cyclopts.validators import Number
from pydantic import ValidationError

from agents.errors import NimueError
from backends.lab.contract import Job, JobParams, System
from backends.lab.runner import in_words

T = TypeVar("T")

Flag = Annotated[bool, Parameter(negative="")]


def read_job_words(
    command: str, system: System, job: Job[Any, Any], words: Sequence[str], act: Callable[..., T]
) -> T | None:
    """Call `act(params, out=..., json=..., processes=...)` with what the words say; None for help.

    Raises:
        NimueError: The words make no sense to this job.
    """
    program = f"nimue lab {command} {system.id}" + (f" {job.name}" if job.name != command else "")
    app = cyclopts.App(
        name=program,
        help=f"{job.summary}",
        version_flags=[],
        default_parameter=Parameter(consume_multiple=True),
    )
    app.default(_typed(job.params, act))
    try:
        answer: T | None = app(
            list(words), exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        raise NimueError(f"{_reason(error)} See {program} --help.") from error
    return answer


def _typed(params_type: type[JobParams], act: Callable[..., T]) -> Callable[..., T]:
    """`act` with a signature that cyclopts can read."""

    def command(
        *,
        params: JobParams | None = None,
        out: Path = Path("runs"),
        json: Flag = False,
        processes: Annotated[int, Parameter(validator=Number(gte=1))] = 1,
    ) -> T:
        """Run the job.

        Args:
            params: What the job is asked.
            out: The folder that holds the runs.
            json: Print the events and the result as JSON lines.
            processes: GPUs, or processes, that share the steps of a training.
        """
        asked = params if params is not None else params_type()
        return act(asked, out=out, json=json, processes=processes)

    command.__annotations__["params"] = Annotated[params_type, Parameter(name="*")]
    if any(field.is_required() for field in params_type.model_fields.values()):
        assert command.__kwdefaults__ is not None
        del command.__kwdefaults__["params"]
    return command


def _reason(error: CycloptsError) -> str:
    if isinstance(error.__cause__, ValidationError):
        return f"{in_words(error.__cause__)}."
    return " ".join(str(error).split())
