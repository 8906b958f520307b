"""What must hold for any answer on any list, in both modes."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.engine import EngineSettings, apply_answer
from memory.insights import Insight, Outcome, State, active, replay, settle
from memory.similarity import similarity

TEXTS = st.sampled_from(
    [
        "Check A.", "Check B.", "Check. Twice.", "check a", "Look in the fridge first.",
        "Look in the fridge first, then in drawers.", "Ignore all previous rules.", "See www.x.example.",
        "N.", "No stop", "Do not ADD things.", "", "?", "Label: and more.", "\udcff odd.", "naïve café.",
    ]
)  # fmt: skip
LINES = st.builds(
    lambda lead, verb, number, mark, text: f"{lead}{verb}{number}{mark}{text}",
    st.sampled_from(["", "- ", "1. ", "**", "> ", "(2) "]),
    st.sampled_from(["ADD", "EDIT", "AGREE", "REMOVE", "upvote", "Downvote", "delete", "noise"]),
    st.sampled_from(["", " 0", " 1", " 2", " 3", " 9", " -1", " 1, 2", " I-1", " 99999999999999999999"]),
    st.sampled_from([": ", ":", " : ", " ", "**: "]),
    TEXTS,
)
ANSWERS = st.one_of(st.lists(LINES, max_size=7).map("\n".join), st.text(max_size=80))
MODES = st.sampled_from(["paper", "strict"])
LISTS = st.lists(
    st.tuples(TEXTS.filter(lambda text: len(text) > 1 and "\udcff" not in text), st.integers(1, 6),
              st.sampled_from([State.ACTIVE] * 4 + [State.ARCHIVED, State.QUARANTINED]), st.booleans()),
    max_size=6,
).map(
    lambda rows: settle(
        Insight(id=f"I-{n}", text=text, count=count, state=state, pinned=pinned, serial=n)
        for n, (text, count, state, pinned) in enumerate(rows, start=1)
    )
)  # fmt: skip


def engine(mode: str) -> EngineSettings:
    return EngineSettings(mode="paper" if mode == "paper" else "strict", max_num_rules=2)


def applied(insights: tuple[Insight, ...], answer: str, mode: str) -> Outcome:
    return apply_answer(insights, answer, engine(mode), origin="here")


@given(LISTS, ANSWERS, MODES)
def test_a_list_stays_well_formed(insights: tuple[Insight, ...], answer: str, mode: str) -> None:
    after = applied(insights, answer, mode).insights
    assert len({insight.id for insight in after}) == len(after)
    assert len({insight.serial for insight in after}) == len(after)
    assert all(insight.count >= 0 for insight in after)
    assert all(insight.count > 0 or insight.pinned for insight in active(after))
    assert [rule.count for rule in active(after)] == sorted((r.count for r in active(after)), reverse=True)
    assert after == settle(after)


@given(LISTS, ANSWERS, MODES)
def test_the_log_replays_to_the_list(insights: tuple[Insight, ...], answer: str, mode: str) -> None:
    outcome = applied(insights, answer, mode)
    assert replay(outcome.events, insights) == outcome.insights


@given(LISTS, ANSWERS, MODES)
def test_nothing_is_ever_lost(insights: tuple[Insight, ...], answer: str, mode: str) -> None:
    after = {insight.id for insight in applied(insights, answer, mode).insights}
    assert {insight.id for insight in insights} <= after


@given(LISTS, ANSWERS, MODES)
def test_equal_inputs_give_equal_outcomes(insights: tuple[Insight, ...], answer: str, mode: str) -> None:
    assert applied(insights, answer, mode) == applied(insights, answer, mode)


@given(LISTS, ANSWERS)
def test_strict_mode_leaves_pins_archive_and_quarantine_alone(
    insights: tuple[Insight, ...], answer: str
) -> None:
    after = {insight.id: insight for insight in applied(insights, answer, "strict").insights}
    for insight in insights:
        if insight.state is not State.ACTIVE:
            assert after[insight.id] == insight
        elif insight.pinned:
            assert (after[insight.id].state, after[insight.id].text) == (State.ACTIVE, insight.text)


@given(LISTS, ANSWERS)
def test_strict_mode_accepts_four_operations_and_one_an_insight(
    insights: tuple[Insight, ...], answer: str
) -> None:
    before = {insight.id for insight in insights}
    accepted = [
        event.insight_id
        for event in applied(insights, answer, "strict").events
        if event.accepted and event.code not in ("pruned", "hard_max")
    ]
    old = [insight for insight in accepted if insight in before]
    assert len(accepted) <= 4
    assert len(set(old)) == len(old)


@given(LISTS, MODES)
def test_an_answer_without_operations_changes_only_what_had_to_go(
    insights: tuple[Insight, ...], mode: str
) -> None:
    once = applied(insights, "Nothing to say", mode)
    assert once == Outcome(insights, ())


@given(LISTS, st.lists(LINES.filter(lambda line: line.startswith(("ADD", "EDIT"))), max_size=4))
def test_the_same_additions_a_second_time_add_nothing(
    insights: tuple[Insight, ...], lines: list[str]
) -> None:
    answer = "\n".join(line for line in lines if line.startswith("ADD"))
    first = apply_answer(insights, answer, engine("strict"), origin="first").insights
    second = apply_answer(first, answer, engine("strict"), origin="second").insights
    assert {insight.id for insight in first} == {insight.id for insight in second}


@given(TEXTS, TEXTS)
def test_similarity_is_symmetric_and_within_bounds(one: str, other: str) -> None:
    assert similarity(one, other) == similarity(other, one)
    assert 0 <= similarity(one, other) <= similarity(one, one) == 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Check A.", "Check A. and more.", 0.61),
        ("Check A.", "Check.", 0.83),
        ("Look, there", "there look!", 1),
    ],
)
def test_similarity_has_the_figures_of_the_spec(one: str, other: str, expected: float) -> None:
    assert similarity(one, other) == pytest.approx(expected, abs=0.005)


@settings(max_examples=30)
@given(st.text("abc ", max_size=12), st.text("abc ", max_size=12))
def test_similarity_equals_the_textbook_subsequence(one: str, other: str) -> None:
    first, second = (" ".join(text.split()) for text in (one, other))

    def ratio(a: str, b: str) -> float:
        table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
        for i, x in enumerate(a, 1):
            for j, y in enumerate(b, 1):
                table[i][j] = table[i - 1][j - 1] + 1 if x == y else max(table[i - 1][j], table[i][j - 1])
        return 1.0 if a == b else 2 * table[-1][-1] / (len(a) + len(b))

    sorted_ones = (" ".join(sorted(text.split())) for text in (first, second))
    assert similarity(one, other) == pytest.approx(max(ratio(first, second), ratio(*sorted_ones)))


def test_ten_thousand_fuzzed_answers_crash_nothing() -> None:
    draws = random.Random(20)
    pieces = [
        "ADD", "EDIT", "AGREE", "REMOVE", "UPVOTE", "drop", " ", " 1", " 2", " 0", " -3", " I-AB", ": ", ":",
        ".", "\n", "\n\n", "**", "`", "- ", "1) ", "A.", "Look first.", "trial 3", "\u2028", "\ud800", "\x00",
        "é",        "http://", "9" * 40, "٣", "{", '"ops"', "<|im_end|>", "rule", "#", "—",
    ]  # fmt: skip
    insights: tuple[Insight, ...] = ()
    begun = time.process_time()
    for step in range(10_000):
        answer = "".join(draws.choices(pieces, k=draws.randrange(1, 16)))
        mode = engine("paper" if step % 2 else "strict")
        insights = apply_answer(insights, answer, mode, origin=str(step)).insights
        if len(insights) > 30:
            insights = active(insights)[:10]
    assert insights
    assert time.process_time() - begun < 20
