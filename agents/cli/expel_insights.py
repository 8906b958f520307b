"""`expel insights`: look into what was learned, and where each insight comes from."""

from __future__ import annotations

import dataclasses
import json as json_text
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from agents.cli.avalon_play import Flag
from agents.errors import NimueError

if TYPE_CHECKING:
    from memory.insight_store import InsightStore
    from memory.insights import Insight

MEMORY = Path("nimue-memory")

Memory = Annotated[Path, Parameter(help="Folder of the memory.")]
SetName = Annotated[str, Parameter(help="The insight set; `expel insights list` names them.")]
InsightName = Annotated[str, Parameter(help="The insight: its number in the list, or (the head of) its id.")]

insights_app = App(name="insights", help="Look into what was learned, and change it.")


@insights_app.command(name="list")
def list_(
    set_: str | None = None, *, memory: Memory = MEMORY, everything: Flag = False, json: Flag = False
) -> None:
    """List the sets of a memory, or the insights of one set with their importance.

    Args:
        set_: The insight set (default: list the sets).
        everything: The archive and the quarantine too.
        json: Print JSON.
    """
    from memory.insights import State

    console = Console(highlight=False, soft_wrap=True)
    with reading(memory) as store:
        if set_ is None:
            sets = [
                {**dataclasses.asdict(one), "insights": len(_active(store, one.set_id))}
                for one in store.sets()
            ]
            if json:
                print(json_text.dumps(sets, ensure_ascii=False))
                return
            table = Table("set", "environment", "fold", "insights")
            for one in sets:
                table.add_row(one["set_id"], one["domain"], str(one["fold"]), str(one["insights"]))
            console.print(table if sets else f"No insights in {memory} yet.", markup=False)
            return
        shown = [rule for rule in store.insights(set_) if everything or rule.state is State.ACTIVE]
        if json:
            told = [{**dataclasses.asdict(rule), "evidence": store.evidence(set_, rule.id)} for rule in shown]
            print(json_text.dumps(told, ensure_ascii=False))
            return
        for number, rule in enumerate(shown, start=1):
            console.print(f"{number:3}. {_described(rule, len(store.evidence(set_, rule.id)))}", markup=False)
        if not shown:
            console.print(f"Set {set_} is empty.", markup=False)


def _described(one: Insight, num_evidence: int) -> str:
    from memory.insights import State

    state = "" if one.state is State.ACTIVE else f", {one.state}"
    pinned = ", pinned" if one.pinned else ""
    return f"{one.text}\n     {one.id}, importance {one.count}, from {num_evidence} attempts{pinned}{state}"


@insights_app.command
def why(set_: SetName, insight: InsightName, *, memory: Memory = MEMORY) -> None:
    """The life of one insight: who wrote, changed and voted on it, from which attempts, where it was used."""
    from memory.insight_reports import blame
    from memory.insight_reports import why as told

    with reading(memory) as store:
        name = named(store, set_, insight)
        for line in told(store, set_, name):
            print(line)
        print("\nEach sentence, and the event that brought it in:")
        for one in blame(store, set_, name):
            print(f"  {one.sentence}  (event {one.logged.seq}, {one.logged.actor})")


@insights_app.command
def log(set_: SetName, *, insight: str | None = None, memory: Memory = MEMORY, json: Flag = False) -> None:
    """Every operation on a set, carried out or rejected, with the reason.

    Args:
        insight: Only those on this insight.
        json: Print JSON, one object a line.
    """
    with reading(memory) as store:
        name = None if insight is None else named(store, set_, insight)
        for one in store.log(set_, insight=name):
            event = one.event
            if json:
                print(json_text.dumps(dataclasses.asdict(one), ensure_ascii=False, default=str))
                continue
            verdict = "" if event.accepted else " rejected"
            code = f" [{event.code}]" if event.code else ""
            text = f": {event.text_after or event.text_before or ''}"
            because = f" ({event.reason})" if event.reason else ""
            print(
                f"{one.seq:5} {one.actor:8} {event.op}{verdict}{code} {event.insight_id or '-'} "
                f"{event.delta:+d} -> {event.count_after}{text}{because}"
            )


