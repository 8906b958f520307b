"""Insights as a file: what is written reads back the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.errors import StoreError
from memory.insight_store import InsightStore
from memory.insights import Insight, State, active, birth, settle
from memory.markdown import apply_import, export_set, plan_import, read_document
from memory.workspace import Workspace

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
INSIGHTS = st.lists(
    st.builds(
        Insight,
        id=st.integers(0, 16**12 - 1).map(lambda number: f"I-{number:012X}"),
        text=st.one_of(TEXTS, st.sampled_from(["(count 3, ev 0) x", "[I-1] y", "---", "\\n", "a\nb\\"])),
        count=st.integers(0, 30),
        state=st.sampled_from([State.ACTIVE, State.ARCHIVED, State.QUARANTINED]),
        pinned=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda insight: insight.id,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[InsightStore]:
    with Workspace(tmp_path) as workspace:
        yield InsightStore(workspace)


@settings(max_examples=40, deadline=None)
@given(INSIGHTS, TEXTS)
def test_case_43_export_import_export_is_the_identity(
    tmp_path_factory: pytest.TempPathFactory, insights: list[Insight], domain: str
) -> None:
    folder = tmp_path_factory.mktemp("memory")
    with Workspace(folder / "one") as one, Workspace(folder / "two") as two:
        source, target = InsightStore(one), InsightStore(two)
        source.create_set("s", domain)
        source.commit(
            "s",
            lambda _, __: [birth(insight) for insight in settle(insights)],
            actor="system",
            evidence=[["e1", "e2"] if insight.pinned else [] for insight in settle(insights)],
        )
        text = export_set(source, "s")
        apply_import(target, read_document(text))
        assert export_set(target, "s") == text
        assert target.insights("s") == source.insights("s")
        log = source.log("s")
        apply_import(source, read_document(text))
        assert source.log("s") == log


def _file(*bullets: str) -> str:
    return "\n".join(["---", "format: nimue-insights/1", "domain: d", "set: s", "---", "", *bullets, ""])


def test_a_bullet_written_by_hand_is_added_with_an_importance_of_two(store: InsightStore) -> None:
    apply_import(store, read_document(_file("- Look  first", "some prose", "- Clean it.")))
    assert [(rule.text, rule.count) for rule in store.insights("s")] == [("Look first.", 2), ("Clean it.", 2)]
    assert {logged.actor for logged in store.log("s")} == {"import"}


def test_a_known_id_updates_and_a_known_text_merges_to_the_greater_importance(store: InsightStore) -> None:
    store.create_set("s", "d")
    first, second = store.add("s", "Look first."), store.add("s", "Clean the mug.")
    document = read_document(
        _file(
            f"- [{first}] (count 7, ev 0) Look twice.",
            "- [I-0] (count 5, ev 0) clean the mug",
            "- Heat the egg.",
        )
    )
    plan = plan_import(store.insights("s"), document)
    assert [(one.action, one.target) for one in plan] == [("update", first), ("merge", second), ("add", None)]
    apply_import(store, document)
    assert [(rule.text, rule.count) for rule in active(store.insights("s"))] == [
        ("Look twice.", 7), ("Clean the mug.", 5), ("Heat the egg.", 2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must start with a head"),
        ("---\nformat: other\n---\n", "must name format"),
        (_file("- [I-1] (count 1, ev 0) a", "- [I-1] (count 1, ev 0) b"), "an id stands twice"),
        (_file("- [I-1] (count 1, ev 0, nice) a"), "unknown mark 'nice'"),
    ],
)
def test_other_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        read_document(text)
