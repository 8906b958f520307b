"""Merging, splitting, blaming, and the kept list beside the log."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.embedders import EmbedderMark, Vectors
from memory.engine import EngineSettings
from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.insight_edits import alike, merge, split
from memory.insight_reports import Usefulness, blame, sentences, usefulness
from memory.insight_store import InsightStore
from memory.insights import Insight, Op, State, active
from memory.records import Experience, Outcome, Step
from memory.workspace import Workspace

STRICT = EngineSettings()


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path) as opened:
        InsightStore(opened).create_set("s", "alfworld")
        yield opened


@pytest.fixture
def store(workspace: Workspace) -> InsightStore:
    return InsightStore(workspace)


def named(store: InsightStore, insight: str) -> Insight:
    return next(one for one in store.insights("s") if one.id == insight)


def test_a_merge_keeps_one_id_the_greater_importance_and_all_evidence(store: InsightStore) -> None:
    store.apply("s", 0, "ADD: Look into the sink.\nADD: Open every drawer.", STRICT, evidence=["e1"])
    store.apply("s", 1, "AGREE 2: Open every drawer.", STRICT, evidence=["e2"])
    drawer, sink = active(store.insights("s"))
    merge(store, "s", sink.id, drawer.id, text="Look into sinks  and drawers", reason="same advice")
    assert active(store.insights("s")) == (named(store, sink.id),)
    assert (named(store, sink.id).text, named(store, sink.id).count) == ("Look into sinks and drawers.", 3)
    assert named(store, drawer.id).state is State.ARCHIVED
    assert store.evidence("s", sink.id) == ("e1", "e2")
    assert store.log("s")[-1].event.reason == f"into {sink.id}: same advice"
    store.restore("s", drawer.id)
    assert len(active(store.insights("s"))) == 2


def test_a_merge_keeps_a_pin_and_refuses_itself_and_strangers(store: InsightStore) -> None:
    one, other = store.add("s", "Look first."), store.add("s", "Clean the mug.")
    for kept, gone in ((one, one), (one, "I-0"), ("I-0", one)):
        with pytest.raises(StoreError):
            merge(store, "s", kept, gone)
    store.pin("s", other)
    merge(store, "s", one, other)
    assert named(store, one).pinned
    assert named(store, one).text == "Look first."
    assert store.rebuild("s") == []


def test_a_split_gives_each_part_importance_and_evidence(store: InsightStore) -> None:
    store.apply("s", 0, "ADD: Look first. Clean the mug in the sink.", STRICT, evidence=["e1"])
    (whole,) = store.insights("s")
    with pytest.raises(StoreError, match="two parts"):
        split(store, "s", whole.id, ["Look first."])
    ids = split(store, "s", whole.id, ["Look first", "Clean the mug in the sink."])
    assert ids[0] == whole.id
    parts = active(store.insights("s"))
    assert [(part.id, part.text, part.count) for part in parts] == [
        (ids[0], "Look first.", 2),
        (ids[1], "Clean the mug in the sink.", 2),
    ]
    assert store.evidence("s", ids[1]) == ("e1",)
    assert store.rebuild("s") == []


def test_each_sentence_is_blamed_on_the_event_since_which_it_stands(store: InsightStore) -> None:
    store.apply("s", 0, "ADD: Look first. Then go.", STRICT, evidence=["e1"])
    store.apply("s", 1, "EDIT 1: Look first. Open it! Then go.", STRICT, evidence=["e2"])
    store.apply("s", 2, "AGREE 1", STRICT)
    store.apply("s", 3, "EDIT 1: Look first. Open it!", STRICT)
    (rule,) = store.insights("s")
    store.edit("s", rule.id, "Look first. Open it! Then go.")
    blamed = blame(store, "s", rule.id)
    assert [(one.sentence, one.logged.seq, one.logged.actor) for one in blamed] == [
        ("Look first.", 1, "llm"),
        ("Open it!", 2, "llm"),
        ("Then go.", 5, "human"),
    ]
    assert blamed[1].logged.evidence == ("e2",)
    store.delete("s", rule.id)
    for gone in (rule.id, "I-0"):
        with pytest.raises(StoreError, match="no insight"):
            blame(store, "s", gone)


def test_sentences_are_cut_after_their_marks() -> None:
    assert sentences("Use v1.5. Why? Go!  Now") == ["Use v1.5.", "Why?", "Go!", "Now"]
    assert sentences("") == []


class FirstLetter:
    """Texts mean the same that begin with the same letter."""

    mark = EmbedderMark("first letter", 26)

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack(
            [np.eye(26, dtype=np.float32)["abcdefghijklmnopqrstuvwxyz".index(t[0].lower())] for t in texts]
        )


def test_alike_insights_are_listed_by_words_and_by_meaning(store: InsightStore) -> None:
    for text in ("Look into the sink first.", "Look in the sink at first.", "Lamps need light.", "Open it."):
        store.add("s", text)
    (pair,) = alike(store, "s")
    assert {pair.one.text, pair.other.text} == {"Look into the sink first.", "Look in the sink at first."}
    assert (pair.cosine, 0.8 <= pair.similarity < 1) == (None, True)
    assert [round(found.cosine or 0) for found in alike(store, "s", FirstLetter())] == [1, 1, 1]
    assert len(active(store.insights("s"))) == 4


def test_usefulness_counts_how_attempts_with_an_insight_ended(
    workspace: Workspace, store: InsightStore
) -> None:
    rule = store.add("s", "Look first.")
    store.add("s", "Never shown.")
    outcomes: list[Outcome] = ["success", "success", "fail", "halted"]
    for trial, outcome in enumerate(outcomes):
        lived = Experience(
            run_id="r", domain="alfworld", env_name="", task_id="t", task="x", trial=trial, outcome=outcome,
            steps=(Step("action", "go"),),
        )  # fmt: skip
        ExperienceStore(workspace).add(lived, used_insights=[("s", rule)])
    assert usefulness(store, "s") == {rule: Usefulness(num_successes=2, num_failures=2)}
    assert named(store, rule).count == 2


def test_the_kept_list_is_what_the_log_makes_and_is_made_anew_where_it_is_not(
    workspace: Workspace, store: InsightStore
) -> None:
    for step in range(4):
        store.apply("s", step, f"ADD: Rule number {'abcd'[step] * 5}.\nAGREE 1", STRICT)
    sound = store.insights("s")
    assert store.rebuild("s") == []
    with workspace.transaction() as connection:
        connection.execute("UPDATE insight_lists SET list_json = '[]'")
    assert store.insights("s") == ()
    assert store.rebuild("s") == ["the kept list of s was not what its 8 events make: written anew"]
    assert store.insights("s") == sound
    with workspace.transaction() as connection:
        connection.execute("DELETE FROM insight_lists")
    assert store.insights("s") == sound


ANSWERS = st.lists(
    st.lists(
        st.sampled_from([
            "ADD: Look first.", "ADD: Clean it well.", "REMOVE 1: Look first.", "AGREE 2: Clean it well.",
            "EDIT 1: Open every drawer.", "REMOVE 2: Clean it well.", "ADD: see www.x.example", "EDIT 0: x.",
        ]),
        max_size=5,
    ).map("\n".join),
    max_size=6,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(ANSWERS, st.sampled_from(["strict", "paper"]))
def test_no_answer_of_a_model_brings_log_and_kept_list_apart(
    tmp_path_factory: pytest.TempPathFactory, answers: list[str], mode: Literal["strict", "paper"]
) -> None:
    with Workspace(tmp_path_factory.mktemp("memory")) as opened:
        store = InsightStore(opened)
        store.create_set("s", "alfworld")
        for step, answer in enumerate(answers):
            store.apply("s", step, answer, EngineSettings(mode=mode))
        assert store.rebuild("s") == []


def test_events_that_are_lost_are_told_by_a_rebuild(workspace: Workspace, store: InsightStore) -> None:
    rule = store.add("s", "Look first.")
    store.edit("s", rule, "Look twice.")
    store.vote("s", rule, 1)
    with workspace.transaction() as connection:
        connection.execute("DELETE FROM insight_events WHERE seq = 2")
    assert store.rebuild("s") == [
        f"event 3 does not go on from the event before it: events of {rule} are lost"
    ]


def test_nothing_of_a_deleted_insight_is_left_in_the_kept_list(
    workspace: Workspace, store: InsightStore
) -> None:
    rule = store.add("s", "The code of zanzibar.")
    store.delete("s", rule)
    assert "zanzibar" not in str([tuple(row) for row in workspace.rows("SELECT * FROM insight_lists")])
    assert store.rebuild("s") == []
    assert [one.event.op for one in store.log("s")] == [Op.ADD, Op.DELETE]
