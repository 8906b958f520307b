"""Episodes that the checks play: a task's solution, or a seeded stroll with nonsense in between.

A walk depends on the suite, the task and the seed alone, never on the hash seed of the process.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from games.text.env import StepResult, Suite, Task, TextEnv, digest

NONSENSE: tuple[str, ...] = (
    "",
    "   ",
    "qwxzy vlorp 17",
    "[",
    "]]][[[",
    "qwxzy[vlorp]",
    "ß\u202e\x00\n💥",
    "x" * 5000,
)
"""No environment can mean any of these."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How much is played."""

    tasks: int = 6
    """Tasks that are played, drawn evenly from all kinds."""
    steps: int = 12
    """Actions of a stroll, at most."""
    seed: int = 0


MODEST = Effort()


@dataclass(frozen=True, slots=True)
class Walk:
    """An episode as it went."""

    task: Task
    opening: str
    actions: tuple[str, ...]
    results: tuple[StepResult, ...]

    @property
    def digests(self) -> tuple[str, ...]:
        """Of all that was told, in the order that `games.text.env.play_again` takes."""
        return digest(self.opening), *(digest(result.observation) for result in self.results)

    @property
    def done(self) -> bool:
        return bool(self.results) and self.results[-1].done


def chosen_tasks(suite: Suite, effort: Effort) -> tuple[Task, ...]:
    """Some tasks, the kinds in turn and each kind's in an order that the seed gives."""
    of_kind: dict[str, list[Task]] = {}
    for task in suite.tasks:
        of_kind.setdefault(task.kind, []).append(task)
    for kind, tasks in of_kind.items():
        random.Random(f"{effort.seed}:{kind}").shuffle(tasks)
    longest = max((len(tasks) for tasks in of_kind.values()), default=0)
    in_turn = [tasks[place] for place in range(longest) for tasks in of_kind.values() if place < len(tasks)]
    return tuple(in_turn[: effort.tasks])


def solution_of(task: Task) -> tuple[str, ...] | None:
    """The actions that the task's payload says solve it."""
    solution = task.payload.get("solution")
    return None if solution is None else tuple(solution)


def take_step(env: TextEnv, task: Task, action: str) -> StepResult:
    """Carry out an action in the middle of an episode.

    Raises:
        AssertionError: the environment raises, whatever it is.
    """
    try:
        return env.step(action)
    except Exception as error:
        raise AssertionError(f"task {task.id}: {action!r:.80} raises {error!r}") from error


def play(env: TextEnv, task: Task, actions: Sequence[str]) -> Walk:
    """Carry out these actions, as far as the episode lasts."""
    opening = env.reset(task)
    results: list[StepResult] = []
    for action in actions:
        results.append(take_step(env, task, action))
        if results[-1].done:
            break
    return Walk(task, opening, tuple(actions[: len(results)]), tuple(results))


def stroll(env: TextEnv, suite: Suite, task: Task, effort: Effort) -> Walk:
    """Draw actions from what the environment lists, or else from the suite's demonstrations and solutions."""
    draws = random.Random(f"{effort.seed}:{task.id}")
    free = _actions_seen(suite, task)
    opening = env.reset(task)
    actions: list[str] = []
    results: list[StepResult] = []
    while len(actions) < effort.steps and not (results and results[-1].done):
        actions.append(_draw(env, draws, free))
        results.append(take_step(env, task, actions[-1]))
    return Walk(task, opening, tuple(actions), tuple(results))


def walks(suite: Suite, effort: Effort) -> Iterator[Walk]:
    """A stroll in each chosen task, and its solution where it has one."""
    env = suite.make()
    try:
        for task in chosen_tasks(suite, effort):
            yield stroll(env, suite, task, effort)
            solution = solution_of(task)
            if solution is not None:
                yield play(env, task, solution)
    finally:
        env.close()


def _draw(env: TextEnv, draws: random.Random, free: Sequence[str]) -> str:
    listed = env.admissible()
    if draws.random() < 0.25:
        return draws.choice(NONSENSE)
    return draws.choice(listed or free or NONSENSE)


def _actions_seen(suite: Suite, task: Task) -> tuple[str, ...]:
    shown = [line.text for shown in suite.demonstrations for line in shown.lines if line.kind == "action"]
    return (*shown, *(solution_of(task) or ())[:-1])
