"""The tools `run_job`, `job_status` and `stop_job`, and any job as a tool of its own.

A job that is not done when the caller has waited long enough goes on, and is asked after with `job_status`.
"""

import math
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field

from agents.lab.runs import LabRun, State, all_runs, read_result, summary
from agents.tools.job_desk import JobDesk
from agents.tools.tool import Call, Tool, ToolFailure
from backends.lab.contract import Effort, Job, JobParams, System, tool_name
from backends.lab.registry import find_job, find_system

_MOST_RESULT = 40
"""Entries of a list in a result that a model is shown; the file has all."""


class RunRequest(BaseModel):
    """Run a job of the laboratory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str = Field(min_length=1, max_length=100, description="The system's id, as find_job tells it.")
    job: str = Field(min_length=1, max_length=100, description="The job's name.")
    params: dict[str, Any] = Field(
        default_factory=dict, description="Its settings by name, as describe_job tells them; {} for defaults."
    )


class StatusRequest(BaseModel):
    """Ask how a run stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str | None = Field(None, max_length=200, description="The run's id; leave out to list the newest.")


class StopRequest(BaseModel):
    """End a run that is under way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = Field(min_length=1, max_length=200, description="The run's id.")


class RunTold(BaseModel):
    """How a run stands."""

    model_config = ConfigDict(frozen=True)

    run: str
    system: str
    job: str
    state: State
    progress: str = ""
    metrics: dict[str, float] = Field(default_factory=dict, description="Its figures, the newest of each.")
    result: dict[str, Any] = Field(default_factory=dict, description="What else came of it.")
    files: dict[str, str] = Field(default_factory=dict, description="What it made, and what each holds.")
    seconds: float | None = None
    note: str = ""


class RunsTold(BaseModel):
    """The newest runs."""

    model_config = ConfigDict(frozen=True)

    runs: tuple[RunTold, ...]


def tell(run: LabRun) -> RunTold:
    """Where a run stands and what came of it.

    Raises:
        ToolFailure: It has failed.
    """
    found = summary(run)
    if found.state == "failed":
        raise ToolFailure(
            "failed",
            f"Run {run.folder.id} failed: {found.message}",
            f"Mend the settings ({run.work.system} {run.work.job}: see describe_job) and run it again.",
        )
    progress = "" if found.progress is None else f"{found.progress.done} of {found.progress.total}"
    told = RunTold(
        run=run.folder.id,
        system=run.work.system,
        job=run.work.job,
        state=found.state,
        progress=progress,
        metrics=found.metrics or found.latest,
        seconds=found.seconds,
        note=_NOTES.get(found.state, ""),
    )
    if found.state != "finished":
        return told
    result = dict(read_result(run))
    made = result.pop("artifacts", ())
    result.pop("metrics", None)
    return told.model_copy(
        update={
            "result": {name: _shown(value) for name, value in result.items()},
            "files": {str(run.folder.artifacts / one["path"]): one["caption"] for one in made},
        }
    )


def _line(run: LabRun) -> RunTold:
    """A run in a list: a failed one is told like any other."""
    found = summary(run)
    return RunTold(
        run=run.folder.id,
        system=run.work.system,
        job=run.work.job,
        state=found.state,
        metrics=found.metrics or found.latest,
        seconds=found.seconds,
        note=found.message if found.state == "failed" else "",
    )


_NOTES = {
    "running": "It is still at work: ask job_status later.",
    "waiting": "It has not begun yet.",
    "cancelled": "It was stopped; what it had done is kept.",
    "interrupted": "It was cut short; what it had done is kept.",
}


def _shown(value: object) -> object:
    if isinstance(value, list) and len(value) > _MOST_RESULT:
        return [*value[:_MOST_RESULT], f"... {len(value) - _MOST_RESULT} more"]
    return value


EFFORTS: tuple[Effort, ...] = get_args(Effort)
_IN_WORDS = {"seconds": "seconds", "minutes": "minutes", "gpu": "a GPU"}


class LabHands:
    """What the tools do at a desk; a job is waited for `wait_s` seconds at most, or to its end."""

    def __init__(self, desk: JobDesk, *, wait_s: float | None, most_effort: Effort) -> None:
        self._desk = desk
        self._wait_s = wait_s
        self._efforts = EFFORTS[: EFFORTS.index(most_effort) + 1]

    async def run(self, request: RunRequest, call: Call) -> RunTold:
        """Run a job and wait for it. Raises `LabError` if it is asked wrongly."""
        return await self._work(request.system, request.job, request.params, call)

    async def _work(self, system: str, job: str, params: dict[str, Any], call: Call) -> RunTold:
        effort = find_job(find_system(system), job).effort
        if effort not in self._efforts:
            raise ToolFailure(
                "refused",
                f"{system} {job} takes {_IN_WORDS[effort]}, more than is allowed here.",
                f"The user can run it: nimue lab run {system} {job}",
            )
        if call.earlier is not None:
            run = self._desk.run(call.earlier)
        else:
            self._desk.refuse_one_too_many()
            run = self._desk.new_run(system, job, params)
            call.begun(run.folder.id)
        if summary(run).state not in ("finished", "failed"):
            self._desk.start(run)
            await self._desk.watch(run, call.tell, math.inf if self._wait_s is None else self._wait_s)
        return tell(run)

    async def status(self, request: StatusRequest, call: Call) -> BaseModel:
        """Tell of one run, or of the newest."""
        if request.run is not None:
            return tell(self._desk.run(request.run))
        return RunsTold(runs=tuple(_line(run) for run in all_runs(self._desk.root)[-5:]))

    async def stop(self, request: StopRequest, call: Call) -> RunTold:
        """End a run."""
        run = self._desk.run(request.run)
        if not await self._desk.stop(request.run):
            raise ToolFailure(
                "refused", f"Run {request.run} is not at work here.", f"It is {summary(run).state}."
            )
        return tell(run)

    def tools(self) -> tuple[Tool, ...]:
        """All of them; where jobs are waited for there is never one to stop."""
        stop = Tool(
            name="stop_job",
            summary="Ends a run that is under way; what it has done is kept.",
            request=StopRequest,
            use=self.stop,
            changes=True,
        )
        return (
            Tool(
                name="run_job",
                summary="Runs a job of the laboratory and tells its figures.",
                request=RunRequest,
                use=self.run,
                reason_to_ask=_why_ask,
                changes=True,
            ),
            Tool(
                name="job_status",
                summary="Tells how a run of the laboratory stands, or lists the newest runs.",
                request=StatusRequest,
                use=self.status,
                changing=True,
            ),
            *(() if self._wait_s is None else (stop,)),
        )

    def job_tool(self, system: System, job: Job[Any, Any]) -> Tool:
        """A job as a tool of its own, with its settings as arguments."""

        async def use(request: JobParams, call: Call) -> RunTold:
            return await self._work(system.id, job.name, request.model_dump(mode="json"), call)

        return Tool(
            name=tool_name(system, job),
            summary=f"{job.summary} ({system.title}; {job.effort})",
            request=job.params,
            use=use,
            reason_to_ask=lambda _: _effort_reason(system, job),
            changes=True,
        )


def _why_ask(request: RunRequest) -> str | None:
    system = find_system(request.system)
    return _effort_reason(system, find_job(system, request.job))


def _effort_reason(system: System, job: Job[Any, Any]) -> str | None:
    """Jobs that take seconds are run without asking."""
    match job.effort:
        case "seconds":
            return None
        case "minutes":
            return f"{system.id} {job.name} takes minutes."
        case "gpu":
            return f"{system.id} {job.name} is meant for a GPU and may take hours without one."
