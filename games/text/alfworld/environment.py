"""One ALFWorld task at a time."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from games.errors import GameError
from games.text.alfworld.dialects import Dialect, dialect_of, in_dialect
from games.text.alfworld.game_text import GameText
from games.text.alfworld.official import require_engine
from games.text.env import StepResult, Task

if TYPE_CHECKING:
    from games.text.alfworld.engine import HouseEngine

WORDING = 2
"""Raised when an observation changes."""
NOTHING_HAPPENS = "Nothing happens."
SOLVED = "Task is SOLVED."

_ARRIVED_AT_PLACE = re.compile(r"You arrive at loc \d+\. ")


class AlfworldEnv:
    """Plays household games."""

    def __init__(self, text_of: Callable[[Task], GameText]) -> None:
        require_engine()
        self._text_of = text_of
        self._engine: HouseEngine | None = None
        self._dialect: Dialect = "move"
        self._open = False

    def reset(self, task: Task) -> str:
        """Open a task and give its text: the room at first sight and what is asked.

        Raises:
            GameError: the task is unknown, or its game cannot be read.
        """
        from games.text.alfworld.engine import HouseEngine

        text = self._text_of(task)
        if self._engine is None:
            self._engine = HouseEngine()
        self._open = False
        try:
            opening = self._engine.load(text.domain, text.grammar, text.problem)
        except GameError as error:
            raise GameError(f"task {task.id}: {error}") from error
        self._dialect = dialect_of(self._engine.templates)
        self._open = True
        _, *paragraphs = opening.split("\n\n")  # the first is a banner
        return "\n".join(paragraphs)

    def step(self, action: str) -> StepResult:
        """Carry out an action; capitals, blanks and a full stop at the end do not matter.

        Raises:
            GameError: no task is open, or it is solved.
        """
        if self._engine is None or not self._open:
            raise GameError("no task is open: call reset first")
        command, translated = in_dialect(" ".join(action.lower().split()).rstrip(" ."), self._dialect)
        seen = self._engine.act(command)
        if seen is None:
            return StepResult(observation=NOTHING_HAPPENS, valid=False, translated=translated)
        if self._engine.won:
            self._open = False
            return StepResult(observation=SOLVED, done=True, success=True, reward=1.0, translated=translated)
        return StepResult(observation=without_numbered_place(seen), translated=translated)

    def admissible(self) -> tuple[str, ...]:
        """Every command that can be carried out now, in the wording of the game.

        Raises:
            GameError: no task is open, or it is solved.
        """
        if self._engine is None or not self._open:
            raise GameError("no task is open: call reset first")
        return self._engine.commands

    def close(self) -> None:
        """Let go of the engine."""
        if self._engine is not None:
            self._engine.close()
        self._engine, self._open = None, False


def without_numbered_place(observation: str) -> str:
    """Without the number of a place, which older games tell and no command takes."""
    return _ARRIVED_AT_PLACE.sub("", observation, count=1)
