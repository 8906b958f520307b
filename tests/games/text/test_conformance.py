"""The kit passes a sound suite and names each fault of an unsound one."""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from games.errors import GameError
from games.text.conformance import CHECKS, check_other_process, check_suite
from games.text.conformance.__main__ import main
from games.text.conformance.processes import OTHER_HASH_SEED
from games.text.env import Demonstration, Line, StepResult, Task, TextEnv

DOOR = Task(
    id="door", kind="door", goal="Leave.", payload={"turns": 2, "solution": ["turn", "turn", "leave"]}
)
GATE = Task(id="gate", kind="door", goal="Leave.", payload={"turns": 1, "solution": ["turn", "leave"]})
SHOWN = Task(id="shown", kind="door", goal="Leave.", payload={"turns": 0})
DEMONSTRATION = Demonstration(
    task_id="shown",
    kind="door",
    text="A door with 0 locks.",
    lines=(Line("thought", "It is open."), Line("action", "leave"), Line("observation", "You are out.")),
)


class Doors:
    """A sound environment: turn the key as often as there are locks, then leave."""

    def __init__(self) -> None:
        self.locks: int | None = None

    def reset(self, task: Task) -> str:
        self.locks = task.payload["turns"]
        return f"A door with {self.locks} locks."

    def step(self, action: str) -> StepResult:
        if self.locks is None:
            raise GameError("no task is open")
        if action == "turn" and self.locks:
            self.locks -= 1
            return StepResult(observation="Click.")
        if action == "leave" and not self.locks:
            self.locks = None
            return StepResult(observation="You are out.", done=True, success=True, reward=1.0)
        return StepResult(observation="Nothing happens.", valid=False)

    def admissible(self) -> tuple[str, ...] | None:
        return ("turn",) if self.locks else ("leave",)

    def close(self) -> None:
        self.locks = None


@dataclass(frozen=True, kw_only=True)
class DoorSuite:
    name: str = "doors"
    origin: str = "Two doors."
    fingerprint: str = "1"
    tasks: tuple[Task, ...] = (DOOR, GATE)
    demonstrations: tuple[Demonstration, ...] = (DEMONSTRATION,)
    demonstration_tasks: tuple[Task, ...] = (SHOWN,)
    environment: Callable[[], TextEnv] = field(default=Doors)

    def make(self) -> TextEnv:
        return self.environment()


def open_doors(data: Path | None) -> DoorSuite:
    return DoorSuite()


def open_doors_here(data: Path | None) -> DoorSuite:
    """Only in the process of the test."""
    if os.environ.get("PYTHONHASHSEED") == OTHER_HASH_SEED:
        raise GameError("these doors stay shut")
    return DoorSuite()


def open_moody_doors(data: Path | None) -> DoorSuite:
    """Its wording follows the hash seed of the process."""
    return DoorSuite(fingerprint=str(hash("doors")))


class Raising(Doors):
    def step(self, action: str) -> StepResult:
        if action == "[":
            raise KeyError(action)
        return super().step(action)


class Lenient(Doors):
    def step(self, action: str) -> StepResult:
        return replace(super().step(action), valid=True)


class Disturbed(Doors):
    """Nonsense turns the key."""

    def step(self, action: str) -> StepResult:
        result = super().step(action)
        if not result.valid and self.locks:
            self.locks -= 1
        return result


class Endless(Doors):
    def step(self, action: str) -> StepResult:
        return StepResult(observation="Over.") if self.locks is None else super().step(action)


class Forgetful(Doors):
    """What one episode did is seen in the next."""

    visits = 0

    def reset(self, task: Task) -> str:
        Forgetful.visits += 1
        return f"{super().reset(task)} You were here {self.visits} times."


class Random(Doors):
    def step(self, action: str) -> StepResult:
        result = super().step(action)
        return replace(result, observation=f"{result.observation} {random.random()}")


class Misleading(Doors):
    def admissible(self) -> tuple[str, ...] | None:
        return ("fly",)


class Repeating(Doors):
    def admissible(self) -> tuple[str, ...] | None:
        return (*(super().admissible() or ()), *(super().admissible() or ()))


class Stuck(Doors):
    def admissible(self) -> tuple[str, ...] | None:
        return ()


class Generous(Doors):
    def step(self, action: str) -> StepResult:
        return replace(super().step(action), reward=2.0)


class Early(Doors):
    def step(self, action: str) -> StepResult:
        return replace(super().step(action), success=True)


def _shown(**changes: Any) -> dict[str, Any]:
    return {"demonstrations": (replace(DEMONSTRATION, **changes),)}


def test_a_sound_suite_passes() -> None:
    check_suite(DoorSuite())


