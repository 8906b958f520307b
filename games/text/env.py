"""The one protocol of text environments: a task is opened, actions are typed, observations come back.

An environment is deterministic: the same task and the same actions give the same observations in every
process. That is what lets a killed run go on: the actions are played again and compared (`play_again`).
No environment object is ever stored or sent anywhere; a `Task` is plain data and may be.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from games.errors import GameError

LineKind = Literal["thought", "action", "observation"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Something to be achieved, as plain data."""

    id: str
    """Never changes and never occurs twice in a suite; a task's text may."""
    kind: str
    """The kind of task within its suite, such as `clean`: examples are chosen among the same kind."""
    goal: str
    """One line that says what is asked, for people and lists."""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """What the environment needs to open the task: JSON values only, in plain dicts and lists, so that a task
    can be sent to another process."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepResult:
    """What an action brought about."""

    observation: str
    done: bool = False
    """The environment takes no further action."""
    success: bool = False
    reward: float = 0.0
    """Of the whole episode so far, from 0 to 1."""
    valid: bool = True
    """Whether the action was one that the environment knows and could carry out now."""
    translated: bool = False
    """Whether the action was written in another dialect of the environment and understood all the same."""


class TextEnv(Protocol):
    """One episode at a time. Used from one thread at a time."""

    def reset(self, task: Task) -> str:
        """Open a task and give its text: all that the actor is told before the first action.

        Raises:
            GameError: the task cannot be opened.
        """

    def step(self, action: str) -> StepResult:
        """Carry out one action, whatever it says: what makes no sense is answered, not raised.

        Raises:
            GameError: no task is open, or the episode is over.
        """

    def admissible(self) -> tuple[str, ...] | None:
        """Every action that makes sense now; None where they cannot be listed, as with free text."""

    def close(self) -> None:
        """Let go of what the environment holds."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a demonstration or trajectory."""

    kind: LineKind
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Demonstration:
    """A solved task with its thoughts, written by people: what an actor is shown as an example."""

    task_id: str
    kind: str
    text: str
    """The task's text as `TextEnv.reset` gives it."""
    lines: tuple[Line, ...]
    """Starts with a thought or an action; every action is followed by its observation."""


class Suite(Protocol):
    """Tasks, and what plays them."""

    @property
    def name(self) -> str:
        """Such as `alfworld`."""

    @property
    def origin(self) -> str:
        """One sentence for reports: which tasks these are and where they come from."""

    @property
    def fingerprint(self) -> str:
        """Changes when the wording or the rules of the environment do."""

    @property
    def tasks(self) -> tuple[Task, ...]: ...

    @property
    def demonstrations(self) -> tuple[Demonstration, ...]: ...

    def make(self) -> TextEnv:
        """A fresh environment.

        Raises:
            GameError: its engine is not installed.
        """


class Drift(GameError):
    """A replayed episode went another way than the recorded one."""


def digest(observation: str) -> str:
    """What is kept of an observation to recognise it."""
    return hashlib.sha256(observation.encode()).hexdigest()[:16]


def play_again(env: TextEnv, task: Task, actions: Sequence[str], digests: Sequence[str]) -> None:
    """Bring a fresh environment to where a recorded episode stopped.

    Args:
        digests: Of the task's text and of each action's observation, in order.

    Raises:
        Drift: an observation is not the recorded one.
    """
    seen = [env.reset(task), *(env.step(action).observation for action in actions)]
    for place, (text, known) in enumerate(zip(seen, digests, strict=True)):
        if digest(text) != known:
            where = "the task's text" if place == 0 else f"action {place} ({actions[place - 1]!r})"
            raise Drift(f"task {task.id}: {where} gave another observation than recorded")
