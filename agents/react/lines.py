"""What a line of a model is: a thought, or an action. One reader for each family of environments.

Models differ in how well they keep to a form, so a reader takes the first line that says anything, cuts what
runs on into the next line, and never fails. The rules are those of the ExpeL authors' code (specification
B.3, "parse rules"), but for the verbs of the household, which we take from the engine's own commands.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict

from games.text.env import LineKind

NO_ACTION = "N/A"
"""Stands for the action of a step in which the model only thought."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line, read."""

    kind: Literal["thought", "action"]
    text: str


Form = Literal["lines", "turns", "json"]
"""How answers are written; see `agents.react.prompt`."""

Reader = Callable[[str], Said]


class Entry(TypedDict):
    """One line of a trajectory, as JSON values."""

    kind: LineKind
    text: str
    step: int
    """Counts actions from 1: a thought, its action and its observation share the number."""
    answer: int
    """Counts the model's answers from 1; lines of one answer share the number. An observation has that of
    its action."""


HOUSEHOLD_VERBS = (
    "go to", "open", "close", "take", "put", "move", "use", "heat", "cool", "clean", "slice", "examine",
    "look", "inventory", "help",
)  # fmt: skip

_QUOTING = " \t`*_\"'"
_THINK = re.compile(r"^(?:>\s*)?(?:think|thought)\b\s*\d*\s*[:.\-]?\s*(?P<text>.*)$", re.IGNORECASE)
_ACT = re.compile(r"^(?:>\s*|(?:action|act|command)\b\s*\d*\s*[:.\-]\s*>?\s*)(?P<text>.*)$", re.IGNORECASE)
_BARE_HOUSEHOLD = re.compile(rf"^(?:{'|'.join(HOUSEHOLD_VERBS)})\b", re.IGNORECASE)
_ACTION_PREFIX = re.compile(r"^action\b\s*\d*\s*[:.\-]?\s*", re.IGNORECASE)
_THOUGHT_PREFIX = re.compile(r"^thought\b\s*\d*\s*[:.\-]?\s*", re.IGNORECASE)
_BRACKETED = re.compile(r"[A-Za-z]\w*\[[^\[\]]*\]")
_ONE_BRACKETED = re.compile(r"^[A-Za-z]\w*\[[^\[\]]*\]?$")


def lines_of(answer: str) -> list[str]:
    """The lines of an answer that say anything, without fences and the mark-up that models like."""
    stripped = (line.replace("**", "").strip(_QUOTING) for line in answer.splitlines())
    return [line for line in stripped if line and line not in (">", "json", "text")]


def read_household(line: str) -> Said:
    """`> think: ...` is a thought; `> open fridge 1`, or a line that starts with a verb, an action."""
    thought = _THINK.match(line)
    if thought:
        return Said("thought", thought["text"].strip())
    action = _ACT.match(line)
    if action or _BARE_HOUSEHOLD.match(line):
        text = action["text"] if action else line
        return Said("action", text.strip(f"{_QUOTING}.").lower())
    return Said("thought", line)


def read_bracketed(line: str) -> Said:
    """`Action 2: Search[x]` or a bare `Search[x]` is an action; a missing last bracket is added."""
    prefix = _ACTION_PREFIX.match(line)
    if prefix:
        return Said("action", _closed(line[prefix.end() :].strip()))
    if _ONE_BRACKETED.match(line):
        return Said("action", _closed(line))
    if len(_BRACKETED.findall(line)) > 1 and not _THOUGHT_PREFIX.match(line):
        return Said("action", line)  # two actions at once: the environment says that it takes one
    return Said("thought", _THOUGHT_PREFIX.sub("", line).rstrip(":").strip())


def read_shopping(line: str) -> Said:
    """Everything is an action; `think[...]` among them, and words without brackets, are thoughts."""
    text = _ACTION_PREFIX.sub("", line).strip()
    if "[" not in text:
        return Said("thought", _THOUGHT_PREFIX.sub("", text).strip())
    text = _closed(text)
    if text.lower().startswith("think["):
        return Said("thought", text[len("think[") : -1].strip())
    found = _BRACKETED.search(text)
    return Said("action", found[0] if found else text)


def _closed(text: str) -> str:
    return f"{text}]" if "[" in text and not text.endswith("]") and "]" not in text else text
