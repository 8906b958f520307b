"""Whole runs: what they gather, extract and find, what stops them, and how they go on."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from agents.errors import NimueError, NimueFailure
from agents.expel.fan_out import StoppedAtWork
from agents.expel.results import meetings_of, results_of
from agents.expel.session import Means
from agents.runs.event_log import read_events
from agents.runs.folder import RunFolder
from games.errors import GameError
from games.text.env import StepResult, Task, TextEnv
from memory.experiences import CUT_MARK
from memory.insights import active
from tests.agents.expel.riddle_runs import Asked, asked_for, attempts, events_of, fresh_run, memory_at, work
from tests.agents.expel.riddles import ADVICE, SKILLS, Riddle, RiddleSuite, answer_riddle, skill_of

Schema = dict[str, Any] | None


def skills_solved(run: RunFolder, arm: str) -> dict[str, int]:
    """How many tasks of each skill an arm solved."""
    solved = dict.fromkeys(SKILLS, 0)
    for one in meetings_of(read_events(run.events)):
        if one.arm == arm and one.solved:
            solved[skill_of(int(one.task.removeprefix("riddle-")))] += 1
    return solved


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, Path, Asked]:
    """A whole run of eight tasks, its memory, and what its model was asked."""
    folder = tmp_path_factory.mktemp("whole")
    run = fresh_run(folder)
    asked = Asked()
    arms = "react,reflexion,insights-only,retrieve-only,expel,placebo"
    asyncio.run(work(run, asked_for(folder / "memory", arms=arms, tasks=8), asked))
    return run, folder / "memory", asked


Whole = tuple[RunFolder, Path, Asked]


@pytest.mark.parametrize(
    ("arm", "solved"),
    [
        ("react", [2, 0, 0, 0]),
        ("reflexion", [2, 2, 0, 0]),
        ("insights-only", [2, 0, 2, 0]),
        ("retrieve-only", [2, 0, 0, 0]),
        ("expel", [2, 0, 2, 0]),
        ("placebo", [2, 0, 0, 0]),
    ],
)
def test_each_arm_solves_what_its_means_allow(whole: Whole, arm: str, solved: list[int]) -> None:
    """A player who needs an insight has it with the learned list, and with the placebo has it not."""
    assert skills_solved(whole[0], arm) == dict(zip(SKILLS, solved, strict=True))


def test_gathering_tries_again_after_a_failure_and_stops_at_a_success(whole: Whole) -> None:
    outcomes: dict[str, list[str]] = {}
    for one in sorted(attempts(whole[0], "gather"), key=lambda one: int(one["trial"])):
        outcomes.setdefault(one["task"], []).append(one["outcome"])
    assert outcomes == {
        f"riddle-{number:02}": {
            "at once": ["success"], "after a reflection": ["fail", "success"],
        }.get(skill_of(number), ["fail", "fail"])
        for number in range(8)
    }  # fmt: skip


def test_a_reflection_is_told_to_the_next_trial_and_to_no_first_one(whole: Whole) -> None:
    _, _, asked = whole
    for beginning, is_told in (
        ("gather/gather/riddle-01/0/0 ", False),
        ("gather/gather/riddle-01/0/1 ", True),
    ):
        prompts = asked.prompts_of(beginning)
        assert prompts
        assert all(("next time I search first" in prompt) == is_told for prompt in prompts)


def test_every_fold_learns_from_the_other_tasks_alone(whole: Whole) -> None:
    run, folder, _ = whole
    (dealt,) = events_of(run, "folds")
    folds = dealt.data["folds"]
    assert sorted(folds.values()) == [0] * 4 + [1] * 4
    with memory_at(folder) as memory:
        store = memory.experiences.store
        for known in memory.insights.sets():
            evidence = {one for logged in memory.insights.log(known.set_id) for one in logged.evidence}
            assert evidence
            assert all(store.get(one).fold not in (None, known.fold) for one in evidence)
            assert all(folds[store.get(one).task_id] != known.fold for one in evidence)


def test_no_evaluation_saw_an_experience_of_its_own_fold(whole: Whole) -> None:
    """Specification H 35."""
    run, folder, _ = whole
    num_shown = 0
    with memory_at(folder) as memory:
        store = memory.experiences.store
        for one in attempts(run, "eval"):
            shown = [store.get(each) for each in store.shown(one["experience"])]
            assert all(each.fold != one["fold"] and each.phase == "gather" for each in shown)
            assert all(each.outcome == "success" for each in shown)
            assert (one["arm"] in ("expel", "retrieve-only")) or not shown
            num_shown += len(shown)
    assert num_shown > 8


def test_insights_are_told_to_the_arms_that_have_them_and_noted_with_the_attempt(whole: Whole) -> None:
    run, folder, asked = whole
    with memory_at(folder) as memory:
        store = memory.experiences.store
        for one in attempts(run, "eval"):
            used = store.used_insights(one["experience"])
            learns = one["arm"] in ("expel", "insights-only")
            assert bool(used) == learns
            assert {set_id for set_id, _ in used} <= {f"{run.id}-fold{one['fold']}"}
            for prompt in asked.prompts_of(f"eval/{one['arm']}/"):
                assert (ADVICE in prompt) == learns
                assert ("learned from similar questions" in prompt) == (learns or one["arm"] == "placebo")


def test_every_call_is_asked_once_and_counted_once(whole: Whole) -> None:
    run, _, asked = whole
    assert len(set(asked.tags)) == len(asked.tags)
    counted = sum(one["calls"] for phase in ("gather", "eval") for one in attempts(run, phase))
    assert counted == sum(not tag.startswith("extract/") for tag in asked.tags)


async def test_a_finished_run_asks_nothing_more_and_tells_what_it_found(whole: Whole) -> None:
    run, folder, _ = whole
    before = results_of(meetings_of(read_events(run.events)))
    again = Asked()
    arms = "react,reflexion,insights-only,retrieve-only,expel,placebo"
    told = await work(run, asked_for(folder, arms=arms, tasks=8), again)
    assert again.tags == []
    assert results_of(meetings_of(read_events(run.events))) == before
    kinds = [kind for kind, _ in told]
    assert kinds[0] == "started"
    assert kinds.count("attempt") == len(attempts(run, "gather") + attempts(run, "eval"))


async def test_phases_of_their_own_find_what_one_run_finds(tmp_path: Path, whole: Whole) -> None:
    memory = tmp_path / "memory"
    gathering, extracting, evaluating = (fresh_run(tmp_path) for _ in range(3))
    await work(gathering, asked_for(memory, tasks=8, phases=("gather",)))
    extraction = asked_for(memory, tasks=8, phases=("extract",), gathered_by=gathering.id)
    await work(extracting, extraction)
    ids = {"gathered_by": gathering.id, "extracted_by": extracting.id}
    asked = Asked()
    evaluation = asked_for(memory, tasks=8, phases=("evaluate",), arms="react,expel", **ids)
    await work(evaluating, evaluation, asked)
    for arm in ("react", "expel"):
        assert skills_solved(evaluating, arm) == skills_solved(whole[0], arm)
    with memory_at(memory) as opened:
        store = opened.experiences.store
        shown = [
            store.get(one)
            for attempt in attempts(evaluating, "eval")
            for one in store.shown(attempt["experience"])
        ]
        assert {one.run_id for one in shown} == {gathering.id}, "examples come from the run that gathered"


async def test_a_spent_budget_pauses_and_a_higher_one_goes_on(tmp_path: Path, whole: Whole) -> None:
    """Specification H 40."""
    run = fresh_run(tmp_path)
    settings = asked_for(tmp_path / "memory", tasks=8, arms="react,expel")
    asked = Asked()
    for max_tokens in (2_000, 9_000):
        with pytest.raises(StoppedAtWork, match="higher --max-tokens"):
            await work(run, settings, asked, means=Means(max_tokens=max_tokens))
    await work(run, settings, asked, means=Means())
    assert len(set(asked.tags)) == len(asked.tags), "a call was paid twice"
    assert len(events_of(run, "paused")) == 2
    for arm in ("react", "expel"):
        assert skills_solved(run, arm) == skills_solved(whole[0], arm)


async def test_nothing_is_asked_over_a_budget_that_is_spent(tmp_path: Path) -> None:
    run = fresh_run(tmp_path)
    settings = asked_for(tmp_path / "memory", tasks=4, tasks_at_once=1)
    with pytest.raises(StoppedAtWork):
        await work(run, settings, means=Means(max_tokens=1))
    asked = Asked()
    with pytest.raises(StoppedAtWork):
        await work(run, settings, asked, means=Means(max_tokens=1))
    assert asked.tags == []


async def test_a_lost_call_stops_the_run_after_the_others_are_done(tmp_path: Path) -> None:
    def lost(messages: list[BaseMessage], metadata: Mapping[str, str], schema: Schema) -> str:
        if "riddle-02" in metadata["game"]:
            raise NimueFailure("the server is gone")
        return answer_riddle(messages, metadata, schema)

    run = fresh_run(tmp_path)
    settings = asked_for(tmp_path / "memory", tasks=4, phases=("gather",))
    with pytest.raises(StoppedAtWork, match="the server is gone") as stopped:
        await work(run, settings, Asked(lost))
    assert stopped.value.exit_code == 1
    assert {one["task"] for one in attempts(run, "gather")} == {"riddle-00", "riddle-01", "riddle-03"}
    assert events_of(run, "folds") == []
    asked = Asked()
    await work(run, settings, asked)
    assert all("riddle-02" in tag for tag in asked.tags)
    assert len(events_of(run, "folds")) == 1


def useless(messages: list[BaseMessage], metadata: Mapping[str, str], schema: Schema) -> str:
    assert not metadata["game"].startswith("extract/"), "there is nothing to extract from"
    return "I would rather not say."


async def test_a_model_that_never_acts_legally_ends_a_run_without_successes(tmp_path: Path) -> None:
    run = fresh_run(tmp_path)
    settings = asked_for(tmp_path / "memory", tasks=4, max_steps=2, retries=1, arms="react,expel,placebo")
    await work(run, settings, Asked(useless))
    assert {one["outcome"] for one in attempts(run, "gather")} == {"halted"}
    assert {one["invalid"] for one in attempts(run, "gather")} == {2}
    results = results_of(meetings_of(read_events(run.events)))
    assert results is not None
    assert [(one.arm, one.rate.hits) for one in results.arms] == [("react", 0), ("expel", 0), ("placebo", 0)]


async def test_quotations_of_insights_are_cut_out_of_what_is_kept(tmp_path: Path) -> None:
    """Specification H 45: what was learned is not learned again from its own echo."""

    def quoting(messages: list[BaseMessage], metadata: Mapping[str, str], schema: Schema) -> str:
        told = answer_riddle(messages, metadata, schema)
        quoted = ADVICE in "\n".join(message.text for message in messages)
        return told.replace("I open", f"I was told: {ADVICE} So I open") if quoted else told

    run = fresh_run(tmp_path)
    await work(run, asked_for(tmp_path / "memory", tasks=4, arms="expel"), Asked(quoting))
    with memory_at(tmp_path / "memory") as memory:
        texts = [one.text for one in memory.experiences.store.find() if one.phase == "eval"]
        assert any(CUT_MARK in text for text in texts)
        assert not any(ADVICE in text for text in texts)
        assert any(
            one.text == ADVICE
            for known in memory.insights.sets()
            for one in active(memory.insights.insights(known.set_id))
        )


class Reworded(Riddle):
    """The environment after an update."""

    def step(self, action: str) -> StepResult:
        seen = super().step(action)
        text = seen.observation.replace("The word is", "Here you find it. The word is")
        return StepResult(observation=text, done=seen.done, success=seen.success, reward=seen.reward)


class RewordedSuite(RiddleSuite):
    def make(self) -> TextEnv:
        return Reworded()


async def test_an_environment_that_changed_in_the_middle_of_an_attempt_has_it_made_anew(
    tmp_path: Path,
) -> None:
    def stops(messages: list[BaseMessage], metadata: Mapping[str, str], schema: Schema) -> str:
        if "riddle-00" in metadata["game"] and metadata["decision"] == "2":
            raise NimueFailure("stop here")
        return answer_riddle(messages, metadata, schema)

    run = fresh_run(tmp_path)
    settings = asked_for(tmp_path / "memory", tasks=2, phases=("gather",), retries=1)
    with pytest.raises(StoppedAtWork, match="stop here"):
        await work(run, settings, Asked(stops))
    asked = Asked()
    await work(run, settings, asked, suite=RewordedSuite())
    (drift,) = events_of(run, "env_drift")
    assert drift.data["attempt"] == "gather/gather/riddle-00/0/0"
    assert {tag.split()[0] for tag in asked.tags} == {"gather/gather/riddle-00/0/0@2"}
    (ended,) = [one for one in attempts(run, "gather") if one["task"] == "riddle-00"]
    assert (ended["attempt"], ended["outcome"]) == ("gather/gather/riddle-00/0/0@2", "success")
    with memory_at(tmp_path / "memory") as memory:
        kept = memory.experiences.store.get(ended["experience"])
    assert "Here you find it." in kept.text
    await work(run, settings, asked, suite=RewordedSuite())
    assert len(attempts(run, "gather")) == 3


class Shut(Riddle):
    """One of the tasks cannot be opened, and one breaks in the middle."""

    def reset(self, task: Task) -> str:
        if task.id == "riddle-00":
            raise GameError("the book is shut")
        return super().reset(task)

    def step(self, action: str) -> StepResult:
        if action == "Finish[birch1]":
            raise GameError("the page is torn")
        return super().step(action)


class ShutSuite(RiddleSuite):
    def make(self) -> TextEnv:
        return Shut()


async def test_a_task_that_cannot_be_played_is_unsolved_and_stops_no_other(tmp_path: Path) -> None:
    run = fresh_run(tmp_path)
    settings = asked_for(tmp_path / "memory", tasks=6, arms="react")
    await work(run, settings, suite=ShutSuite())
    assert {event.data["reason"] for event in events_of(run, "task_broken")} == {
        "the book is shut",
        "the page is torn",
    }
    gathered = {(one["task"], one["trial"]): one["outcome"] for one in attempts(run, "gather")}
    assert gathered[("riddle-00", 0)] == "error"
    assert ("riddle-00", 1) not in gathered, "it would not open another time"
    assert gathered[("riddle-01", 1)] == "error"
    assert gathered[("riddle-05", 1)] == "success"
    assert skills_solved(run, "react") == dict(zip(SKILLS, [1, 0, 0, 0], strict=True))
    assert len(attempts(run, "eval")) == 6


@pytest.mark.parametrize(
    ("phases", "problem"),
    [(("extract",), "gathered nothing"), (("evaluate",), "has not finished gathering")],
)
async def test_a_phase_without_what_it_builds_on_says_which_command_brings_it(
    tmp_path: Path, phases: tuple[str, ...], problem: str
) -> None:
    empty = fresh_run(tmp_path)
    settings = asked_for(tmp_path / "memory", phases=phases, gathered_by=empty.id)
    with pytest.raises(NimueError, match=problem):
        await work(fresh_run(tmp_path), settings)


async def test_an_evaluation_of_insights_that_nobody_extracted_is_refused(tmp_path: Path) -> None:
    run = fresh_run(tmp_path)
    settings = asked_for(tmp_path / "memory", tasks=2, phases=("gather", "evaluate"), retries=0)
    with pytest.raises(NimueError, match="run expel extract first"):
        await work(run, settings)
    settings = asked_for(tmp_path / "memory", tasks=2, phases=("gather", "evaluate"), retries=0, arms="react")
    await work(run, settings)
    assert len(attempts(run, "eval")) == 2


async def test_two_seeds_meet_every_task_twice(tmp_path: Path) -> None:
    run = fresh_run(tmp_path)
    settings = asked_for(
        tmp_path / "memory", tasks=2, phases=("gather", "evaluate"), arms="act,react", seeds=2, retries=0
    )
    await work(run, settings)
    met = [(one["arm"], one["task"], one["seed"]) for one in attempts(run, "eval")]
    assert len(met) == len(set(met)) == 8
    results = results_of(meetings_of(read_events(run.events)))
    assert results is not None
    assert (results.num_tasks, results.num_seeds) == (2, 2)
