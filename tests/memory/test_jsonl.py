"""JSON lines: they read back to the same, and other programs' trajectories come in."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.engine import EngineSettings
from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.insight_store import InsightStore
from memory.jsonl import (
    export_experiences,
    export_insights,
    plan_experiences,
    read_experiences,
    read_insights,
)
from memory.markdown import apply_import, export_set, plan_import
from memory.records import Experience, Step
from memory.workspace import Workspace

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
NAME = TEXT.filter(bool)
STEPS = st.lists(st.builds(Step, st.sampled_from(["thought", "action", "observation"]), TEXT), max_size=9)
EXPERIENCES = st.lists(
    st.builds(
        Experience,
        run_id=NAME, domain=NAME, env_name=TEXT, task_id=NAME, task=TEXT, trial=st.integers(0, 9),
        seed=st.integers(0, 9), phase=st.sampled_from(["gather", "eval"]), arm=TEXT,
        fold=st.none() | st.integers(0, 4), outcome=st.sampled_from(["success", "fail", "halted", "budget"]),
        reward=st.floats(-1, 1), steps=STEPS.map(tuple), reflections=st.lists(TEXT, max_size=2).map(tuple),
    ),
    max_size=4,
)  # fmt: skip


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "memory") as opened:
        yield opened


@settings(max_examples=60, deadline=None)
@given(EXPERIENCES)
def test_case_43_experiences_read_back_to_the_same(experiences: list[Experience]) -> None:
    lines = list(export_experiences(experiences))
    assert all(line.count("\n") == 1 for line in lines)
    assert read_experiences(lines, domain="other") == experiences
    assert list(export_experiences(read_experiences(lines, domain="other"))) == lines


def test_case_43_insights_read_back_to_the_same(tmp_path: Path) -> None:
    with Workspace(tmp_path / "one") as one, Workspace(tmp_path / "two") as two:
        source, target = InsightStore(one), InsightStore(two)
        source.create_set("s", "alfworld")
        source.apply("s", 0, "ADD: Look first.\nADD: Clean it.", EngineSettings(), evidence=["e1"])
        source.apply("s", 1, "ADD: see www.x.example\nAGREE 2", EngineSettings(), evidence=["e2"])
        source.pin("s", source.insights("s")[0].id)
        source.archive("s", source.insights("s")[1].id)
        text = export_insights(source, "s")
        apply_import(target, read_insights(text))
        assert export_insights(target, "s") == text
        assert export_set(target, "s") == export_set(source, "s")
        log = source.log("s")
        apply_import(source, read_insights(text))
        assert source.log("s") == log


def test_insights_of_other_programs_need_only_a_text(workspace: Workspace) -> None:
    head = {"format": "nimue-insights-jsonl/1", "domain": "d", "set": "s"}
    document = read_insights("\n".join(map(json.dumps, [head, {"text": "Look  first"}, {"text": "Go."}])))
    store = InsightStore(workspace)
    assert [one.action for one in plan_import((), document)] == ["add", "add"]
    apply_import(store, document)
    assert [(rule.text, rule.count) for rule in store.insights("s")] == [("Look first.", 2), ("Go.", 2)]


def test_trajectories_of_other_programs_come_in(workspace: Workspace) -> None:
    line = json.dumps(
        {
            "task_id": "t1",
            "task": "Clean a mug.",
            "steps": [
                {"thought": "I look.", "action": "go to sink 1", "observation": "A mug."},
                {"action": "take mug"},
            ],
            "success": True,
        }
    )
    (one,) = read_experiences([line, "", "\n"], domain="kitchen")
    assert (one.domain, one.run_id, one.outcome, one.reward) == ("kitchen", "imported", "success", 1.0)
    assert [step.kind for step in one.steps] == ["thought", "action", "observation", "action"]
    store = ExperienceStore(workspace)
    store.add_all(plan_experiences(store, [one]).new)
    assert store.find(domain="kitchen") == [one]


def test_an_import_never_overwrites(workspace: Workspace) -> None:
    store = ExperienceStore(workspace)
    one = Experience(
        run_id="r", domain="d", env_name="", task_id="t1", task="x", trial=0, outcome="fail", steps=()
    )
    store.add(one)
    changed, new = replace(one, outcome="success"), replace(one, task_id="t2")
    plan = plan_experiences(store, [one, changed, new, new])
    assert (plan.new, plan.same, plan.conflicting) == ((new,), (one, new), (changed,))


def test_secrets_are_left_out_of_what_is_exported() -> None:
    one = Experience(
        run_id="r", domain="d", env_name="", task_id="t", task="x", trial=0, outcome="fail",
        steps=(Step("observation", "the key is sk-abcdefghijklmnopqrstuv now"),),
        reflections=("password = hunter2hunter2",),
    )  # fmt: skip
    (line,) = export_experiences([one])
    assert "abcdefghij" not in line
    assert "hunter2" not in line
    (back,) = read_experiences([line], domain="d")
    assert back.text == "the key is [secret left out] now"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: Invalid JSON"),
        ('{"task_id": "t", "task": "x", "steps": []}', "line 2: .*neither `success` nor `outcome`"),
        ('{"task_id": "t", "task": "x", "steps": [], "success": true, "outcome": "fail"}', "contradict"),
        ('{"task_id": "", "task": "x", "steps": [], "success": true}', "line 2, task_id"),
        ('{"task_id": "t", "task": "x", "steps": [{"says": "x"}], "success": true}', r"steps\.0\.says"),
    ],
)
def test_a_line_that_does_not_fit_is_named(line: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        read_experiences(["", line], domain="d")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ('{"format": "other", "domain": "d", "set": "s"}', "line 1, format"),
        ('{"format": "nimue-insights-jsonl/1", "domain": "d", "set": "s"}\n{"text": ""}', "line 2, text"),
        (
            '{"format": "nimue-insights-jsonl/1", "domain": "d", "set": "s"}\n'
            + '{"id": "I-1", "text": "a"}\n' * 2,
            "an id stands twice",
        ),
    ],
)
def test_other_insight_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        read_insights(text)
