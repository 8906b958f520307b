"""Playing tasks."""

import json
import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from games.errors import GameError
from games.text.alfworld import official
from games.text.alfworld.environment import AlfworldEnv, without_numbered_place
from games.text.alfworld.game_text import game_text
from games.text.alfworld.games import Game
from games.text.alfworld.suite import open_suite
from games.text.env import Task, digest, play_again

ROOT = Path(__file__).parents[4]
engine_needed = pytest.mark.usefixtures("engine_installed")


def task_of(game: Game) -> Task:
    return Task(id=game.id, kind=game.kind, goal=game.sentence)


@engine_needed
def test_a_task_opens_with_the_room_and_the_goal_and_its_walkthrough_solves_it(
    games: tuple[Game, ...],
) -> None:
    suite = open_suite()
    env = suite.make()
    game = games[0]
    text = env.reset(suite.tasks[0])
    room, goal = text.split("\n")
    assert room.startswith("You are in the middle of a room. Looking quickly around you, you see a ")
    assert goal == f"Your task is to: {game.sentence}."
    steps = [env.step(command) for command in game.walkthrough]
    assert all(step.valid and not step.translated for step in steps)
    assert not any(step.done or step.success for step in steps[:-1])
    assert (steps[-1].observation, steps[-1].done, steps[-1].success) == ("Task is SOLVED.", True, True)
    assert steps[-1].reward == 1.0 and steps[0].reward == 0.0
    with pytest.raises(GameError, match="reset first"):
        env.step("look")
    env.close()


@engine_needed
def test_what_makes_no_sense_happens_not_and_changes_nothing(games: tuple[Game, ...]) -> None:
    env = open_suite().make()
    env.reset(task_of(games[0]))
    before = env.admissible()
    for nonsense in (
        "",
        "fly away",
        "take pan 1 from fridge 1",
        "go to fridge 9",
        "put pan 1 in/on shelf 1",
        "🦊",
    ):
        step = env.step(nonsense)
        assert (step.observation, step.valid, step.done) == ("Nothing happens.", False, False)
    assert env.admissible() == before
    env.close()


@engine_needed
def test_every_admissible_command_is_valid_and_capitals_and_blanks_do_not_matter(
    games: tuple[Game, ...],
) -> None:
    env = open_suite().make()
    game = games[1]
    task = task_of(game)
    env.reset(task)
    for command in env.admissible():
        env.reset(task)
        assert env.step(command).valid, command
    env.reset(task)
    written = env.step(f"  {game.walkthrough[0].replace(' ', '  ').upper()}. ")
    env.reset(task)
    assert env.step(game.walkthrough[0]) == written and written.valid
    env.close()


@engine_needed
def test_one_policy_solves_old_and_new_games_in_one_run_through_translation(games: tuple[Game, ...]) -> None:
    game = games[0]
    texts = {"new": game_text(game), "old": game_text(game, "put")}
    env = AlfworldEnv(lambda task: texts[task.id])
    for age, native, foreign in (
        ("new", "move {} to {}", "put {} in/on {}"),
        ("old", "put {} in {}", "move {} to {}"),
    ):
        for wording, translated in ((native, False), (foreign, True)):
            env.reset(Task(id=age, kind=game.kind, goal=game.sentence))
            *others, last = game.walkthrough
            for command in others:
                step = env.step(command)
                assert step.valid and "loc" not in step.observation
            _, thing, place = last.replace("move ", "|").replace(" to ", "|").split("|")
            step = env.step(wording.format(thing, place))
            assert (step.success, step.translated) == (True, translated)
    env.close()


@engine_needed
def test_places_by_number_are_left_out_and_nothing_else() -> None:
    assert (
        without_numbered_place("You arrive at loc 31. The fridge 1 is closed.") == "The fridge 1 is closed."
    )
    kept = "You arrive at shelf 1. On the shelf 1, you see nothing."
    assert without_numbered_place(kept) == kept


_PLAY = """
import json, sys
from games.text.alfworld.suite import open_suite
suite = open_suite()
env = suite.make()
task = suite.tasks[3]
seen = [env.reset(task)]
for _ in range(6):
    commands = env.admissible()
    seen += [commands, env.step(commands[len(commands) // 2]).observation]
print(json.dumps([suite.fingerprint, seen]))
"""


@engine_needed
def test_another_process_sees_the_same_and_a_killed_episode_goes_on() -> None:
    other = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PLAY],
        env={**os.environ, "PYTHONHASHSEED": "17", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    fingerprint, (text, *rest) = json.loads(other.stdout)
    actions = [commands[len(commands) // 2] for commands in rest[0::2]]
    suite = open_suite()
    assert suite.fingerprint == fingerprint
    env = suite.make()
    env.reset(suite.tasks[3])
    for commands, action in zip(rest[0::2], actions, strict=True):
        assert list(env.admissible()) == commands
        env.step(action)
    play_again(
        env, suite.tasks[3], actions, [digest(text), *(digest(observation) for observation in rest[1::2])]
    )
    env.close()


def test_without_the_engine_tasks_are_listed_and_playing_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_spec(name: str) -> ModuleSpec | None:
        return None if name == "textworld" else ModuleSpec(name, None)

    monkeypatch.setattr(official, "find_spec", find_spec)
    suite = open_suite()
    assert len(suite.tasks) == 60
    with pytest.raises(GameError, match=r"textworld is not installed: pip install 'nimue\[alfworld\]'"):
        suite.make()


def test_opening_the_suite_imports_no_engine() -> None:
    code = (
        "import sys; from games.text.suites import open_suite; open_suite('alfworld').demonstrations; "
        "print(sorted({'textworld', 'alfworld', 'fast_downward', 'numpy'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.strip() == "[]"


@engine_needed
def test_an_environment_that_is_closed_or_never_opened_says_so(games: tuple[Game, ...]) -> None:
    env = open_suite().make()
    with pytest.raises(GameError, match="reset first"):
        env.step("look")
    env.reset(task_of(games[0]))
    env.close()
    env.close()
    with pytest.raises(GameError, match="reset first"):
        env.admissible()
    with pytest.raises(GameError, match="no such ALFWorld game"):
        env.reset(Task(id="train/none", kind="put", goal=""))
