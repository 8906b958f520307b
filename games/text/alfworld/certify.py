"""Whether games can be won: each one's walkthrough, played on the engine."""

from collections.abc import Iterator

from games.errors import GameError
from games.text.alfworld.environment import AlfworldEnv
from games.text.alfworld.suite import AlfworldSuite
from games.text.env import Task


def certify(suite: AlfworldSuite) -> Iterator[tuple[Task, str | None]]:
    """Each task, with what is wrong with its walkthrough; None if it wins."""
    env = suite.make()
    try:
        for task in suite.tasks:
            yield task, _fault(env, task, suite.text_of(task).walkthrough)
    finally:
        env.close()


def _fault(env: AlfworldEnv, task: Task, walkthrough: tuple[str, ...]) -> str | None:
    if not walkthrough:
        return "it has no walkthrough"
    try:
        env.reset(task)
    except GameError as error:
        return str(error)
    for place, command in enumerate(walkthrough, start=1):
        step = env.step(command)
        if not step.valid:
            return f"command {place} of its walkthrough, {command!r}, cannot be carried out"
        if step.success:
            return None
    return f"its walkthrough of {len(walkthrough)} commands does not win"
