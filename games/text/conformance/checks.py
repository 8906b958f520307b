"""The promises of `games.text.env`, one function each: all raise `AssertionError` and say where."""

import json
import pickle
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

from games.errors import GameError
from games.text.conformance.walks import (
    MODEST,
    NONSENSE,
    Effort,
    Walk,
    chosen_tasks,
    play,
    solution_of,
    stroll,
    take_step,
    walks,
)
from games.text.env import Demonstration, Drift, StepResult, Suite, Task, TextEnv, play_again


@runtime_checkable
class ShowsOtherTasks(Protocol):
    """A suite whose demonstrations are on tasks that are not among its own."""

    @property
    def demonstration_tasks(self) -> tuple[Task, ...]: ...


def check_suite(suite: Suite, effort: Effort = MODEST) -> None:
    """Raise `AssertionError` unless the suite keeps every promise that can be seen from one process."""
    for check in CHECKS.values():
        check(suite, effort)


def tasks_are_plain_data(suite: Suite, effort: Effort) -> None:
    """Ids occur once, goals are one line, payloads are JSON and all of it can go to another process."""
    _must(bool(suite.tasks), f"{suite.name} has no tasks")
    _must(
        bool(suite.name and suite.origin and suite.fingerprint), "name, origin and fingerprint say something"
    )
    counts = Counter(task.id for task in (*suite.tasks, *_other_tasks(suite)))
    for task in (*suite.tasks, *_other_tasks(suite)):
        _must(bool(task.id) and counts[task.id] == 1, f"the id {task.id!r} occurs {counts[task.id]} times")
        _must(bool(task.kind), f"task {task.id} has no kind")
        _must(len(task.goal.splitlines()) == 1, f"task {task.id}: the goal is one line, not {task.goal!r}")
        payload = dict(task.payload)
        try:
            same = json.loads(json.dumps(payload, allow_nan=False))
            pickle.dumps(task)
        except (TypeError, ValueError, pickle.PicklingError) as error:
            raise AssertionError(f"task {task.id} is not plain data: {error}") from error
        _must(same == payload, f"task {task.id}: its payload comes back from JSON as {same!r:.200}")


def episodes_replay(suite: Suite, effort: Effort) -> None:
    """The same actions give the same answers: in the same environment after others, and in a fresh one
    that got its task from a file."""
    seen = list(walks(suite, effort))
    for walk in seen:
        _answers_are_sound(walk)
    used, fresh = suite.make(), suite.make()
    try:
        for walk in reversed(seen):
            again = play(used, walk.task, walk.actions)
            _must(again == walk, f"task {walk.task.id} played again: {again}\nat first: {walk}")
            stored = replace(walk.task, payload=json.loads(json.dumps(dict(walk.task.payload))))
            try:
                play_again(fresh, stored, walk.actions, walk.digests)
            except Drift as drift:
                raise AssertionError(f"played again, {drift}") from drift
    finally:
        used.close()
        fresh.close()


def nonsense_is_answered(suite: Suite, effort: Effort) -> None:
    """What makes no sense is not raised, is not valid, and changes nothing that follows."""
    env = suite.make()
    try:
        for task in chosen_tasks(suite, effort):
            plain = _sensible(env, suite, task, effort)
            env.reset(task)
            for place, action in enumerate(plain.actions):
                _refuse(env, task, NONSENSE[place % len(NONSENSE)])
                again = take_step(env, task, action)
                _must(
                    again == plain.results[place],
                    f"task {task.id}: after nonsense {action!r} gives {again}, else {plain.results[place]}",
                )
            env.reset(task)
            for nonsense in NONSENSE:
                _refuse(env, task, nonsense)
    finally:
        env.close()


def order_is_kept(suite: Suite, effort: Effort) -> None:
    """No step before a task is open nor after its end, and a new task may be opened at any time."""
    env = suite.make()
    try:
        _must_raise(env, NONSENSE[2], "before a task is open")
        for walk in walks(suite, effort):
            opening = env.reset(walk.task)
            _must(opening == walk.opening, f"task {walk.task.id}: opened again it says {opening!r:.200}")
            for action in walk.actions:
                take_step(env, walk.task, action)
            if walk.done:
                for action in (walk.actions[-1], NONSENSE[2]):
                    _must_raise(env, action, f"after the end of task {walk.task.id}")
    finally:
        env.close()


def listed_actions_are_valid(suite: Suite, effort: Effort) -> None:
    """Where the environment lists what can be done, each of it can."""
    env = suite.make()
    try:
        for task in chosen_tasks(suite, effort):
            _stroll_by_the_list(env, task, effort)
    finally:
        env.close()


