"""The stand-ins for the models of an ExpeL run: what they know, what they have to be told, what they find."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage

from agents.expel.extraction_prompt import extraction_prompt
from agents.expel.placebo import placebo_insights
from agents.expel.results import meetings_of
from agents.react.benchmark import Benchmark
from agents.react.benchmarks.alfworld import BENCHMARK as HOUSEHOLD
from agents.react.benchmarks.hotpotqa import BENCHMARK as QUESTIONS
from agents.react.lines import Form
from agents.react.prompt import Brief, Example, PromptSettings, messages
from agents.react.trajectory import entries_of
from agents.runs.event_log import read_events
from benchmarks.expel_stand_in import extractor, household, questions
from benchmarks.expel_stand_in.runs import run_with, settings_for
from games.text.env import Line
from memory.answers import read_strict
from memory.insights import Op
from memory.records import Experience, Outcome, Step

ROOM = (
    "You are in the middle of a room. Looking quickly around you, you see a drawer 1, a shelf 1, and "
    "a bed 1.\nYour task is to: put some pen on bed."
)
OPENING = "Containers that are shut should be opened."
TITLES = "If a page is missing, try one of the similar titles."
QUESTION = "Question: In what year was the novel published on which the film Salt Ferry is based?"
NAMESAKES = "Could not find [Salt Ferry]. Similar: ['Salt Ferry (novel)', 'Salt Ferry (film)', 'Salt Quarry']"


def lines_of(*done: tuple[str, str]) -> list[Line]:
    """Actions, each with what is seen after it."""
    return [line for action, seen in done for line in (Line("action", action), Line("observation", seen))]


AT_DRAWER = lines_of(("go to drawer 1", "You arrive at drawer 1. The drawer 1 is closed."))
OPENED = lines_of(
    ("go to drawer 1", "You arrive at drawer 1. The drawer 1 is closed."),
    ("open drawer 1", "You open the drawer 1. The drawer 1 is open. In it, you see a pen 1."),
    ("take pen 1 from drawer 1", "You pick up the pen 1 from the drawer 1."),
    ("go to bed 1", "You arrive at bed 1. On the bed 1."),
    ("move pen 1 to bed 1", "Task is SOLVED."),
)
PASSED_BY = lines_of(
    ("go to drawer 1", "You arrive at drawer 1. The drawer 1 is closed."),
    ("go to shelf 1", "You arrive at shelf 1. On the shelf 1, you see a book 1."),
    ("go to bed 1", "You arrive at bed 1. On the bed 1."),
)


def prompt_of(
    benchmark: Benchmark,
    task: str,
    so_far: Sequence[Line] = (),
    *,
    form: Form = "turns",
    insights: Sequence[str] = (),
    examples: Sequence[Example] = (),
) -> list[BaseMessage]:
    brief = Brief(task=task, insights=tuple(insights), examples=tuple(examples))
    return messages(benchmark, PromptSettings(form=form), brief, entries_of(so_far))


def household_action(prompt: list[BaseMessage]) -> str:
    return household.act(prompt, {}, None).splitlines()[-1]


def attempt(lines: Sequence[Line], outcome: Outcome, task: str = ROOM) -> Experience:
    steps = tuple(Step(line.kind, line.text) for line in lines)
    return Experience(
        run_id="r", domain="d", env_name="put", task_id="t", task=task, trial=0, outcome=outcome, steps=steps
    )


def judged(benchmark: Benchmark, attempts: Sequence[Experience], insights: Sequence[str] = ()) -> str:
    prompt = extraction_prompt(
        benchmark,
        "success" if attempts[-1].outcome == "success" else "compare",
        attempts,
        insights,
        full=False,
        structured=False,
        max_chars=20_000,
    )
    return extractor.judge(prompt.messages, {}, None)


@pytest.mark.parametrize("form", ["lines", "turns"])
def test_the_household_actor_passes_a_closed_place_by_until_an_insight_speaks_of_opening(form: Form) -> None:
    thought = [*AT_DRAWER, Line("thought", "What now?")] if form == "lines" else AT_DRAWER
    unadvised = household_action(prompt_of(HOUSEHOLD, ROOM, thought, form=form))
    advised = household_action(prompt_of(HOUSEHOLD, ROOM, thought, form=form, insights=[OPENING]))
    assert (unadvised, advised) == ("> go to shelf 1", "> open drawer 1")


@pytest.mark.parametrize(
    "insight", [*placebo_insights([OPENING] * 20, 7), "Never open what is closed.", "Heat food first."]
)
def test_advice_of_another_kind_does_not_make_the_household_actor_open_anything(insight: str) -> None:
    prompt = prompt_of(HOUSEHOLD, ROOM, AT_DRAWER, insights=[insight])
    assert household_action(prompt) == "> go to shelf 1"


def test_the_household_actor_looks_first_where_an_example_shows_such_a_thing() -> None:
    seen = lines_of(("go to shelf 2", "You arrive at shelf 2. On the shelf 2, you see a pen 3."))
    example = Example(text=ROOM.replace("pen", "cd"), entries=tuple(entries_of(seen)))
    plain = household_action(prompt_of(HOUSEHOLD, ROOM))
    shown = household_action(prompt_of(HOUSEHOLD, ROOM, examples=[example]))
    assert (plain, shown) == ("> go to drawer 1", "> go to shelf 1")


def test_what_an_example_put_somewhere_is_no_hint_where_to_look() -> None:
    example = Example(text=ROOM, entries=tuple(entries_of(OPENED)))
    assert household_action(prompt_of(HOUSEHOLD, ROOM, examples=[example])) == "> go to drawer 1"


def test_the_household_actor_reflects_on_the_places_that_stayed_closed() -> None:
    trial = "\n".join(f"> {line.text}" if line.kind == "action" else line.text for line in PASSED_BY)
    asked = f"This is the trial:\n{ROOM}\n{trial}\n\n{HOUSEHOLD.reflection_request}"
    prompt = prompt_of(HOUSEHOLD, ROOM)
    prompt[-1].content = asked
    assert "drawer 1" in household.act(prompt, {}, None)


def test_the_judge_learns_opening_from_a_success_that_opened_beside_a_failure_that_did_not() -> None:
    answer = judged(HOUSEHOLD, [attempt(OPENED, "success"), attempt(PASSED_BY, "halted")])
    added = [one.text for one in read_strict(answer) if one.op is Op.ADD]
    assert household.advises_opening(added[0])


def test_the_judge_learns_no_opening_where_both_opened_or_neither_did() -> None:
    both = judged(HOUSEHOLD, [attempt(OPENED, "success"), attempt(OPENED[:4], "halted")])
    neither = judged(HOUSEHOLD, [attempt(PASSED_BY, "success"), attempt(PASSED_BY, "halted")])
    assert not household.advises_opening(both)
    assert not household.advises_opening(neither)


def test_the_judge_confirms_what_the_list_says_already_and_drops_what_no_success_did() -> None:
    known = ["Dance when it rains.", extractor.Habit("closed", "open", "it").advice()]
    answer = judged(HOUSEHOLD, [attempt(OPENED, "success"), attempt(OPENED, "success")], known)
    operations = {(one.op, one.number) for one in read_strict(answer)}
    assert operations >= {(Op.AGREE, 2), (Op.REMOVE, 1)}
    assert Op.ADD not in {one.op for one in read_strict(answer) if household.advises_opening(one.text)}


def test_the_judges_answers_differ_in_form_and_are_all_understood() -> None:
    forms = set()
    for number in range(40):
        task = ROOM.replace("shelf 1", f"shelf {number}")
        answer = judged(HOUSEHOLD, [attempt(OPENED, "success", task), attempt(PASSED_BY, "halted", task)])
        forms.add(answer.splitlines()[-1].split("1")[0])
        assert any(household.advises_opening(one.text) for one in read_strict(answer))
    assert len(forms) > 3


def test_the_reader_gives_up_on_a_missing_page_until_an_insight_speaks_of_similar_titles() -> None:
    missed = lines_of(("Search[Salt Ferry]", NAMESAKES))
    plain = questions.act(prompt_of(QUESTIONS, QUESTION, missed), {}, None)
    advised = questions.act(prompt_of(QUESTIONS, QUESTION, missed, insights=[TITLES]), {}, None)
    assert plain.endswith("Action 2: Finish[unknown]")
    assert advised.endswith("Action 2: Search[Salt Ferry (film)]")


def test_knowledge_passes_through_a_whole_run_to_other_tasks_and_a_placebo_carries_none(
    tmp_path: Path,
) -> None:
    arms = ("react", "expel", "placebo")
    settings = settings_for(
        "hotpotqa", tmp_path / "memory", tasks=12, retries=1, embedder="hash", arms=",".join(arms)
    )
    run = run_with(tmp_path, settings, actor=questions.act, judge=extractor.judge)
    meetings = meetings_of(read_events(run.events))
    solved = {arm: {one.task for one in meetings if one.arm == arm and one.solved} for arm in arms}
    assert solved["react"] < solved["expel"]
    assert solved["placebo"] == solved["react"]
