"""What a conversation is: lines as plain JSON values, so that a checkpoint can be read and resumed."""

import operator
from typing import Annotated, Any, Literal, NotRequired, TypedDict


class PackedCall(TypedDict):
    """A use of a tool that the model wants."""

    id: str
    tool: str
    arguments: dict[str, Any]
    fault: NotRequired[str]
    """Why the arguments could not be read; there are none then."""


class Line(TypedDict):
    """One entry of the conversation.

    A line of the assistant with calls is followed by a line of `tool` for each of them, unless the turn was
    stopped in between.
    """

    role: Literal["user", "memory", "assistant", "tool"]
    text: str
    calls: NotRequired[list[PackedCall]]
    call: NotRequired[str]
    """The id of the call that a line of `tool` answers."""
    refused: NotRequired[bool]
    """Whether the call was not allowed, by a person or by a rule."""
    thought: NotRequired[str]
    """What the model thought before it answered, where its form has a place for that."""


class Verdict(TypedDict):
    """What a person said to a call that needed to be allowed."""

    allowed: bool
    note: str


class AssistantState(TypedDict, total=False):
    """A conversation and where its present turn stands."""

    lines: Annotated[list[Line], operator.add]
    turn: int
    step: int
    waiting: list[PackedCall]
    """Calls of the present step that are still to be made, in order."""
    verdict: Verdict


def this_turn(lines: list[Line]) -> list[Line]:
    """The lines since the user spoke last."""
    for place in range(len(lines) - 1, -1, -1):
        if lines[place]["role"] == "user":
            return lines[place:]
    return []


def last_answer(lines: list[Line]) -> str:
    """What the assistant answered to the turn that has just ended."""
    last = lines[-1]
    assert last["role"] == "assistant" and not last.get("calls"), "a turn ends with an answer"
    return last["text"]