@insights_app.command
def diff(set_: SetName, before: int, after: int | None = None, *, memory: Memory = MEMORY) -> None:
    """What changed in a set between two events (their numbers are those of `expel insights log`).

    Args:
        before: The earlier event.
        after: The later event (default: now).
    """
    from memory.insight_reports import changed_words

    with reading(memory) as store:
        differences = store.diff(set_, before, after)
    for one in differences:
        if one.before is None and one.after is not None:
            print(f"+ {one.after.id} ({one.after.count}) {one.after.text}")
        elif one.after is None and one.before is not None:
            print(f"- {one.before.id} ({one.before.count}) {one.before.text}")
        elif one.before is not None and one.after is not None:
            counts = f"{one.before.count} -> {one.after.count}"
            state = (
                "" if one.before.state is one.after.state else f", {one.before.state} -> {one.after.state}"
            )
            print(f"~ {one.after.id} ({counts}{state}) {changed_words(one.before.text, one.after.text)}")
    if not differences:
        print("No difference.")


@insights_app.command
def audit(set_: SetName, *, memory: Memory = MEMORY, json: Flag = False) -> None:
    """How clean a set is: duplicates, contradictions, secrets, rules of one task only, never used, stale.

    Args:
        json: Print JSON.
    """
    from memory.insight_edits import alike
    from memory.insight_reports import audit as audited

    with reading(memory) as store:
        found = audited(store, set_)
        pairs = alike(store, set_)
    faults = {name: value for name, value in dataclasses.asdict(found).items() if name != "num_insights"}
    if json:
        print(json_text.dumps({"num_insights": found.num_insights, **faults}))
        return
    print(f"{found.num_insights} insights")
    for name, ids in faults.items():
        rate = found.rate(ids)
        share = "-" if rate is None else f"{100 * rate:.0f} %"
        print(f"  {name.replace('_', ' '):18} {share:>6}  {', '.join(ids)}")
    for pair in pairs:
        print(f"  alike ({pair.similarity:.2f}): {pair.one.text} | {pair.other.text}")


@insights_app.command
def export(
    set_: SetName, to: Path | None = None, *, memory: Memory = MEMORY, overwrite: Flag = False
) -> None:
    """Write a set as a file for people (markdown) or programs (a name that ends in .jsonl).

    Args:
        to: The file (default: markdown on the screen).
        overwrite: Replace a file that is there.
    """
    from memory.jsonl import export_insights
    from memory.markdown import export_set

    with reading(memory) as store:
        as_lines = to is not None and to.suffix == ".jsonl"
        text = export_insights(store, set_) if as_lines else export_set(store, set_)
    if to is None:
        print(text, end="")
        return
    if to.exists() and not overwrite:
        raise NimueError(f"{to} exists: choose another name, or add --overwrite.")
    to.write_text(text, encoding="utf-8")
    print(f"Wrote {to}.")


@contextmanager
def reading(memory: Path) -> Iterator[InsightStore]:
    """The insights of a memory, to look at."""
    from memory.insight_store import InsightStore
    from memory.workspace import Workspace

    with Workspace(memory, read_only=True) as workspace:
        yield InsightStore(workspace)


@contextmanager
def writing(memory: Path) -> Iterator[InsightStore]:
    """The insights of a memory, to change; it must be there."""
    from memory.insight_store import InsightStore
    from memory.workspace import Workspace

    with Workspace(memory, read_only=True):
        pass  # refuses a folder that holds no memory, which opening for writing would make one
    with Workspace(memory) as workspace:
        yield InsightStore(workspace)


def named(store: InsightStore, set_id: str, name: str) -> str:
    """The id that a number in the list, or the head of an id, stands for.

    Raises:
        NimueError: none or several.
    """
    rules = _active(store, set_id)
    if name.isdecimal():
        if not 1 <= int(name) <= len(rules):
            raise NimueError(f"Set {set_id} has insights 1 to {len(rules)}, not {name}.")
        return rules[int(name) - 1].id
    found = [one.id for one in store.insights(set_id) if one.id.startswith(name.upper())]
    if len(found) != 1:
        which = "no insight" if not found else f"{len(found)} insights"
        raise NimueError(f"Set {set_id} has {which} whose id begins with {name}.")
    return found[0]


def _active(store: InsightStore, set_id: str) -> list[Insight]:
    from memory.insights import active

    return list(active(store.insights(set_id)))
