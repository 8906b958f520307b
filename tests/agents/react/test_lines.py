"""A line of a model is a thought or an action, whatever it looks like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.react.lines import (
    HOUSEHOLD_VERBS,
    Reader,
    Said,
    lines_of,
    read_bracketed,
    read_household,
    read_shopping,
)


def thought(text: str) -> Said:
    return Said("thought", text)


def action(text: str) -> Said:
    return Said("action", text)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Thought 2: I look it up.", thought("I look it up.")),
        ("thought: I look it up:", thought("I look it up")),
        ("I should search the film.", thought("I should search the film.")),
        ("Action 1: Search[Orm]", action("Search[Orm]")),
        ("ACTION: Search[Orm]", action("Search[Orm]")),
        ("action 12 Lookup[length]", action("Lookup[length]")),
        ("Action 3: Finish[yes", action("Finish[yes]")),
        ("Search[Orm]", action("Search[Orm]")),
        ("Finish[the Velle", action("Finish[the Velle]")),
        ("Action 1: Search[Orm] Search[Velle]", action("Search[Orm] Search[Velle]")),
        ("Action 1: give up", action("give up")),
        ("I could use Search[Orm] for that", thought("I could use Search[Orm] for that")),
        ("Actionable advice is rare.", thought("Actionable advice is rare.")),
    ],
)
def test_a_reader_of_questions(line: str, said: Said) -> None:
    assert read_bracketed(line) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("> think: The mug may be in the cabinet.", thought("The mug may be in the cabinet.")),
        ("think: The mug may be hot.", thought("The mug may be hot.")),
        ("Thought: The mug may be hot.", thought("The mug may be hot.")),
        ("> Go to Cabinet 1", action("go to cabinet 1")),
        ("Action: > open cabinet 1.", action("open cabinet 1")),
        ("Action 2: take mug 1 from cabinet 1", action("take mug 1 from cabinet 1")),
        ("> dance", action("dance")),
        ("The mug is not here.", thought("The mug is not here.")),
        ("putting it down is not enough", thought("putting it down is not enough")),
    ],
)
def test_a_reader_of_household_commands(line: str, said: Said) -> None:
    assert read_household(line) == said


@pytest.mark.parametrize("verb", HOUSEHOLD_VERBS)
def test_every_verb_of_the_household_is_an_action_without_its_sign(verb: str) -> None:
    """Specification K.8: `examine` and `close` without ">" were thoughts in the authors' code."""
    assert read_household(f"{verb.capitalize()} lamp 1") == action(f"{verb} lamp 1")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Action: search[blue apron]", action("search[blue apron]")),
        ("action 3: click[Buy Now", action("click[Buy Now]")),
        ("Action: think[The blue one fits.]", thought("The blue one fits.")),
        ("Think[It is too dear", thought("It is too dear")),
        ("click[K10A] because it is blue", action("click[K10A]")),
        ("I want the blue one.", thought("I want the blue one.")),
        ("Thought 2: The blue one fits.", thought("The blue one fits.")),
        ("click[< Prev]", action("click[< Prev]")),
    ],
)
def test_a_reader_of_purchases(line: str, said: Said) -> None:
    assert read_shopping(line) == said


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ("", []),
        (" \n\t\n", []),
        (">", []),
        ("```json\n> look\n```", ["> look"]),
        ("**Thought 1:** I look.\r\n**Action 1**: Search[x]", ["Thought 1: I look.", "Action 1: Search[x]"]),
        ('"go to desk 1"', ["go to desk 1"]),
        ("one\n\nObservation 1: two", ["one", "Observation 1: two"]),
    ],
)
def test_an_answer_is_cut_into_the_lines_that_say_anything(answer: str, lines: list[str]) -> None:
    assert lines_of(answer) == lines


@pytest.mark.parametrize("read", [read_bracketed, read_household, read_shopping])
@given(answer=st.text())
def test_readers_never_fail_and_keep_to_one_line(read: Reader, answer: str) -> None:
    for line in lines_of(answer):
        said = read(line)
        assert said.kind in ("thought", "action")
        assert len(said.text.splitlines()) <= 1


@pytest.mark.parametrize("read", [read_bracketed, read_household, read_shopping])
@pytest.mark.parametrize(
    "line",
    ["[" * 5_000, "]" * 5_000, "Action " * 2_000, "think" + " " * 5_000 + ":", "a[" * 3_000, "> " * 4_000],
)
def test_hostile_lines_are_read_at_once(read: Reader, line: str) -> None:
    for one in lines_of(line):
        assert len(read(one).text) <= len(line) + 1