def test_a_suite_whose_actions_cannot_be_listed_passes() -> None:
    class Unlisted(Doors):
        def admissible(self) -> tuple[str, ...] | None:
            return None

    check_suite(DoorSuite(environment=Unlisted))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"tasks": ()}, "has no tasks"),
        ({"tasks": (DOOR, DOOR)}, "the id 'door' occurs 2 times"),
        ({"tasks": (DOOR, replace(GATE, id="shown"))}, "the id 'shown' occurs 2 times"),
        ({"tasks": (replace(DOOR, goal="One.\nTwo."),)}, "the goal is one line"),
        ({"tasks": (replace(DOOR, payload={"turns": 2, "keys": (1, 2)}),)}, "comes back from JSON"),
        ({"tasks": (replace(DOOR, payload={"turns": 2, "keys": {1}}),)}, "not plain data"),
        ({"tasks": (replace(DOOR, payload={"turns": 2, "width": float("nan")}),)}, "not plain data"),
        ({"fingerprint": ""}, "fingerprint"),
        ({"tasks": (replace(DOOR, payload={"turns": 3, "solution": ["turn"]}),)}, "its solution ends with"),
        ({"tasks": (replace(DOOR, payload={"turns": 3, "solution": []}),)}, "its solution is empty"),
        (
            {"tasks": (replace(DOOR, payload={"turns": 0, "solution": ["leave", "turn"]}),)},
            "is over after 1 actions",
        ),
        (
            {"tasks": (replace(DOOR, payload={"turns": 0, "solution": ["turn", "leave"]}),)},
            r"invalid actions \['turn'\]",
        ),
        ({"environment": Raising}, r"'\[' raises KeyError"),
        ({"environment": Lenient}, "nonsense"),
        ({"environment": Disturbed}, "after nonsense"),
        ({"environment": Endless}, "before a task is open"),
        ({"environment": Forgetful}, "played again"),
        ({"environment": Random}, "played again"),
        ({"environment": Misleading}, "'fly' is listed but answered"),
        ({"environment": Repeating}, "listed twice"),
        ({"environment": Stuck}, "nothing can be done after 0 actions"),
        ({"environment": Generous}, "reward 2.0"),
        ({"environment": Early}, "success, but the episode goes on"),
        ({"demonstration_tasks": ()}, "no such task in `demonstration_tasks`"),
        ({"demonstrations": (DEMONSTRATION, DEMONSTRATION)}, "2 demonstrations of shown"),
        (_shown(task_id="door"), "one of the suite's own tasks"),
        (_shown(kind="window"), "no task of its kind 'window'"),
        (_shown(text="A door with no locks."), "opens with 'A door with 0 locks.'"),
        (_shown(lines=DEMONSTRATION.lines[:-1]), "ends with an observation"),
        (
            _shown(lines=(*DEMONSTRATION.lines[:-1], Line("observation", "Out."))),
            "line 3: the environment says",
        ),
        (_shown(lines=(Line("thought", " "), *DEMONSTRATION.lines[1:])), "line 1: it is empty"),
        (_shown(lines=(DEMONSTRATION.lines[2],)), "line 1: an observation follows an action"),
        (
            _shown(lines=(Line("action", "fly"), Line("observation", "Nothing happens."))),
            "not a valid action",
        ),
        (
            {
                **_shown(
                    text="A door with 2 locks.",
                    lines=(Line("action", "turn"), Line("observation", "Click.")),
                ),
                "demonstration_tasks": (replace(SHOWN, payload={"turns": 2}),),
            },
            "ends without success",
        ),
    ],
)
def test_a_fault_is_named(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        check_suite(DoorSuite(**changes))


def test_the_suite_is_the_same_in_another_process() -> None:
    check_other_process("tests.games.text.test_conformance:open_doors")


def test_a_suite_that_follows_the_hash_seed_is_found() -> None:
    with pytest.raises(AssertionError, match="sees another"):
        check_other_process("tests.games.text.test_conformance:open_moody_doors")


def test_an_opener_that_fails_in_another_process_is_reported() -> None:
    with pytest.raises(AssertionError, match="another process fails: these doors stay shut"):
        check_other_process("tests.games.text.test_conformance:open_doors_here")


def test_the_command_tells_each_check_and_fails_when_one_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tests.games.text.test_conformance:open_doors"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"ok      {name}" for name in (*CHECKS, "other_process")]
    assert main(["tests.games.text.test_conformance:open_moody_doors"]) == 1
    assert "FAILED  other_process" in capsys.readouterr().out


def test_the_command_names_an_unknown_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere"]) == 2
    assert "no environment 'nowhere'" in capsys.readouterr().err
