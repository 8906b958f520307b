"""Arms by name, and the placebo, which is as long as what was learned and says nothing of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import NimueError
from agents.expel.arms import ARMS, parse_arms
from agents.expel.placebo import placebo_insights

LISTS = st.lists(st.text("abc .", min_size=1, max_size=300), max_size=12)


def test_arms_are_read_in_the_order_in_which_they_are_named() -> None:
    assert [arm.name for arm in parse_arms(" expel, react ,placebo,")] == ["expel", "react", "placebo"]


def test_all_means_all_of_the_specification() -> None:
    assert parse_arms("all") == ARMS
    wanted = {"act", "react", "reflexion", "insights-only", "retrieve-only", "expel", "placebo"}
    assert wanted <= {arm.name for arm in ARMS}


@pytest.mark.parametrize("text", ["", " , ", "magic", "react,magic", "react,react", "All"])
def test_arms_that_make_no_sense_are_refused_with_those_that_do(text: str) -> None:
    with pytest.raises(NimueError, match=r"choose among act, react|named twice"):
        parse_arms(text)


@pytest.mark.parametrize(
    ("name", "insights", "examples", "thoughts", "retries"),
    [
        ("act", "none", "manual", False, False),
        ("react", "none", "manual", True, False),
        ("reflexion", "none", "manual", True, True),
        ("insights-only", "learned", "manual", True, False),
        ("retrieve-only", "none", "similar", True, False),
        ("expel", "learned", "similar", True, False),
        ("placebo", "placebo", "manual", True, False),
    ],
)
def test_an_arm_uses_what_the_specification_gives_it(
    name: str, insights: str, examples: str, thoughts: bool, retries: bool
) -> None:
    (arm,) = parse_arms(name)
    assert (arm.insights, arm.examples, arm.thoughts, arm.retries) == (insights, examples, thoughts, retries)


@given(learned=LISTS, seed=st.integers(0, 99))
def test_a_placebo_has_the_words_of_every_line_in_number(learned: list[str], seed: int) -> None:
    lines = placebo_insights(learned, seed)
    assert [len(line.split()) for line in lines] == [len(line.split()) for line in learned]
    assert lines == placebo_insights(learned, seed)


def test_a_placebo_is_about_as_long_in_characters_and_shares_nothing_with_the_learned() -> None:
    learned = [f"Look into closed receptacles number {n} before you walk on to the next." for n in range(10)]
    text = " ".join(placebo_insights(learned, 7))
    assert len(text) == pytest.approx(len(" ".join(learned)), rel=0.2)
    assert not {"receptacles", "receptacles.", "closed"} & set(text.lower().split())
