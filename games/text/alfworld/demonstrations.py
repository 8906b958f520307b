"""Solved tasks with their thoughts, two of each kind, told in the wording of the games at hand.

The thoughts are ours; the observations are the engine's, as a test that plays them again makes sure of.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from games.text.alfworld.bundle import read_bundle
from games.text.alfworld.dialects import Dialect, in_dialect, observation_in
from games.text.alfworld.games import Game
from games.text.env import Demonstration, Line

_HERE = Path(__file__).parent


@lru_cache(maxsize=2)
def demonstrations(dialect: Dialect) -> tuple[Demonstration, ...]:
    """Two for each kind of task."""
    rows = json.loads((_HERE / "demonstrations.json").read_text())
    return tuple(
        Demonstration(
            task_id=row["task_id"],
            kind=row["kind"],
            text=row["text"],
            lines=tuple(_line(kind, text, dialect) for kind, text in row["lines"]),
        )
        for row in rows
    )


@lru_cache(maxsize=1)
def demonstration_games() -> Mapping[str, Game]:
    """The games that are shown, by id; none of them is a task."""
    return {game.id: game for game in read_bundle(_HERE / "demonstration_games.jsonl.gz")}


def _line(kind: str, text: str, dialect: Dialect) -> Line:
    if kind == "thought":
        return Line("thought", text)
    if kind == "action":
        return Line("action", in_dialect(text, dialect)[0])
    return Line("observation", observation_in(text, dialect))
