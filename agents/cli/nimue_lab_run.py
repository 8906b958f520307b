"""`nimue lab run` and `nimue lab reproduce`: a job in its own process, watched, stopped, continued."""

from __future__ import annotations

import json as json_text
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter

from agents.cli.nimue_lab_errors import lab_errors
from agents.errors import NimueError, NimueFailure

if TYPE_CHECKING:
    from agents.lab.runs import LabRun
    from backends.lab.contract import Job, JobParams, System

Words = Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]
Flag = Annotated[bool, Parameter(negative="")]

SECONDS_TO_STOP = 30.0
RUN_USAGE = """Usage: nimue lab run SYSTEM JOB [SETTINGS] [--out FOLDER] [--processes N] [--json]
       nimue lab run --resume RUN [--out FOLDER] [--json]

Run a job, or go on with a run that was stopped or killed. The settings are the job's own:
nimue lab run SYSTEM JOB --help lists them, nimue lab list the systems."""
REPRODUCE_USAGE = """Usage: nimue lab reproduce SYSTEM [JOB] [SETTINGS] [--out FOLDER] [--json]

Run the small experiment that shows the paper's effect beside its baseline on this machine, and record
what came of it under benchmarks/results, if that folder is here. JOB names another experiment of a
system that has more than one: nimue lab show SYSTEM lists them."""


@lab_errors
def run(*words: Words) -> int:
    """Run a job of a system, or go on with a run that was stopped: run SYSTEM JOB [SETTINGS]."""
    from agents.cli.nimue_lab_params import read_job_words
    from agents.lab.runs import begin_run
    from backends.lab.registry import find_job, find_system

    if not words or words[0] in ("--help", "-h"):
        print(RUN_USAGE)
        return 0
    if words[0].startswith("-"):
        return _resume(words)
    if len(words) < 2 or words[1].startswith("-"):
        raise NimueError(f"Which job of {words[0]}? nimue lab show {words[0]} lists them.")
    system = find_system(words[0])
    job = find_job(system, words[1])

    def act(params: JobParams, *, out: Path, json: bool, processes: int) -> int:
        begun = begin_run(system.id, job.name, params.model_dump(mode="json"), out, processes=processes)
        return watch(begun, json=json)

    return read_job_words("run", system, job, words[2:], act) or 0


@lab_errors
def reproduce(*words: Words) -> int:
    """Show a paper's effect beside its baseline here, and record it: reproduce SYSTEM [JOB] [SETTINGS]."""
    from agents.cli.nimue_lab_params import read_job_words
    from agents.lab.records import write_record
    from agents.lab.runs import begin_run
    from backends.lab.registry import find_system

    if not words or words[0] in ("--help", "-h"):
        print(REPRODUCE_USAGE)
        return 0
    system = find_system(words[0])
    job, settings = find_experiment(system, words[1:])

    def act(params: JobParams, *, out: Path, json: bool, processes: int) -> int:
        begun = begin_run(system.id, job.name, params.model_dump(mode="json"), out, processes=processes)
        code = watch(begun, json=json)
        if (recorded := write_record(begun)) is not None and not json:
            print(f"Recorded in {recorded}.")
        return code

    return read_job_words("reproduce", system, job, settings, act) or 0


def find_experiment(system: System, words: Sequence[str]) -> tuple[Job[Any, Any], Sequence[str]]:
    """The experiment that the words after a system's id name, and its settings.

    Raises:
        NimueError: The job that is named is no experiment.
        LabError: The system has no such job.
    """
    from agents.lab.records import REPRODUCE
    from backends.lab.registry import find_job

    if not words or words[0].startswith("-"):
        return find_job(system, REPRODUCE), words
    job = find_job(system, words[0])
    if job.kind != "reproduce":
        raise NimueError(f"{job.name} of {system.id} is no experiment: nimue lab run {system.id} {job.name}")
    return job, words[1:]


def watch(run: LabRun, *, json: bool) -> int:
    """Do the work and show it. Ctrl-C stops it at its next safe place.

    Raises:
        NimueFailure: The job failed.
    """
    from agents.cli.nimue_lab_results import print_result
    from agents.cli.nimue_lab_screen import screen_for
    from agents.lab.runs import follow, read_result, summary

    process = run.start()
    try:
        with screen_for(json=json) as screen:
            for event in follow(run, process, lambda: None):
                screen.show(event)
    except KeyboardInterrupt:
        process.cancel()
        if process.wait(SECONDS_TO_STOP) is None:
            process.kill()
            process.wait()
        raise KeyboardInterrupt(f"nimue lab run --resume {run.folder.path}") from None
    outcome = process.wait()
    found = summary(run)
    if outcome != "finished":
        raise NimueFailure(_what_to_do(run, outcome or "killed", found.message, found.details))
    result = read_result(run)
    if json:
        told = {"event": "result", "run": str(run.folder.path), **result}
        print(json_text.dumps(told, ensure_ascii=False))
        return 0
    print_result(run, found.metrics, result)
    print(f"{found.seconds:.1f} s, run {run.folder.path}")
    return 0


def _resume(words: tuple[str, ...]) -> int:
    from agents.lab.runs import find_run

    def resume(*, resume: str, out: Path = Path("runs"), json: Flag = False) -> int:
        """Go on with a run.

        Args:
            resume: Its folder or its id.
            out: The folder that holds the runs.
            json: Print the events and the result as JSON lines.
        """
        return watch(find_run(resume, out), json=json)

    app = cyclopts.App(name="nimue lab run", version_flags=[], help_flags=[])
    app.default(resume)
    try:
        code: int = app(list(words), exit_on_error=False, print_error=False, result_action="return_value")
    except cyclopts.CycloptsError as error:
        raise NimueError(f"{' '.join(str(error).split())} See nimue lab run --help.") from error
    return code


def _what_to_do(run: LabRun, outcome: str, message: str, details: str) -> str:
    again = f"Go on with: nimue lab run --resume {run.folder.path}"
    if outcome == "failed":
        where = f" The traceback is in {run.folder.events}." if details else ""
        return f"{message.rstrip('.')}.{where}"
    return f"The job's process was {outcome}. {again}"
