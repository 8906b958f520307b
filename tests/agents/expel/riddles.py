"""A tiny suite and a model that plays it, so that whole runs take a moment.

Each task asks for a word that `Search[...]` tells. The player's skill at a task follows from its number: some
it solves at once, some after a reflection, some only with an insight, some never.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from games.text.env import Demonstration, Line, StepResult, Task, TextEnv

NAME = "hotpotqa"
"""The suite borrows the wording of a benchmark that nimue has."""
ADVICE = "Open the page before you answer."
_WORDS = ("amber", "birch", "copper", "delta", "ember", "flint", "grove", "heron")
_KINDS = ("river", "town")
_WRONG = {"at once": 0, "after a reflection": 1, "with insights": 99, "never": 99}
SKILLS = tuple(_WRONG)


def word_of(number: int) -> str:
    return f"{_WORDS[number % len(_WORDS)]}{number}"


def skill_of(number: int) -> str:
    return SKILLS[number % len(SKILLS)]


def text_of(number: int) -> str:
    return f"Question: Which word stands on page {number} of the book of {_KINDS[number % 2]}s?"


def make_task(number: int) -> Task:
    return Task(
        id=f"riddle-{number:02}",
        kind=_KINDS[number % 2],
        goal=f"The word on page {number}.",
        payload={"number": number},
    )


class Riddle:
    """One page and one answer."""

    def __init__(self) -> None:
        self._number: int | None = None

    def reset(self, task: Task) -> str:
        self._number = int(task.payload["number"])
        return text_of(self._number)

    def step(self, action: str) -> StepResult:
        assert self._number is not None
        word = word_of(self._number)
        if action == f"Search[page {self._number}]":
            return StepResult(observation=f"The word is {word}.")
        if action.startswith("Finish["):
            right = action == f"Finish[{word}]"
            told = "Answer is CORRECT" if right else "Answer is INCORRECT"
            return StepResult(observation=told, done=True, success=right, reward=float(right))
        return StepResult(observation="That is not possible.", valid=False)

    def admissible(self) -> tuple[str, ...] | None:
        return None

    def close(self) -> None:
        self._number = None


DEMONSTRATIONS = tuple(
    Demonstration(
        task_id=f"shown-{kind}",
        kind=kind,
        text=f"Question: Which word stands on page {900 + place} of the book of {kind}s?",
        lines=(
            Line("thought", "I open the page and read the word that stands on it, as it is asked of me."),
            Line("action", f"Search[page {900 + place}]"),
            Line("observation", f"The word is oak{place}."),
            Line("action", f"Finish[oak{place}]"),
            Line("observation", "Answer is CORRECT"),
        ),
    )
    for place, kind in enumerate(_KINDS)
)


@dataclass(frozen=True, kw_only=True)
class RiddleSuite:
    name: str = NAME
    origin: str = "A book of riddles."
    fingerprint: str = "riddles-1"
    tasks: tuple[Task, ...] = field(default_factory=lambda: tuple(map(make_task, range(12))))
    demonstrations: tuple[Demonstration, ...] = DEMONSTRATIONS

    def make(self) -> TextEnv:
        return Riddle()


def open_riddles(name: str, data: Path | None = None) -> RiddleSuite:
    return RiddleSuite()


def answer_riddle(
    messages: Sequence[BaseMessage], metadata: Mapping[str, str], json_schema: Mapping[str, Any] | None
) -> str:
    """What the model says, from what it is told alone."""
    told = "\n".join(message.text for message in messages)
    if metadata["game"].startswith("extract/"):
        return _operations(told)
    if metadata["decision"] == "reflection":
        return "Reflection: I answered before I had looked; next time I search first."
    return _turn(told, json_schema)


def _turn(told: str, json_schema: Mapping[str, Any] | None) -> str:
    before, _, mine = told.rpartition("Now it is your turn.\n")
    asked = re.search(r"page (\d+)", mine)
    assert asked is not None
    number = int(asked[1])
    num_reflections = before.count("next time I search first")
    knows = skill_of(number) == "with insights" and ADVICE in before
    if num_reflections < _WRONG[skill_of(number)] and not knows:
        return _said(json_schema, "I guess.", "Finish[unknown]", 1)
    found = re.search(r"The word is (\w+)\.", mine)
    if found is None:
        return _said(json_schema, f"I open page {number}.", f"Search[page {number}]", 1)
    return _said(json_schema, f"It says {found[1]}.", f"Finish[{found[1]}]", 2)


def _said(json_schema: Mapping[str, Any] | None, thought: str, action: str, step: int) -> str:
    if json_schema is not None:
        return json.dumps({"thought": thought, "action": action})
    return f"Thought {step}: {thought}\nAction {step}: {action}"


def _operations(told: str) -> str:
    """Operations that build on the list as it stands, so that one carried out twice would be seen."""
    listed = told.partition("These are the insights so far:\n")[2].partition("\n\n")[0]
    numbered = re.findall(r"^\d+\. (.*)$", listed, re.MULTILINE)
    if not numbered:
        return json.dumps({"ops": [{"op": "ADD", "text": ADVICE}]})
    place = len(numbered)
    trades = ("sailors", "bakers", "miners", "tailors", "smiths", "coopers", "weavers", "potters")
    text = f"{trades[place % len(trades)].capitalize()} number {place} keep a ledger of their own sort."
    ops = [{"op": "AGREE", "number": 1 + len(told) % place}, {"op": "ADD", "text": text}]
    return json.dumps({"ops": ops})
