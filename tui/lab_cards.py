"""What is told of systems and their jobs, as texts; and the order in which systems are listed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.text import Text

from agents.cli.table_text import plain
from backends.lab.contract import Job, System
from backends.lab.taxonomy import AREAS, BRANCHES

Order = Literal["taxonomy", "family", "kind"]
ORDERS: tuple[Order, ...] = ("taxonomy", "family", "kind")
ELSEWHERE = "Elsewhere"


@dataclass(frozen=True, slots=True)
class Group:
    """Systems under a heading; a heading may lie within another one."""

    path: tuple[str, ...]
    systems: tuple[System, ...]


def grouped(systems: Sequence[System], order: Order) -> Iterator[Group]:
    """The systems by where they belong; one may stand in several groups. Empty groups are left out."""
    keys: dict[tuple[str, ...], list[System]] = {}
    if order == "taxonomy":
        keys = {_heading(branch): [] for branch in BRANCHES}
    for system in systems:
        for key in dict.fromkeys(_keys(system, order)):
            keys.setdefault(key, []).append(system)
    for key in keys if order == "taxonomy" else sorted(keys):
        if keys[key]:
            yield Group(key, tuple(keys[key]))


def _keys(system: System, order: Order) -> list[tuple[str, ...]]:
    match order:
        case "family":
            return [(system.family,)]
        case "kind":
            return [(job.kind,) for job in system.jobs]
        case "taxonomy":
            return [_heading(branch) for branch in system.branches] or [(ELSEWHERE,)]


def _heading(branch: str) -> tuple[str, ...]:
    area, _, rest = branch.partition("/")
    return (AREAS[area].partition(":")[0], rest.replace("/", " / "))


def holds(system: System, words: Sequence[str]) -> bool:
    """Whether every word, in lower case, stands somewhere on the system's card."""
    paper = system.paper.title if system.paper is not None else ""
    jobs = " ".join(f"{job.name} {job.summary}" for job in system.jobs)
    card = f"{system.id} {system.title} {system.summary} {paper} {' '.join(system.branches)} {jobs}".lower()
    return all(word in card for word in words)


def system_card(system: System) -> list[Text]:
    """Everything that a system's declaration says, line by line."""
    lines = [
        Text.assemble((plain(system.title), "bold"), "  ", (system.id, "dim")),
        Text(plain(system.summary)),
    ]
    if system.paper is not None:
        paper = system.paper
        where = ", ".join([f"{paper.venue} {paper.year}", *([f"arXiv {paper.arxiv}"] if paper.arxiv else [])])
        lines += [Text(), Text(f"{plain(paper.title)} ({plain(where)})", style="italic")]
    lines += [Text(), Text("Jobs", style="bold")]
    for job in system.jobs:
        told = Text.assemble((f"· {job.name} ", "bold"), plain(job.summary), (f" ({job.effort})", "dim"))
        lines.append(told)
    if system.presets:
        lines += [Text(), Text("Models", style="bold")]
        for preset in system.presets:
            counted = f", {preset.parameters / 1e6:.2f} M parameters" if preset.parameters else ""
            lines.append(
                Text.assemble((f"· {preset.name} ", "bold"), (f"{plain(preset.summary)}{counted}", "dim"))
            )
    if system.figures:
        lines += [Text(), Text("Published", style="bold")]
        for figure in system.figures:
            lines.append(
                Text.assemble(
                    f"· {figure.value:g} {plain(figure.unit)}, {plain(figure.what)} ",
                    (f"({plain(figure.source)})", "dim"),
                )
            )
    if system.extra:
        lines += [Text(), Text(f"Needs pip install 'nimue[{system.extra}]'.", style="dim")]
    return lines


def job_card(system: System, job: Job[Any, Any]) -> list[Text]:
    """A job with everything that it asks."""
    lines = [
        Text.assemble((f"{job.name}", "bold"), "  ", (f"{system.id}, {job.kind}, {job.effort}", "dim")),
        Text(plain(job.summary)),
        Text(),
        Text("Enter fills in its form.", style="italic"),
        Text(),
    ]
    for name, field in job.params.model_fields.items():
        default = (
            "must be given" if field.is_required() else str(field.get_default(call_default_factory=True))
        )
        told = Text.assemble((f"{name} ", "bold"), (f"[{plain(default)}] ", "dim"))
        lines.append(told.append(plain(field.description or "")))
    return lines
