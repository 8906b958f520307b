"""From attempts to insights: what the model is told, and what becomes of its answers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from langchain_core.messages import AIMessage, BaseMessage

from agents.errors import NimueFailure
from agents.expel.extraction_prompt import extraction_prompt
from agents.expel.fan_out import StoppedAtWork
from agents.expel.session import Session
from agents.react.benchmarks import find_benchmark
from agents.runs.folder import RunFolder
from memory.insights import active
from memory.records import Experience, Step
from tests.agents.expel.attempts import experience
from tests.agents.expel.riddle_runs import Asked, asked_for, events_of, fresh_run, memory_at, work
from tests.agents.expel.riddles import ADVICE, answer_riddle

BENCHMARK = find_benchmark("hotpotqa")
GOOD = experience("a", trial=1)
BAD = experience("a", trial=0, outcome="fail")
ROOMY = 100_000


def compared(**changed: Any) -> str:
    arguments = {"full": False, "structured": True, "max_chars": ROOMY, **changed}
    return (
        extraction_prompt(BENCHMARK, "compare", [GOOD, BAD], ["One.", "Two."], **arguments).messages[1].text
    )


def test_a_pair_is_told_with_the_list_as_it_stands_and_without_importance() -> None:
    prompt = extraction_prompt(
        BENCHMARK, "compare", [GOOD, BAD], ["One.", "Two."], full=False, structured=True, max_chars=ROOMY
    )
    system, told = (message.text for message in prompt.messages)
    assert BENCHMARK.described in system
    assert BENCHMARK.why_failed in system
    assert prompt.shortened == 0
    order = [
        "The task:\nQuestion: What of a?\n",
        "A trial that succeeded:\nThought 1: I think of a.\nAction 1: Search[a]\nObservation 1: a word",
        "Answer is CORRECT",
        "A trial that failed (it ended without success):\nThought 1: I think of a.",
        "Answer is INCORRECT",
        "These are the insights so far:\n1. One.\n2. Two.\n",
        "ADD",
        "JSON",
    ]
    places = [told.index(part) for part in order]
    assert places == sorted(places)


def test_a_trial_that_was_cut_off_is_told_so() -> None:
    halted = experience("a", outcome="halted")
    prompt = extraction_prompt(
        BENCHMARK, "compare", [GOOD, halted], [], full=False, structured=True, max_chars=ROOMY
    )
    assert "A trial that failed (its actions were used up):" in prompt.messages[1].text
    assert "(none yet)" in prompt.messages[1].text


def test_successes_are_told_together_and_why_trials_fail_is_not() -> None:
    prompt = extraction_prompt(
        BENCHMARK, "success", [GOOD, experience("b")], [], full=False, structured=False, max_chars=ROOMY
    )
    system, told = (message.text for message in prompt.messages)
    assert BENCHMARK.why_failed not in system
    assert told.index("Task 1:\nQuestion: What of a?") < told.index("Task 2:\nQuestion: What of b?")
    assert "ADD <next number>: <new text>" in told
    assert "JSON" not in told


def test_a_full_list_is_said_to_be_full() -> None:
    assert "The list is full." in compared(full=True)
    assert "The list is full." not in compared()


def test_reflections_are_told_only_in_the_ablation() -> None:
    thoughtful = Experience(
        **{**{n: getattr(GOOD, n) for n in GOOD.__slots__}, "reflections": ("Search first.",)}
    )

    def told(with_reflections: bool) -> str:
        return (
            extraction_prompt(
                BENCHMARK, "compare", [thoughtful, BAD], [], full=False, structured=True, max_chars=ROOMY,
                with_reflections=with_reflections,
            )
            .messages[1]
            .text
        )  # fmt: skip

    assert "Search first." in told(True)
    assert "Search first." not in told(False)


def test_a_long_trial_keeps_its_ends_and_says_what_is_left_out() -> None:
    lines = [Step("thought", "It begins."), *(Step("observation", f"{n} " + "word " * 80) for n in range(40))]
    fields = {name: getattr(GOOD, name) for name in GOOD.__slots__}
    long = Experience(**{**fields, "steps": (*lines, Step("action", "Finish[it]"))})
    prompt = extraction_prompt(BENCHMARK, "success", [long], [], full=False, structured=True, max_chars=3_000)
    told = prompt.messages[1].text
    trial = told.partition("Task 1:\n")[2].partition("\n\nThese are the insights")[0]
    assert prompt.shortened > 10_000
    assert len(trial) <= 3_000
    assert "It begins." in trial
    assert trial.endswith("Finish[it]")
    assert "lines left out]" in trial


def lists(folder: Path) -> dict[int | None, list[tuple[str, int]]]:
    with memory_at(folder / "memory") as memory:
        return {
            known.fold: [(one.text, one.count) for one in active(memory.insights.insights(known.set_id))]
            for known in memory.insights.sets()
        }


async def extract_with(folder: Path, answer: str | AIMessage, **changed: Any) -> tuple[RunFolder, Asked]:
    """Gather and extract four riddles, with this answer to every call that extracts."""

    def reply(messages: list[BaseMessage], metadata: Mapping[str, str], schema: Any) -> str | AIMessage:
        extracts = metadata["game"].startswith("extract/")
        return answer if extracts else answer_riddle(messages, metadata, schema)

    run = fresh_run(folder)
    asked = Asked(reply)
    settings = asked_for(folder / "memory", tasks=4, phases=("gather", "extract"), **changed)
    await work(run, settings, asked)
    return run, asked


@pytest.mark.parametrize("answer", ["I have nothing to say.", "{"])
async def test_answers_that_say_nothing_leave_the_list_empty_and_the_run_whole(
    tmp_path: Path, answer: str
) -> None:
    run, asked = await extract_with(tmp_path, answer)
    assert lists(tmp_path) == {0: [], 1: []}
    num_chunks = sum(len(event.data["chunks"]) for event in events_of(run, "extraction_planned"))
    assert num_chunks == len(events_of(run, "insights")) > 0
    assert all(event.data["operations"] == [] for event in events_of(run, "insights"))
    unread = events_of(run, "insights_unread")
    assert len(unread) == (0 if answer == "{" else num_chunks)
    assert sum(tag.startswith("extract/") for tag in asked.tags) >= num_chunks


async def test_operations_of_an_answer_are_counted_in_the_event(tmp_path: Path) -> None:
    ops = [{"op": "ADD", "text": ADVICE}, {"op": "AGREE", "number": 99}]
    run, _ = await extract_with(tmp_path, json.dumps({"ops": ops}))
    first = min(events_of(run, "insights"), key=lambda event: (event.data["fold"], event.data["step"]))
    assert [(one["op"], one["accepted"]) for one in first.data["operations"]] == [
        ("AGREE", False), ("ADD", True),
    ]  # fmt: skip


async def test_the_authors_form_is_read_by_the_engine_paper(tmp_path: Path) -> None:
    run, asked = await extract_with(
        tmp_path, f"ADD 1: {ADVICE}\n1. add 2: Not read by the authors.", engine="paper"
    )
    assert all({text for text, _ in found} == {ADVICE} for found in lists(tmp_path).values() if found)
    assert any(lists(tmp_path).values())
    assert all("ADD <next number>" in prompt for prompt in asked.prompts_of("extract/"))
    assert events_of(run, "insights_unread") == []


async def test_the_text_form_is_read_by_the_engine_strict_and_a_cut_off_end_is_refused(
    tmp_path: Path,
) -> None:
    cut = AIMessage(
        f"add 1: {ADVICE}\n- ADD: Look twice before",
        response_metadata={"finish_reason": "length"},
    )
    await extract_with(tmp_path, cut, structured=False)
    assert all({text for text, _ in found} == {ADVICE} for found in lists(tmp_path).values() if found)
    assert any(lists(tmp_path).values())


async def test_a_list_is_told_full_when_it_is(tmp_path: Path) -> None:
    _, asked = await extract_with(
        tmp_path,
        json.dumps({"ops": [{"op": "ADD", "text": ADVICE}]}),
        max_num_rules=1,
        group_size=1,
        retries=1,
    )
    for fold in (0, 1):
        prompts = asked.prompts_of(f"extract/{fold} ")
        assert ["The list is full." in prompt for prompt in prompts] == [False, *[True] * (len(prompts) - 1)]


async def test_a_step_killed_between_the_list_and_its_event_is_not_asked_again(tmp_path: Path) -> None:
    """Specification H 39."""
    folder = tmp_path / "broken"
    run = fresh_run(folder)
    settings = asked_for(folder / "memory", tasks=8, phases=("gather", "extract"), group_size=1)
    asked = Asked()
    recorded = Session.record

    def dies(session: Session, key: str, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "insights" and data["step"] == 1:
            raise NimueFailure("killed here")
        recorded(session, key, kind, data)

    with patch.object(Session, "record", dies), pytest.raises(StoppedAtWork, match="killed here"):
        await work(run, settings, asked)
    changed = lists(folder)
    assert any(changed.values())
    await work(run, settings, asked)
    assert len(asked.tags) == len(set(asked.tags))

    sound = tmp_path / "sound"
    other = fresh_run(sound)
    await work(other, asked_for(sound / "memory", tasks=8, phases=("gather", "extract"), group_size=1))
    assert lists(folder) == lists(sound)

    def told(one: RunFolder) -> list[tuple[Any, ...]]:
        return sorted(
            (event.data["fold"], event.data["step"], [each["op"] for each in event.data["operations"]])
            for event in events_of(one, "insights")
        )

    assert told(run) == told(other)
