"""Remembering, recalling and forgetting, over both indexes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memory.chroma import ChromaIndex, open_chroma
from memory.embedders import EmbedderMark, HashingEmbedder
from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.in_memory import InMemoryIndex
from memory.recall import ExperienceMemory, choose_demonstrations
from memory.records import Experience, Step
from memory.vectors import VectorIndex, Where
from memory.workspace import Workspace


def attempt(task_id: str, task: str, *, size: int = 1, **changes: Any) -> Experience:
    made = Experience(
        run_id="r", domain="alfworld", env_name="clean", task_id=task_id, task=task, trial=0, fold=0,
        outcome="success", steps=(Step("action", "x" * size),),
    )  # fmt: skip
    return replace(made, **changes)


@pytest.fixture(params=["in_memory", "chroma"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ExperienceMemory]:
    embedder = HashingEmbedder()
    index: VectorIndex = (
        InMemoryIndex(embedder.mark)
        if request.param == "in_memory"
        else ChromaIndex(open_chroma(tmp_path / "chroma"), "alfworld", embedder.mark)
    )
    with Workspace(tmp_path / "memory") as workspace:
        yield ExperienceMemory(
            ExperienceStore(workspace), index, embedder, domain="alfworld", kinds=["task", "action"]
        )


def test_demonstrations_are_the_nearest_successes_of_the_training_pool(memory: ExperienceMemory) -> None:
    memory.remember(attempt("near", "put a clean mug on the shelf", fold=1))
    memory.remember(attempt("far", "who wrote this book", fold=1))
    memory.remember(attempt("same fold", "put a clean mug on the desk", fold=0))
    memory.remember(attempt("failed", "put a clean mug on the bed", fold=1, outcome="fail"))
    memory.remember(attempt("tested", "put a clean mug on the sofa", fold=1, phase="eval"))
    memory.remember(attempt("other kind", "put a clean mug on the bench", fold=1, env_name="heat"))
    found = memory.demonstrations(
        "put a clean mug on the shelf now", 3, task_id="new", env_name="clean", not_fold=0
    )
    assert [one.task_id for one in found.chosen] == ["near", "far"]


def test_case_35_nothing_of_the_evaluated_fold_is_recalled(memory: ExperienceMemory) -> None:
    for number in range(12):
        memory.remember(attempt(f"t{number}", "put a clean mug on the shelf", fold=number % 3))
    for fold in range(3):
        found = memory.demonstrations("put a clean mug", 8, task_id="new", not_fold=fold).chosen
        assert len(found) == 8
        assert all(one.fold != fold for one in found)


def test_forgetting_removes_the_vectors_too(memory: ExperienceMemory) -> None:
    gone, kept = attempt("t1", "put a clean mug"), attempt("t2", "heat an egg")
    for one in (gone, kept):
        memory.remember(one)
    memory.forget(gone.id)
    assert gone.id not in memory.store
    assert memory.index.ids() == [f"{kept.id}:action:0", f"{kept.id}:task:0"]
    assert [hit.metadata["traj_id"] for hit in memory.nearest("put a clean mug", 5)] == [kept.id]
    with pytest.raises(StoreError, match="no experience"):
        memory.forget(gone.id)


def test_remembering_again_leaves_no_stale_vectors(memory: ExperienceMemory) -> None:
    first = attempt("t1", "put a clean mug", steps=(Step("action", "one"), Step("action", "two")))
    memory.remember(first)
    memory.remember(replace(first, steps=(Step("action", "three"),)))
    assert memory.index.ids() == [f"{first.id}:action:0", f"{first.id}:task:0"]
    assert memory.nearest("three", 1, kind="action")[0].score == pytest.approx(1, abs=1e-5)


def test_a_gap_in_the_index_is_seen_and_rebuilt(memory: ExperienceMemory) -> None:
    for number in range(4):
        memory.remember(attempt(f"t{number}", f"task {number}"))
    assert memory.check().in_step
    lost = memory.index.ids(Where(equals={"task_id": "t2"}))
    memory.index.delete(lost)
    assert memory.check().missing == tuple(lost)
    memory.store.delete(attempt("t1", "task 1").id)
    assert len(memory.check().surplus) == 2
    assert memory.rebuild() == 6
    assert memory.check().in_step


def test_an_index_of_another_embedder_is_refused(memory: ExperienceMemory) -> None:
    with pytest.raises(StoreError, match="not of hashing"):
        ExperienceMemory(memory.store, InMemoryIndex(EmbedderMark("x", 3)), HashingEmbedder(), domain="d")


def test_case_32_the_task_itself_and_long_trajectories_are_passed_over() -> None:
    candidates = [attempt("t0", "a"), attempt("t1", "b", size=50), attempt("t2", "c"), attempt("t3", "d")]
    found = choose_demonstrations(candidates, 2, task_id="t0", max_length=10)
    assert [one.task_id for one in found.chosen] == ["t2", "t3"]


def test_case_33_a_task_is_shown_once_by_its_shortest_trajectory() -> None:
    candidates = [attempt("t1", "a", size=9), attempt("t2", "b"), attempt("t1", "a", size=3, seed=1)]
    found = choose_demonstrations(candidates, 3, task_id="new")
    assert [(one.task_id, len(one.text)) for one in found.chosen] == [("t1", 3), ("t2", 1)]


def test_case_34_a_small_pool_is_padded_and_says_so() -> None:
    manual = [attempt("m1", "x"), attempt("m2", "y")]
    found = choose_demonstrations([attempt("t1", "a")], 2, task_id="new", padding=manual)
    assert ([one.task_id for one in found.chosen], found.num_padded) == (["t1", "m1"], 1)
    assert choose_demonstrations([attempt("t1", "a")], 2, task_id="new").num_padded == 0