def demonstrations_replay(suite: Suite, effort: Effort) -> None:
    """Examples are sound episodes that end in success, word by word, and give none of the tasks away."""
    own = {task.id for task in suite.tasks}
    known = {task.id: task for task in _other_tasks(suite)}
    kinds = {task.kind for task in suite.tasks}
    shown = Counter(demonstration.task_id for demonstration in suite.demonstrations)
    env = suite.make()
    try:
        for demonstration in suite.demonstrations:
            name = demonstration.task_id
            _must(shown[name] == 1, f"there are {shown[name]} demonstrations of {name}")
            _must(name not in own, f"the demonstration of {name} shows one of the suite's own tasks")
            _must(name in known, f"the demonstration of {name}: no such task in `demonstration_tasks`")
            _must(
                demonstration.kind == known[name].kind and demonstration.kind in kinds,
                f"the demonstration of {name}: there is no task of its kind {demonstration.kind!r}",
            )
            _replay(env, demonstration, known[name])
    finally:
        env.close()


def solutions_solve(suite: Suite, effort: Effort) -> None:
    """Where a task names its solution, its last action and no earlier one ends it, with the full reward."""
    env = suite.make()
    try:
        for task in chosen_tasks(suite, effort):
            solution = solution_of(task)
            if solution is not None:
                _must(bool(solution), f"task {task.id}: its solution is empty")
                walk = play(env, task, solution)
                solved = walk.done and walk.results[-1].success and walk.results[-1].reward == 1
                _must(solved, f"task {task.id}: its solution ends with {walk.results[-1]}")
                _must(walk.actions == solution, f"task {task.id} is over after {len(walk.actions)} actions")
                refused = [a for a, result in zip(solution, walk.results, strict=True) if not result.valid]
                _must(not refused, f"task {task.id}: its solution holds invalid actions {refused}")
    finally:
        env.close()


CHECKS: Mapping[str, Callable[[Suite, Effort], None]] = {
    check.__name__: check
    for check in (
        tasks_are_plain_data,
        episodes_replay,
        nonsense_is_answered,
        order_is_kept,
        listed_actions_are_valid,
        demonstrations_replay,
        solutions_solve,
    )
}


def _sensible(env: TextEnv, suite: Suite, task: Task, effort: Effort) -> Walk:
    walk = stroll(env, suite, task, effort)
    return play(env, task, [action for action in walk.actions if action not in NONSENSE])


def _stroll_by_the_list(env: TextEnv, task: Task, effort: Effort) -> None:
    env.reset(task)
    for place in range(effort.steps):
        listed = env.admissible()
        if listed is None:
            return
        _must(bool(listed), f"task {task.id}: nothing can be done after {place} actions, and it is not over")
        _must(len(set(listed)) == len(listed), f"task {task.id}: actions are listed twice: {listed}")
        # Strides that share no factor with most list lengths, so that many kinds of action get their turn.
        action = listed[(effort.seed + place * 7 + len(task.id)) % len(listed)]
        result = take_step(env, task, action)
        _must(result.valid, f"task {task.id}: {action!r} is listed but answered {result.observation!r}")
        if result.done:
            return


def _replay(env: TextEnv, demonstration: Demonstration, task: Task) -> None:
    where = f"the demonstration of {task.id}"
    opening = env.reset(task)
    _must(demonstration.text == opening, f"{where} opens with {opening!r}, not {demonstration.text!r}")
    _must(
        bool(demonstration.lines) and demonstration.lines[-1].kind == "observation",
        f"{where} ends with an observation",
    )
    awaited: StepResult | None = None
    for place, line in enumerate(demonstration.lines, start=1):
        _must(bool(line.text.strip()), f"{where}, line {place}: it is empty")
        if (line.kind == "observation") != (awaited is not None):
            raise AssertionError(f"{where}, line {place}: an observation follows an action and nothing else")
        if line.kind == "action":
            awaited = take_step(env, task, line.text)
            _must(awaited.valid, f"{where}, line {place}: {line.text!r} is not a valid action")
            last = awaited
        elif line.kind == "observation" and awaited is not None:
            _must(
                line.text == awaited.observation,
                f"{where}, line {place}: the environment says {awaited.observation!r}, not {line.text!r}",
            )
            awaited = None
    _must(last.done and last.success, f"{where} ends without success: {last}")


def _answers_are_sound(walk: Walk) -> None:
    for action, result in zip(walk.actions, walk.results, strict=True):
        where = f"task {walk.task.id}, {action!r:.80}"
        _must(bool(result.observation), f"{where}: no answer")
        _must(0 <= result.reward <= 1, f"{where}: reward {result.reward}")
        _must(result.done or not result.success, f"{where}: success, but the episode goes on")
        _must(result.reward > 0 or not result.success, f"{where}: success without reward")
    _must(bool(walk.opening.strip()), f"task {walk.task.id} opens with nothing")


def _refuse(env: TextEnv, task: Task, nonsense: str) -> None:
    result = take_step(env, task, nonsense)
    _must(
        not result.valid and not result.done and not result.success and bool(result.observation),
        f"task {task.id}: nonsense {nonsense!r:.80} is answered {result}",
    )


def _must_raise(env: TextEnv, action: str, when: str) -> None:
    try:
        result = env.step(action)
    except GameError:
        return
    raise AssertionError(f"{when} {action!r:.80} is answered {result}, not refused with a GameError")


def _other_tasks(suite: Suite) -> tuple[Task, ...]:
    return suite.demonstration_tasks if isinstance(suite, ShowsOtherTasks) else ()


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)
