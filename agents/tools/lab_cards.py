"""The tools `find_job` and `describe_job`: which jobs the laboratory has, and what one of them takes.

A model is never shown the tools of all jobs: it finds what it needs, reads it, and runs it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz import fuzz

from agents.tools.tool import Call, Tool, ToolFailure, without_titles
from backends.lab.contract import Effort, Job, JobKind, System, tool_name, tool_schema
from backends.lab.registry import find_job, find_system, systems

MOST_FOUND = 8
_ALIKE = 85
"""Of 100: words that differ by an ending or a slip count as the same."""
_NOISE = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "find", "for", "from", "how", "i",
    "in", "is", "it", "job", "jobs", "lab", "laboratory", "me", "my", "of", "on", "or", "please",
    "show", "that", "the", "there", "this", "to", "use", "want", "what", "which", "with", "you",
})  # fmt: skip


class FindRequest(BaseModel):
    """Look for jobs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str = Field("", max_length=300, description="What it should do, in a few words; empty lists all.")
    kind: JobKind | None = Field(None, description="Only jobs of this kind.")


class FoundJob(BaseModel):
    """A job that fits."""

    model_config = ConfigDict(frozen=True)

    system: str
    job: str
    summary: str
    about: str = Field(description="What its system is.")
    effort: Effort


class FoundJobs(BaseModel):
    """The jobs that fit best."""

    model_config = ConfigDict(frozen=True)

    jobs: tuple[FoundJob, ...]
    left_out: int = Field(description="How many more there are.")


class DescribeRequest(BaseModel):
    """Read about a system, or about one of its jobs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str = Field(min_length=1, max_length=100, description="A system's id, such as find_job tells it.")
    job: str | None = Field(None, max_length=100, description="The job whose settings you want to know.")


class JobLine(BaseModel):
    """A job in short."""

    model_config = ConfigDict(frozen=True)

    job: str
    kind: JobKind
    summary: str
    effort: Effort


class SystemCard(BaseModel):
    """What a system is."""

    model_config = ConfigDict(frozen=True)

    system: str
    title: str
    summary: str
    paper: str | None
    jobs: tuple[JobLine, ...]
    models: tuple[str, ...] = Field(description="Its ready-made models, SYSTEM/PRESET.")
    published: tuple[str, ...] = Field(description="Figures that others reported for it.")
    params: dict[str, Any] | None = Field(
        None, description="The settings of the job that was asked for: `params` of run_job, as JSON schema."
    )


async def find(request: FindRequest, call: Call) -> FoundJobs:
    """Rank the jobs by how many of the words they are described with."""
    wanted = [
        (system, job)
        for system in systems()
        for job in system.jobs
        if request.kind is None or job.kind == request.kind
    ]
    words = _words(request.words)
    if words:
        rated = [(_rating(words, system, job), place) for place, (system, job) in enumerate(wanted)]
        best = sorted((-rating, place) for rating, place in rated if rating > 0)
        wanted = [wanted[place] for _, place in best]
    found = tuple(
        FoundJob(system=system.id, job=job.name, summary=job.summary, about=system.title, effort=job.effort)
        for system, job in wanted[:MOST_FOUND]
    )
    if not found:
        raise ToolFailure(
            "not_found",
            f"No job fits {request.words!r}.",
            "Look with fewer or other words, or with none to list them all. The laboratory may not have it.",
        )
    return FoundJobs(jobs=found, left_out=len(wanted) - len(found))


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z0-9+]+", text.lower()) if word not in _NOISE]


def _rating(words: Sequence[str], system: System, job: Job[Any, Any]) -> float:
    """How well the words fit: names count most, descriptions less."""
    names = set(_words(f"{system.id} {system.title} {job.name} {job.kind}".replace("_", " ")))
    paper = "" if system.paper is None else system.paper.title
    branches = " ".join(system.branches).replace("-", " ").replace("/", " ")
    described = set(_words(f"{system.summary} {job.summary} {paper} {branches}"))
    return sum(3 * _has(word, names) + _has(word, described) for word in words)


def _has(word: str, among: Iterable[str]) -> float:
    best = max((fuzz.ratio(word, other) for other in among), default=0.0)
    return best / 100 if best >= _ALIKE else 0.0


async def describe(request: DescribeRequest, call: Call) -> SystemCard:
    """Tell a system's card; with a job, also what the job takes. Raises `LabError` for unknown names."""
    system = find_system(request.system)
    params = None
    if request.job is not None:
        params = without_titles(tool_schema(find_job(system, request.job)))
    paper = system.paper
    return SystemCard(
        system=system.id,
        title=system.title,
        summary=system.summary,
        paper=None if paper is None else f"{paper.title} ({paper.venue} {paper.year})",
        jobs=tuple(
            JobLine(job=job.name, kind=job.kind, summary=job.summary, effort=job.effort)
            for job in system.jobs
        ),
        models=tuple(f"{system.id}/{preset.name}" for preset in system.presets),
        published=tuple(f"{one.what}: {one.value:g} {one.unit}" for one in system.figures),
        params=params,
    )


def card_tools() -> tuple[Tool, ...]:
    """The two tools."""
    return (
        Tool(
            name="find_job",
            summary="Finds jobs of the laboratory (train, predict, analyse, reproduce ...) by what they do.",
            request=FindRequest,
            use=find,
        ),
        Tool(
            name="describe_job",
            summary="Tells what a system is and which settings one of its jobs takes.",
            request=DescribeRequest,
            use=describe,
        ),
    )


def jobs_named_in(text: str, most: int) -> list[tuple[System, Job[Any, Any]]]:
    """The jobs that a task names by their tool's name, or by their system and their own name."""
    lowered = text.lower()
    named = []
    for system in systems():
        short = system.id.partition(".")[2]
        spoken = {system.id, short, short.replace("_", " "), short.replace("_", "")}
        has_system = any(
            re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", lowered) for name in spoken
        )
        for job in system.jobs:
            if tool_name(system, job) in lowered or (has_system and job.name in lowered):
                named.append((system, job))
    return named[:most]
