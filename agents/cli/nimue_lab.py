"""`nimue lab`: the laboratory's systems, their jobs and what came of them."""

from __future__ import annotations

import json as json_text
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.cli.nimue_lab_catalogue import catalogue
from agents.cli.nimue_lab_errors import lab_errors
from agents.cli.nimue_lab_profile import profile
from agents.cli.nimue_lab_run import reproduce, run
from agents.cli.nimue_lab_sweep import sweep

if TYPE_CHECKING:
    from agents.lab.runs import LabRun
    from backends.lab.contract import Job, System

Flag = Annotated[bool, Parameter(negative="")]
By = Literal["family", "taxonomy", "kind"]

app = cyclopts.App(name="lab", help="The laboratory: vision and RL systems to train, try and measure.")
app.command(run, help_flags=[])
app.command(reproduce, help_flags=[])
app.command(sweep)
app.command(profile)
app.command(catalogue)


@app.command(name="list")
@lab_errors
def list_systems(family: str | None = None, /, *, by: By = "family", json: Flag = False) -> None:
    """List the systems and their jobs.

    Args:
        family: Only those of a family, such as rl.
        by: Group them by family, by their place in the survey's taxonomy, or by kind of job.
        json: Print them as JSON.
    """
    from backends.lab.errors import LabError
    from backends.lab.registry import systems

    found = systems()
    if family is not None:
        families = sorted({system.family for system in found})
        if family not in families:
            raise LabError(f"There is no family {family!r}: choose one of {', '.join(families)}.")
        found = tuple(system for system in found if system.family == family)
    if json:
        print(json_text.dumps([_described(system) for system in found], indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    if not found:
        console.print("There is no system here.")
    for title, members in _grouped(found, by):
        table = Table(
            title=Text(title, style="bold"), title_justify="left", box=None, pad_edge=False, show_header=False
        )
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        table.add_column()
        for system in members:
            jobs = " ".join(job.name for job in system.jobs)
            table.add_row(Text(system.id), Text(system.title), Text(jobs, style="dim"))
        console.print(table)
        console.print()
    console.print("Read on with `nimue lab show SYSTEM`.")


@app.command
@lab_errors
def show(system: str, *, json: Flag = False) -> None:
    """Show what a system is, its jobs with their settings, its models and its published figures.

    Args:
        system: A system's id, as `nimue lab list` shows it.
        json: Print it as JSON, with the schemas of its jobs.
    """
    from backends.lab.contract import tool_schema
    from backends.lab.registry import find_system

    found = find_system(system)
    if json:
        schemas = {job.name: tool_schema(job) for job in found.jobs}
        print(json_text.dumps({**_described(found), "schemas": schemas}, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(Text.assemble((found.id, "bold"), "  ", found.title))
    console.print(Text(found.summary))
    if found.paper is not None:
        paper = found.paper
        where = [f"{paper.venue} {paper.year}", *([f"arXiv {paper.arxiv}"] if paper.arxiv else [])]
        console.print(Text(f"\n{paper.title} ({', '.join(where)})", style="italic"))
    for job in found.jobs:
        _show_job(console, found, job)
    if found.presets:
        console.print(Text("\nmodels", style="bold"))
        for preset in found.presets:
            counted = f", {preset.parameters / 1e6:.2f} M parameters" if preset.parameters else ""
            console.print(Text(f"  {found.id}/{preset.name}  {preset.summary}{counted}"))
    if found.figures:
        console.print(Text("\npublished", style="bold"))
        for figure in found.figures:
            console.print(Text(f"  {figure.what}: {figure.value:g} {figure.unit} ({figure.source})"))


@app.command
@lab_errors
def results(system: str | None = None, *, out: Path = Path("runs"), json: Flag = False) -> None:
    """List the runs of the laboratory, where each stands and what came of it.

    Args:
        system: Only the runs of this system.
        out: The folder that holds the runs.
        json: Print them as JSON.
    """
    from agents.lab.runs import all_runs

    runs = [one for one in all_runs(out) if system in (None, one.work.system)]
    if json:
        print(json_text.dumps([_run_described(one) for one in runs], indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    if not runs:
        console.print(Text(f"There is no run{f' of {system}' if system else ''} under {out}."))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("run", "system", "job", "state", "seconds", "figures"):
        table.add_column(column, no_wrap=column != "figures")
    for one in runs:
        told = _run_described(one)
        seconds = "" if told["seconds"] is None else f"{told['seconds']:.1f}"
        figures = ", ".join(f"{name} {value:.4g}" for name, value in told["metrics"].items())
        cells = (told["run"], told["system"], told["job"], told["state"], seconds, figures or told["message"])
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def _show_job(console: Console, system: System, job: Job[Any, Any]) -> None:
    console.print(Text.assemble("\n", (f"{job.name}", "bold"), f"  {job.summary} ({job.kind}, {job.effort})"))
    for name, info in job.params.model_fields.items():
        default = "required" if info.is_required() else str(info.get_default(call_default_factory=True))
        flag = name.replace("_", "-")
        console.print(Text(f"  --{flag}  {info.description} [{default}]"), soft_wrap=True)
    required = [name for name, info in job.params.model_fields.items() if info.is_required()]
    needs = "".join(f" --{name.replace('_', '-')} ..." for name in required)
    console.print(Text(f"  nimue lab run {system.id} {job.name}{needs}", style="dim"))


def _grouped(found: Sequence[System], by: By) -> list[tuple[str, list[System]]]:
    from backends.lab.taxonomy import AREAS, BRANCHES

    if by == "family":
        families = sorted({system.family for system in found})
        return [(family, [system for system in found if system.family == family]) for family in families]
    if by == "kind":
        kinds = sorted({job.kind for system in found for job in system.jobs})
        return [
            (kind, [system for system in found if any(job.kind == kind for job in system.jobs)])
            for kind in kinds
        ]
    groups = []
    for branch in BRANCHES:
        if members := [system for system in found if branch in system.branches]:
            area, _, rest = branch.partition("/")
            groups.append((f"{AREAS[area]} / {rest.replace('/', ' / ')}", members))
    if outside := [system for system in found if not system.branches]:
        groups.append(("Elsewhere", outside))
    return groups


def _described(system: System) -> dict[str, Any]:
    from backends.lab.contract import tool_name

    paper = system.paper
    return {
        "id": system.id,
        "title": system.title,
        "summary": system.summary,
        "paper": None
        if paper is None
        else {
            "title": paper.title,
            "venue": paper.venue,
            "year": paper.year,
            "arxiv": paper.arxiv,
            "code": paper.code,
        },
        "branches": list(system.branches),
        "jobs": [
            {
                "name": job.name,
                "kind": job.kind,
                "summary": job.summary,
                "effort": job.effort,
                "tool": tool_name(system, job),
            }
            for job in system.jobs
        ],
        "models": [
            {"name": f"{system.id}/{preset.name}", "summary": preset.summary, "parameters": preset.parameters}
            for preset in system.presets
        ],
        "figures": [
            {"what": figure.what, "value": figure.value, "unit": figure.unit, "source": figure.source}
            for figure in system.figures
        ],
    }


def _run_described(run: LabRun) -> dict[str, Any]:
    from agents.lab.runs import summary

    found = summary(run)
    return {
        "run": run.folder.id,
        "system": run.work.system,
        "job": run.work.job,
        "params": dict(run.work.params),
        "state": found.state,
        "seconds": found.seconds,
        "metrics": found.metrics,
        "message": found.message,
    }
