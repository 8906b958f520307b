"""The two wordings of household games: `put X in/on Y` of older games and `move X to Y` of newer ones.

A game's wording lies in its own file, so one run can meet both. Actions written in the other wording are
translated; demonstrations are written in the newer one and told in the older one where the games are old.
"""

import re
from collections.abc import Iterable
from typing import Literal

Dialect = Literal["put", "move"]

_OLDER = (
    ("You move the {o.name} to the {r.name}.", "You put the {o.name} in/on the {r.name}."),
    ('"move {o} to {r}"', '"put {o} in/on {r}"'),
    ("You arrive at {r.name}.", "You arrive at {lend.name}."),
)
_PUT = re.compile(r"put (\w+ \d+) (?:in/on|into|onto|in|on) (\w+ \d+)")
_MOVE = re.compile(r"move (\w+ \d+) to (\w+ \d+)")
_MOVED = re.compile(r"You move the (\w+ \d+) to the (\w+ \d+)\.")
_ARRIVED = re.compile(r"You arrive at \w+ \d+\. ")


def dialect_of(templates: Iterable[str]) -> Dialect:
    """The wording that a game's templates of actions are in."""
    return "move" if any(template.startswith("move ") for template in templates) else "put"


def in_dialect(action: str, dialect: Dialect) -> tuple[str, bool]:
    """The action as a game of that dialect takes it, and whether it was written in the other one."""
    if put := _PUT.fullmatch(action):
        return (
            (f"move {put[1]} to {put[2]}", True)
            if dialect == "move"
            else (f"put {put[1]} in/on {put[2]}", False)
        )
    if dialect == "put" and (move := _MOVE.fullmatch(action)):
        return f"put {move[1]} in/on {move[2]}", True
    return action, False


def observation_in(observation: str, dialect: Dialect) -> str:
    """What a game of that dialect answers where one of the newer wording answers this."""
    if dialect == "move":
        return observation
    return _MOVED.sub(r"You put the \1 in/on the \2.", _ARRIVED.sub("", observation, count=1))


def older_grammar(grammar: str) -> str:
    """A grammar of the newer wording as older releases of ALFWorld had it."""
    for newer, older in _OLDER:
        grammar = grammar.replace(newer, older)
    return grammar
