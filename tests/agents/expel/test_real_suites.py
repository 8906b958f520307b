"""Runs over the environments themselves, by a player who knows the way."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from agents.expel.pipeline import Prepared, prepare, work_on
from agents.expel.session import Means
from agents.expel.settings import ExpelSettings
from agents.llm.model import ModelOptions
from agents.react.lines import Form
from agents.runs.folder import RunFolder
from games.errors import GameError
from games.text.alfworld.official import require_engine
from games.text.alfworld.suite import bundled_games
from games.text.env import Task
from memory.embedders import open_embedder
from tests.agents.expel.riddle_runs import Asked, attempts, fresh_run

FORMS: tuple[Form, ...] = ("lines", "turns", "json")
PLAN = "I go on as planned."


def guide(solutions: Mapping[str, Sequence[str]], form: Form, *, lost_at_first: bool = False) -> Asked:
    """A player who follows each task's solution, perhaps with a short cut in the first trial."""

    def reply(messages: list[BaseMessage], metadata: Mapping[str, str], schema: Any) -> str:
        if metadata["decision"] == "reflection":
            return "Next plan: I follow the way that I know."
        task, _, trial = metadata["game"].removeprefix("gather/gather/").rsplit("/", 2)
        way = solutions[task]
        if lost_at_first and trial == "0":
            way = [*way[:2], way[-1]]
        action = way[int(metadata["decision"]) - 1]
        return json.dumps({"thought": PLAN, "action": action}) if form == "json" else f"Action: {action}"

    return Asked(reply)


def ready(folder: Path, env: str, form: Form, **changes: Any) -> Prepared:
    settings = {
        "env": env, "model": "scripted", "memory": str(folder / "memory"), "embedder": "hash", "tasks": 3,
        "phases": ("gather",), "form": form,
    }  # fmt: skip
    return prepare(ExpelSettings(**{**settings, **changes}))


def solutions_of(tasks: Sequence[Task]) -> dict[str, list[str]]:
    return {task.id: list(task.payload["solution"]) for task in tasks}


async def gather(folder: Path, prepared: Prepared, asked: Asked) -> RunFolder:
    run = fresh_run(folder)
    await work_on(
        run,
        prepared,
        embedder=open_embedder("hash"),
        means=Means(num_workers=1),
        options=ModelOptions(),
        watch=lambda kind, data: None,
        open_models=asked.open,
    )
    return run


@pytest.mark.parametrize(("env", "form"), [*(("hotpotqa", form) for form in FORMS), ("fever", "turns")])
async def test_questions_and_claims_are_solved_by_who_knows_the_way(
    tmp_path: Path, env: str, form: Form
) -> None:
    prepared = ready(tmp_path, env, form)
    asked = guide(solutions_of(prepared.suite.tasks), form)
    ended = attempts(await gather(tmp_path, prepared, asked), "gather")
    assert [(one["outcome"], one["invalid"], one["trial"]) for one in ended] == [("success", 0, 0)] * 3
    for one in ended:
        assert one["steps"] == len(solutions_of(prepared.suite.tasks)[one["task"]])


@pytest.mark.parametrize("form", FORMS)
async def test_purchases_are_made_and_a_failed_one_does_not_leak_its_score(
    tmp_path: Path, form: Form
) -> None:
    prepared = ready(tmp_path, "webshop", form)
    asked = guide(solutions_of(prepared.suite.tasks), form, lost_at_first=True)
    ended = attempts(await gather(tmp_path, prepared, asked), "gather")
    outcomes = {(one["task"], one["trial"]): one["outcome"] for one in ended}
    assert len(outcomes) == 6
    assert {outcome for (_, trial), outcome in outcomes.items() if trial == 1} == {"success"}
    assert "success" not in {outcome for (_, trial), outcome in outcomes.items() if trial == 0}
    reflections = [
        prompt for prompt, tag in zip(asked.prompts, asked.tags, strict=True) if "reflection" in tag
    ]
    assert len(reflections) == 3
    for prompt in reflections:
        trial = prompt[-1].text.rpartition("This is the trial:")[2]
        assert "You bought something, but not what was asked for." in trial
        assert not re.search(r"score|reward", trial, re.IGNORECASE)


async def test_a_chore_is_done_in_another_process_with_admissible_actions_alone(tmp_path: Path) -> None:
    try:
        require_engine()
    except GameError as missing:
        pytest.skip(str(missing))
    prepared = ready(tmp_path, "alfworld", "json", constrained=True, tasks=1, kinds="put")
    walkthroughs = {game.id: game.walkthrough for game in bundled_games()}
    asked = guide(walkthroughs, "json")
    (ended,) = attempts(await gather(tmp_path, prepared, asked), "gather")
    assert (ended["outcome"], ended["invalid"]) == ("success", 0)
    assert ended["steps"] == len(walkthroughs[ended["task"]])
