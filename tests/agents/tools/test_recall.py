"""The tool `recall`: what memory holds on a task, bounded and with its origin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.tools.recall import RecallRequest, Recollection, recall
from memory.embedders import HashingEmbedder
from memory.opening import open_memory
from memory.records import Experience, Outcome, Phase, Step


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Recollection]:
    with open_memory(tmp_path / "memory", "alfworld", HashingEmbedder()) as opened:
        yield Recollection(experiences=opened.experiences, insights=opened.insights)


def lived(
    memory: Recollection, task: str, *, outcome: Outcome = "success", phase: Phase = "gather", trial: int = 0
) -> str:
    return memory.experiences.remember(
        Experience(
            run_id="r", domain="alfworld", env_name="clean", task_id=task, task=task, trial=trial,
            phase=phase,
            outcome=outcome, steps=(Step("action", f"go to {task}"),),
        )
    )  # fmt: skip


def test_the_most_similar_successes_come_first_and_failures_not_at_all(memory: Recollection) -> None:
    lived(memory, "cool a pan")
    near = lived(memory, "clean a mug")
    lived(memory, "clean a cup", outcome="fail")
    lived(memory, "clean a bowl", phase="eval")
    found = recall(RecallRequest(task="clean a mug and put it away", k=1), memory)
    assert [(one.id, one.steps) for one in found.successes] == [(near, ("action: go to clean a mug",))]
    assert 0 < found.successes[0].likeness <= 1


def test_a_task_counts_once_and_none_may_be_asked_for(memory: Recollection) -> None:
    lived(memory, "clean a mug")
    lived(memory, "clean a mug", trial=1)
    assert len(recall(RecallRequest(task="clean a mug", k=2), memory).successes) == 1
    assert recall(RecallRequest(task="clean a mug", k=0), memory).successes == ()


def test_insights_of_all_lists_come_once_by_importance_and_bounded(memory: Recollection) -> None:
    for name in ("one", "two"):
        memory.insights.create_set(name, "alfworld")
        memory.insights.add(name, "Look into the sink first.")
    memory.insights.create_set("shop", "webshop")
    memory.insights.add("shop", "Choose the colour.")
    weighty = memory.insights.add("two", "Open closed drawers.")
    memory.insights.vote("two", weighty, 3)
    told = recall(RecallRequest(task="anything"), memory).insights
    assert [(one.text, one.importance) for one in told] == [
        ("Open closed drawers.", 5),
        ("Look into the sink first.", 2),
    ]
    assert len(recall(RecallRequest(task="anything", max_insights=1), memory).insights) == 1


def test_what_is_too_long_for_the_answer_is_counted(memory: Recollection) -> None:
    lived(memory, "clean " + "a very long way " * 60)
    found = recall(RecallRequest(task="clean", max_tokens=100), memory)
    assert (found.successes, found.left_out) == ((), 1)
