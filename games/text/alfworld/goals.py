"""The goal's sentence, which is the one thing that differs between the grammars of games of one release."""

import json
import re

UNKNOWN_GOAL = "UNKNOWN GOAL"

_GOAL = re.compile(r'Your task is to: ((?:[^"\\]|\\[^n])*?)\.?(?=\\n|")')


def split_goal(grammar: str) -> tuple[str, str]:
    """The grammar with a goal still to be named, and the goal's sentence."""
    found = _GOAL.search(grammar)
    if found is None:
        return grammar, UNKNOWN_GOAL
    general = grammar[: found.start(1)] + UNKNOWN_GOAL + grammar[found.end(1) :]
    return general, str(json.loads(f'"{found[1]}"', strict=False))


def with_goal(general: str, sentence: str) -> str:
    """A grammar that names the goal."""
    return general.replace(UNKNOWN_GOAL, json.dumps(sentence)[1:-1])
