"""`nimue lab catalogue`: every system in its place in the survey's taxonomy, as a page of Markdown.

`docs/systems/index.md` is what this prints; a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.cli.nimue_lab_errors import lab_errors

if TYPE_CHECKING:
    from backends.lab.contract import System

HEAD = """# Systems

Every system of the laboratory in its place in the taxonomy, which is that of "Computation-efficient Deep
Learning for Computer Vision: A Survey", widened by training, perception and reinforcement learning. A system
may have several places. This page is written by `nimue lab catalogue`.

```sh
nimue lab list --by taxonomy
nimue lab catalogue > docs/systems/index.md
```
"""


@lab_errors
def catalogue() -> None:
    """Print the page of all systems by their place in the survey's taxonomy, as Markdown."""
    from backends.lab.registry import systems

    print(catalogue_page(systems()), end="")


def catalogue_page(found: Sequence[System]) -> str:
    """The page: an area a section, a branch a table, and which branches are still empty."""
    from backends.lab.taxonomy import AREAS, BRANCHES

    parts = [HEAD]
    for area, title in AREAS.items():
        parts.append(f"\n## {title}\n")
        branches = [branch for branch in BRANCHES if branch.partition("/")[0] == area]
        members = {branch: [one for one in found if branch in one.branches] for branch in branches}
        for branch in branches:
            if members[branch]:
                parts.append(f"\n### {_heading(branch)}\n\n{_table(members[branch])}")
        if empty := [_heading(branch).lower() for branch in branches if not members[branch]]:
            parts.append(f"\nNone yet: {'; '.join(empty)}.\n")
    if outside := [system for system in found if not system.branches]:
        parts.append(f"\n## Elsewhere\n\n{_table(outside)}")
    return "".join(parts)


def _heading(branch: str) -> str:
    words = branch.partition("/")[2].replace("-", " ").replace("/", ", ")
    return words[:1].upper() + words[1:]


def _table(members: Sequence[System]) -> str:
    rows = ["| system | what it does | paper | jobs |", "|---|---|---|---|"]
    for system in members:
        paper = f"{system.paper.venue} {system.paper.year}" if system.paper is not None else ""
        jobs = ", ".join(job.name for job in system.jobs)
        rows.append(f"| [{system.id}]({system.id}.md) | {system.summary} | {paper} | {jobs} |")
    return "\n".join(rows) + "\n"
