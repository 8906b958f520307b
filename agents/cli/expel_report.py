"""`expel report` and `expel replay`: what a run found, and every step that was taken."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Any

from rich.console import Console

from agents.cli.avalon_play import Flag
from agents.errors import NimueError

RUNS = Path("runs")


def report(run: str, *, out: Path = RUNS, json: Flag = False) -> None:
    """Sum up a run, finished or not; the report, its figures and a picture go into the run's artifacts.

    Args:
        run: The run: its id under --out, or its path.
        out: Folder that runs are kept in.
        json: Print the figures as JSON, and nothing else.
    """
    from agents.expel.pipeline import RUN_KIND
    from agents.expel.report import write_report
    from agents.runs.folder import open_run

    written = write_report(open_run(run, out, RUN_KIND))
    if json:
        print(dumps(written.results.to_json() if written.results else None))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(written.text, markup=False)
    console.print(f"Also in {written.folder}: report.md, results.json", markup=False)


def replay(run: str, attempt: str | None = None, *, out: Path = RUNS, json: Flag = False) -> None:
    """Show the attempts of a run, or one of them step by step. No model is called.

    Args:
        run: The run: its id under --out, or its path.
        attempt: The attempt, or any part of its name that no other has (default: list them).
        out: Folder that runs are kept in.
        json: Print JSON, one object a line.
    """
    from agents.expel.pipeline import RUN_KIND
    from agents.runs.event_log import read_events
    from agents.runs.folder import open_run

    events = list(read_events(open_run(run, out, RUN_KIND).events))
    ended: dict[str, dict[str, Any]] = {
        event.data["attempt"]: dict(event.data) for event in events if event.kind == "attempt"
    }
    begun = list(dict.fromkeys(event.data["attempt"] for event in events if event.kind == "entry"))
    if attempt is None:
        for name in begun:
            told = ended.get(name, {"attempt": name, "outcome": "under way", "steps": "?"})
            print(dumps(told) if json else f"{name}: {told['outcome']}, {told['steps']} steps")
        return
    found = [name for name in begun if name == attempt] or [name for name in begun if attempt in name]
    if len(found) != 1:
        which = "no attempt" if not found else f"{len(found)} attempts, such as {', '.join(found[:3])},"
        raise NimueError(f"Run {run} has {which} whose name contains {attempt!r}.")
    for event in events:
        if event.kind in ("entry", "reflection") and event.data["attempt"] == found[0]:
            _show(event.kind, event.data, json=json)
    if not json and found[0] in ended:
        print(f"=> {ended[found[0]]['outcome']}, reward {ended[found[0]]['reward']:g}")


def _show(kind: str, data: Any, *, json: bool) -> None:
    if json:
        print(dumps({"kind": kind, **data}, ensure_ascii=False))
    elif kind == "reflection":
        print(f"\nReflection: {data['text']}")
    elif data["kind"] == "thought":
        print(f"{data['step']:3} think: {data['text']}")
    elif data["kind"] == "action":
        print(f"{data['step']:3} > {data['text']}")
    else:
        print("".join(f"    {line}\n" for line in data["text"].splitlines()), end="")
