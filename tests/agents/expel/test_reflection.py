"""What a model is asked about a failed trial, and what is kept of its answer."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.expel.reflection import NOTHING_SAID, reflection_prompt, shortened
from agents.react.benchmarks import find_benchmark
from agents.react.lines import Entry
from tests.agents.expel.riddle_runs import Asked, asked_for, events_of, fresh_run, work
from tests.agents.expel.riddles import answer_riddle

SHOP = find_benchmark("webshop")
HOME = find_benchmark("alfworld")
TRIAL = (
    Entry(kind="action", text="click[Buy Now]", step=1, answer=1),
    Entry(kind="observation", text="Your score (min 0.0, max 1.0): 0.25", step=1, answer=1),
)


def asked(ending: str, *, benchmark: Any = SHOP, earlier: tuple[str, ...] = ()) -> str:
    prompt = reflection_prompt(
        benchmark, "Instruction: a mug", TRIAL, ending, earlier=earlier, max_tokens=12_000
    )
    return prompt[-1].text


@pytest.mark.parametrize(
    ("ending", "hint"),
    [
        ("steps", "You ran out of steps."),
        ("tokens", "You ran out of steps."),
        ("repeat", "You repeated an action."),
        ("done", "You bought something, but not what was asked for."),
    ],
)
def test_the_shop_tells_why_it_failed_and_not_the_score(ending: str, hint: str) -> None:
    told = asked(ending)
    assert told.rpartition("click[Buy Now]")[2].startswith(f"\nObservation: {hint}")
    assert "0.25" not in told


def test_other_environments_show_the_trial_as_it_was() -> None:
    told = asked("done", benchmark=HOME)
    assert "> click[Buy Now]\nYour score (min 0.0, max 1.0): 0.25" in told


def test_earlier_plans_are_told_where_there_are_some() -> None:
    assert "earlier plans" not in asked("steps")
    told = asked("steps", earlier=("Search first.", "Look twice."))
    assert "- Search first.\n- Look twice." in told


ENTRIES = st.lists(
    st.builds(
        lambda text, step: Entry(kind="observation", text=text, step=step, answer=step),
        st.text("ab ", max_size=400),
        st.integers(1, 9),
    ),
    max_size=8,
)


@given(entries=ENTRIES, max_tokens=st.integers(1, 600))
def test_a_trial_is_shortened_by_its_longest_lines_first(entries: list[Entry], max_tokens: int) -> None:
    kept = shortened(entries, max_tokens)
    cut = [(old, new) for old, new in zip(entries, kept, strict=True) if old != new]
    assert all(new["text"] == f"{old['text'][:60]}: ..." for old, new in cut)
    assert all({**new, "text": ""} == {**old, "text": ""} for old, new in cut)
    whole = [old for old, new in zip(entries, kept, strict=True) if old == new]
    size = sum(len(one["text"]) for one in kept)
    if size > 4 * max_tokens:
        assert all(len(one["text"]) <= 60 for one in whole)
    if cut and whole:
        assert min(len(old["text"]) for old, _ in cut) >= max(len(one["text"]) for one in whole)
    if sum(len(one["text"]) for one in entries) <= 4 * max_tokens:
        assert kept == entries


ANSWERS = {
    "riddle-01": ("Reflection: Search first.", "Search first."),
    "riddle-02": ("STATUS: FAIL\nNew Plan: Search first.", "Search first."),
    "riddle-03": ("STATUS: FAIL New plan: Search first.", "Search first."),
    "riddle-05": ("**Next plan:** Search first.\nAnd more.", "Search first."),
    "riddle-06": ("STATUS: FAIL", NOTHING_SAID),
    "riddle-07": ("", NOTHING_SAID),
}


async def test_a_reflection_is_one_line_without_its_label(tmp_path: Path) -> None:
    def reply(messages: Any, metadata: Any, schema: Any) -> str:
        task = metadata["game"].split("/")[2]
        reflects = metadata["decision"] == "reflection"
        return ANSWERS[task][0] if reflects else answer_riddle(messages, metadata, schema)

    run = fresh_run(tmp_path)
    model = Asked(reply)
    await work(run, asked_for(tmp_path / "memory", phases=("gather",), tasks=8), model)
    told = {event.data["attempt"].split("/")[2]: event.data["text"] for event in events_of(run, "reflection")}
    assert told == {task: reflection for task, (_, reflection) in ANSWERS.items()}
    for task, reflection in told.items():
        (first, *_) = model.prompts_of(f"gather/gather/{task}/0/1 ")
        assert f"\n- {reflection}\n" in first
