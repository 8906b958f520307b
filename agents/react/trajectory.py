"""An attempt as plain data: what was thought, done and seen, and how it ended."""

from collections.abc import Iterable, Sequence
from typing import Literal

from agents.react.benchmark import Benchmark
from agents.react.lines import Entry
from games.text.env import Line

Ending = Literal["", "done", "steps", "repeat", "tokens", "error"]
"""Why an attempt is over; "" while it is not, "error" where the environment could not be played."""


def entries_of(lines: Iterable[Line]) -> list[Entry]:
    """The lines of a demonstration, each thought in one answer with its action."""
    entries: list[Entry] = []
    step = 1
    for line in lines:
        entries.append(Entry(kind=line.kind, text=line.text, step=step, answer=step))
        if line.kind == "observation":
            step += 1
    return entries


def as_text(benchmark: Benchmark, entries: Sequence[Entry]) -> str:
    """A trajectory as it stands in a prompt."""
    return "\n".join(benchmark.line(entry["kind"], entry["step"], entry["text"]) for entry in entries)


def actions_of(entries: Sequence[Entry]) -> list[str]:
    return [entry["text"] for entry in entries if entry["kind"] == "action"]
