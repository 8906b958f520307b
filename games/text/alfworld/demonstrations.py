"""Solved tasks with their thoughts, two of each kind, told in the wording of the games at hand.

The thoughts are ours; the observations are the engine's, as a test that plays them again makes sure of.
"""

import json
from functools import lru_cache
from pathlib import Path

from games.text.alfworld.dialects import Dialect, in_dialect, observation_in
from games.text.env import Demonstration, Line

_FILE = Path(__file__).parent / "demonstrations.json"


@lru_cache(maxsize=2)
def demonstrations(dialect: Dialect) -> tuple[Demonstration, ...]:
    """Two for each kind of task."""
    rows = json.loads(_FILE.read_text())
    return tuple(
        Demonstration(
            task_id=row["task_id"],
            kind=row["kind"],
            text=row["text"],
            lines=tuple(_line(kind, text, dialect) for kind, text in row["lines"]),
        )
        for row in rows
    )


def _line(kind: str, text: str, dialect: Dialect) -> Line:
    if kind == "thought":
        return Line("thought", text)
    if kind == "action":
        return Line("action", in_dialect(text, dialect)[0])
    return Line("observation", observation_in(text, dialect))
