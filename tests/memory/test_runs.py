"""Runs, results, and what was in an attempt's prompt."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.records import Experience, Step
from memory.runs import EvalResult, Run, RunStore
from memory.workspace import Workspace

RUN = Run(run_id="r1", kind="eval", domain="alfworld", config={"k": 2}, manifest={"model": "scripted"})
RESULT = EvalResult(
    run_id="r1", arm="expel", task_id="t1", success=True, reward=1.0, tokens=900, cost=Decimal("0.0123")
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path) as opened:
        yield opened


def test_a_run_comes_back_and_goes_on(workspace: Workspace) -> None:
    runs = RunStore(workspace)
    assert runs.begin(RUN) == RUN
    runs.end("r1", "stopped")
    assert runs.run("r1").status == "stopped"
    resumed = runs.begin(replace(RUN, config={"k": 3}))
    assert (resumed.status, resumed.config) == ("running", {"k": 2})
    assert [one.run_id for one in runs.runs()] == ["r1"]


def test_a_run_of_another_domain_or_an_unknown_one_is_refused(workspace: Workspace) -> None:
    runs = RunStore(workspace)
    runs.begin(RUN)
    with pytest.raises(StoreError, match="name another run"):
        runs.begin(replace(RUN, domain="fever"))
    assert runs.run("r1") == RUN
    for unknown in (lambda: runs.run("r2"), lambda: runs.end("r2", "done")):
        with pytest.raises(StoreError, match="no run 'r2'"):
            unknown()


def test_a_result_counts_once_for_each_arm_task_and_seed(workspace: Workspace) -> None:
    runs = RunStore(workspace)
    assert runs.record(RESULT)
    assert not runs.record(replace(RESULT, success=False))
    others = [replace(RESULT, arm="react", cost=None), replace(RESULT, seed=1), replace(RESULT, task_id="t2")]
    assert all(runs.record(other) for other in others)
    assert runs.results("r1", arm="expel") == [RESULT, others[1], others[2]]
    assert runs.results("r1", arm="react") == [others[0]]


def test_what_was_in_a_prompt_is_kept_with_the_attempt(workspace: Workspace) -> None:
    store = ExperienceStore(workspace)
    lived = Experience(
        run_id="r1", domain="alfworld", env_name="clean", task_id="t1", task="Clean a mug.", trial=0,
        outcome="success", steps=(Step("action", "go"),),
    )  # fmt: skip
    for _ in range(2):
        store.add(lived, used_insights=[("s", "I-1")], shown=["e2", "e1"])
    assert store.shown(lived.id) == ("e2", "e1")
    assert store.used_insights(lived.id) == (("s", "I-1"),)
    store.delete(lived.id)
    assert store.shown(lived.id) == ()


def test_many_attempts_are_kept_together_or_not_at_all(workspace: Workspace) -> None:
    store = ExperienceStore(workspace)
    many = [
        Experience(
            run_id="r", domain="d", env_name="", task_id=f"t{n}", task="x", trial=0, outcome="fail", steps=()
        )
        for n in range(5)
    ]
    assert store.add_all(many) == 5

    def broken() -> Iterator[Experience]:
        yield replace(many[0], task_id="t9")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        store.add_all(broken())
    assert len(store) == 5
