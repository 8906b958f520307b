"""What an actor is told, in each of the three forms; a prompt only grows during an attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage

from agents.react.benchmarks import find_benchmark
from agents.react.lines import Entry, Form
from agents.react.prompt import NUDGE, Brief, Example, PromptSettings, messages
from games.text.env import Demonstration, Line

HOTPOTQA = find_benchmark("hotpotqa")
ALFWORLD = find_benchmark("alfworld")
WEBSHOP = find_benchmark("webshop")

EXAMPLE = Example.of(
    Demonstration(
        task_id="shown",
        kind="question",
        text="Question: How long is the Orm?",
        lines=(
            Line("thought", "I look it up."),
            Line("action", "Search[Orm]"),
            Line("observation", "The Orm is 212 kilometres long."),
            Line("action", "Finish[212]"),
            Line("observation", "Answer is CORRECT"),
        ),
    )
)
BRIEF = Brief(
    task="Question: How long is the Velle?",
    examples=(EXAMPLE,),
    insights=("Search by title.", "Answer briefly."),
    reflections=("I gave up.",),
)
BEGUN = (
    Entry(kind="thought", text="I look it up too.", step=1, answer=1),
    Entry(kind="action", text="Search[Velle]", step=1, answer=1),
    Entry(kind="observation", text="The Velle is 96 kilometres long.", step=1, answer=1),
    Entry(kind="thought", text="So it is 96.", step=2, answer=2),
)


def told(prompt: list[BaseMessage]) -> list[tuple[str, str]]:
    return [(message.type, message.text) for message in prompt]


OPENING_HEAD = "You have at most 20 actions.\n\nHere are examples of solved tasks.\n\n"
OPENING_TAIL = (
    "\n\n(End of the examples)\n\n"
    "This is what you have learned from similar questions. Use it as a reference:\n"
    "1. Search by title.\n2. Answer briefly.\n\n"
    "You have tried the question that follows before and failed. These reflections say how to do better:\n"
    "- I gave up.\n\n"
    "Now it is your turn.\nQuestion: How long is the Velle?"
)
LINES = (
    "Question: How long is the Orm?\nThought 1: I look it up.\nAction 1: Search[Orm]\n"
    "Observation 1: The Orm is 212 kilometres long.\nAction 2: Finish[212]\n"
    "Observation 2: Answer is CORRECT"
)
OBJECTS = (
    'Question: How long is the Orm?\n{"thought": "I look it up.", "action": "Search[Orm]"}\n'
    'Observation 1: The Orm is 212 kilometres long.\n{"action": "Finish[212]"}\n'
    "Observation 2: Answer is CORRECT"
)


def test_the_form_of_lines_is_one_message_that_the_model_continues() -> None:
    system, *rest = told(messages(HOTPOTQA, PromptSettings(form="lines"), BRIEF, BEGUN))
    assert system[0] == "system"
    assert system[1].startswith(
        f"You are {HOTPOTQA.identity}. {HOTPOTQA.instruction} Write one line at a time"
    )
    begun = (
        "\nThought 1: I look it up too.\nAction 1: Search[Velle]\n"
        "Observation 1: The Velle is 96 kilometres long.\nThought 2: So it is 96."
    )
    assert rest == [("human", OPENING_HEAD + LINES + OPENING_TAIL + begun)]


def test_the_form_of_turns_is_a_chat() -> None:
    assert told(messages(HOTPOTQA, PromptSettings(form="turns"), BRIEF, BEGUN))[1:] == [
        ("human", OPENING_HEAD + LINES + OPENING_TAIL),
        ("ai", "Thought 1: I look it up too.\nAction 1: Search[Velle]"),
        ("human", "Observation 1: The Velle is 96 kilometres long."),
        ("ai", "Thought 2: So it is 96."),
        ("human", NUDGE),
    ]


def test_the_form_of_json_is_a_chat_of_objects() -> None:
    assert told(messages(HOTPOTQA, PromptSettings(form="json"), BRIEF, BEGUN))[1:] == [
        ("human", OPENING_HEAD + OBJECTS + OPENING_TAIL),
        ("ai", '{"thought": "I look it up too.", "action": "Search[Velle]"}'),
        ("human", "Observation 1: The Velle is 96 kilometres long."),
        ("ai", '{"thought": "So it is 96.", "action": ""}'),
        ("human", NUDGE),
    ]


@pytest.mark.parametrize("form", ["lines", "turns", "json"])
def test_an_actor_without_thoughts_is_shown_none(form: Form) -> None:
    settings = PromptSettings(form=form, thoughts=False)
    system, *rest = told(messages(HOTPOTQA, settings, BRIEF, BEGUN[1:3]))
    whole = "".join(text for _, text in rest)
    assert HOTPOTQA.act_instruction in system[1]
    assert "I look it up" not in whole and "thought" not in whole.lower()
    assert "Search[Orm]" in whole and "Search[Velle]" in whole


def test_insights_stand_after_the_examples_as_in_the_code_or_before_them_as_in_the_paper() -> None:
    def order(before: bool) -> list[str]:
        settings = PromptSettings(form="turns", insights_before_examples=before)
        opening = messages(HOTPOTQA, settings, BRIEF, ())[1].text
        return sorted(("Search by title.", "(End of the examples)", "I gave up."), key=opening.index)

    assert order(False) == ["(End of the examples)", "Search by title.", "I gave up."]
    assert order(True) == ["Search by title.", "(End of the examples)", "I gave up."]


@pytest.mark.parametrize("form", ["lines", "turns", "json"])
def test_nothing_stands_in_a_prompt_that_was_not_given(form: Form) -> None:
    bare = Brief(task="Question: Why?")
    (_, (_, opening)) = told(messages(HOTPOTQA, PromptSettings(form=form), bare, ()))
    assert opening == "You have at most 20 actions.\n\nNow it is your turn.\nQuestion: Why?"


def test_braces_in_what_a_model_said_are_left_alone() -> None:
    entries = [Entry(kind="thought", text="{n} of {text}", step=1, answer=1)]
    brief = Brief(task="{task}", reflections=("{0}",))
    prompt = messages(ALFWORLD, PromptSettings(form="turns"), brief, entries)
    assert prompt[1].text.endswith("Trial 0:\n{0}\n\nNow it is your turn. Here is your task.\n{task}")
    assert prompt[2].text == "> think: {n} of {text}"


def test_the_shop_is_told_in_its_own_form() -> None:
    entries = [
        Entry(kind="thought", text="Blue.", step=1, answer=1),
        Entry(kind="action", text="search[apron]", step=1, answer=1),
        Entry(kind="observation", text="[Back]", step=1, answer=1),
    ]
    prompt = messages(WEBSHOP, PromptSettings(form="lines"), Brief(task="Instruction:"), entries)
    assert prompt[1].text.endswith(
        "Instruction:\nAction: think[Blue.]\nAction: search[apron]\nObservation: [Back]\n"
    )


@st.composite
def attempts(draw: st.DrawFn) -> list[list[Entry]]:
    """An attempt, answer by answer: thoughts, at most three answers a step, then what was seen."""
    words = st.text("ab {}\"'\\é:", max_size=6)
    parts: list[list[Entry]] = []
    answer = 0
    for step in range(1, draw(st.integers(1, 4)) + 1):
        for number in range(1, draw(st.integers(1, 3)) + 1):
            answer += 1
            thought = Entry(kind="thought", text=draw(words), step=step, answer=answer)
            action = Entry(kind="action", text=draw(words), step=step, answer=answer)
            acts = draw(st.booleans()) or number == 3
            parts.append([thought, action] if acts else [thought])
            if acts:
                break
        parts.append([Entry(kind="observation", text=draw(words), step=step, answer=answer)])
    return parts


def test_an_actor_may_be_kept_from_its_earlier_thoughts_but_not_from_those_of_examples() -> None:
    entries = [
        Entry(kind="thought", text="Still wondering.", step=1, answer=1),
        Entry(kind="thought", text="Orm, then.", step=1, answer=2),
        Entry(kind="action", text="Search[Orm]", step=1, answer=2),
        Entry(kind="observation", text="A river.", step=1, answer=2),
    ]
    settings = PromptSettings(form="json", past_thoughts=False)
    _, (_, opening), *turns = told(messages(HOTPOTQA, settings, BRIEF, entries))
    assert '{"thought": "I look it up' in opening
    assert turns == [
        ("ai", '{"thought": "Still wondering.", "action": ""}'),  # all that there was of this answer
        ("human", NUDGE),
        ("ai", '{"action": "Search[Orm]"}'),
        ("human", "Observation 1: A river."),
    ]


@given(
    parts=attempts(),
    form=st.sampled_from(["lines", "turns", "json"]),
    status=st.booleans(),
    past_thoughts=st.booleans(),
)
def test_a_prompt_only_grows_during_an_attempt(
    parts: list[list[Entry]], form: Form, status: bool, past_thoughts: bool
) -> None:
    """Each prompt goes on where the last one stopped, so a server may keep what it has read."""
    settings = PromptSettings(form=form, status=status, past_thoughts=past_thoughts)
    entries: list[Entry] = []
    earlier = told(messages(ALFWORLD, settings, BRIEF, entries))
    for place, part in enumerate(parts):
        entries += part
        asked = part[-1]["kind"] == "observation" or parts[place + 1][-1]["kind"] != "observation"
        if not asked:  # the observation comes first
            continue
        now = told(messages(ALFWORLD, settings, BRIEF, entries))
        if form == "lines":
            assert len(now) == 2
            assert now[0] == earlier[0]
            assert now[1][1].startswith(earlier[1][1])
        else:
            assert now[: len(earlier)] == earlier
            assert [kind for kind, _ in now[len(earlier) :]] == ["ai", "human"]
        earlier = now
