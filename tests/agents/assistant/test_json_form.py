"""Form json, for embedded models: which tool, then its arguments, each held to a schema; then free text."""

import json
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from agents.assistant.conversation import json_messages, native_messages, within
from agents.assistant.events import TextDelta, Thought
from agents.assistant.graph import build_assistant_graph
from agents.assistant.settings import AssistantSettings
from agents.assistant.state import Line, PackedCall
from tests.agents.assistant.conversations import Script, answer, conversing, endings, heard
from tests.agents.assistant.gadgets import Gadgets


def choose(tool: str, thought: str = "I see.") -> str:
    return json.dumps({"thought": thought, "do": tool})


async def test_a_tool_is_chosen_then_its_arguments_then_the_answer_in_free_text(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(choose("make", "Make three."), '{"amount": 3}', choose("answer"), "Three were made.")
    async with conversing(tmp_path, script, tools=gadgets.box, form="json") as session:
        events = await heard(session.ask("Make three."))
    assert gadgets.used == [("make", 3)]
    assert answer(events).text == "Three were made."
    assert [event.text for event in events if isinstance(event, Thought)] == ["Make three."]
    choice, arguments, _, free = script.schemas
    assert choice is not None and arguments is not None and free is None
    assert choice["properties"]["do"]["enum"] == ["make", "build", "wait", "break", "answer"]
    assert arguments["properties"]["amount"]["maximum"] == 100
    streamed = [event.text for event in events if isinstance(event, TextDelta)]
    assert "".join(streamed) == "Three were made."


async def test_a_prompt_only_grows_within_a_turn(tmp_path: Path) -> None:
    script = Script(
        choose("make"), '{"amount": 3}', choose("break"), '{"amount": 1}', choose("answer"), "Done."
    )
    async with conversing(tmp_path, script, tools=Gadgets().box, form="json") as session:
        await heard(session.ask("Make three and break one."))
    for earlier, later in zip(script.heard, script.heard[1:], strict=False):
        assert flat(later).startswith(flat(earlier)[:-1]), "the engine would read its prompt anew"


def flat(messages: list[BaseMessage]) -> str:
    return "".join(f"<{message.type}>{message.text}" for message in messages)


async def test_arguments_that_cannot_be_had_are_an_observation(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(choose("make"), "many", "very many", choose("answer"), "I could not.")
    async with conversing(tmp_path, script, tools=gadgets.box, form="json") as session:
        events = await heard(session.ask("Make many."))
    assert endings(events)[0].told["error"] == "bad_arguments" and gadgets.used == []
    assert answer(events).text == "I could not."


async def test_a_choice_that_cannot_be_read_leads_to_an_answer(tmp_path: Path) -> None:
    script = Script("Well, hm.", "Hm, well.", "I would rather talk.")
    async with conversing(tmp_path, script, tools=Gadgets().box, form="json") as session:
        events = await heard(session.ask("Make one."))
    assert answer(events).text == "I would rather talk."


async def test_at_the_last_step_it_is_not_asked_to_choose(tmp_path: Path) -> None:
    script = Script(choose("make"), '{"amount": 1}', "One was made.")
    async with conversing(tmp_path, script, tools=Gadgets().box, form="json", max_steps=2) as session:
        events = await heard(session.ask("Make one, and more."))
    assert answer(events).text == "One was made."


async def test_after_a_refusal_it_answers_instead_of_trying_one_thing_after_the_other(tmp_path: Path) -> None:
    gadgets = Gadgets()
    script = Script(choose("build"), '{"amount": 50}', "You did not want it.")
    async with conversing(tmp_path, script, tools=gadgets.box, form="json") as session:
        events = await heard(session.ask("Build fifty."), session, allow=False)
    assert answer(events).text == "You did not want it." and gadgets.used == []


def test_the_graph_is_the_loop_that_its_picture_shows() -> None:
    drawn = build_assistant_graph().compile().get_graph()
    assert sorted((edge.source, edge.target) for edge in drawn.edges) == [
        ("__start__", "recall"),
        ("approve", "use"),
        ("recall", "think"),
        ("think", "__end__"),
        ("think", "approve"),
        ("use", "approve"),
        ("use", "think"),
    ]


def test_embedded_models_get_form_json_by_default() -> None:
    assert AssistantSettings(model="local:default").chosen_form() == "json"
    assert AssistantSettings(model="anthropic:x").chosen_form() == "native"
    assert AssistantSettings(model="anthropic:x", form="json").chosen_form() == "json"


def lines_of_turn(number: int, result: str) -> list[Line]:
    call = PackedCall(id=f"t{number}s1c1", tool="make", arguments={"amount": number})
    return [
        Line(role="user", text=f"question {number}"),
        Line(role="assistant", text="", calls=[call]),
        Line(role="tool", text=result, call=call["id"]),
        Line(role="assistant", text=f"answer {number}"),
    ]


def test_old_turns_are_left_out_whole_and_the_present_one_is_kept() -> None:
    lines = [*lines_of_turn(1, "x" * 500), *lines_of_turn(2, "y" * 500), Line(role="user", text="question 3")]
    assert within(lines, 10_000) == lines
    assert next(line["text"] for line in within(lines, 700)) == "question 2"
    assert within(lines, 5) == lines[-1:]


def test_long_results_of_the_present_turn_are_cut_where_nothing_else_can_be_left_out() -> None:
    lines = [*lines_of_turn(1, "x" * 5000)[:3], Line(role="tool", text="newest " * 100, call="t1s2c1")]
    kept = within(lines, 1500)
    assert kept[2]["text"].startswith("xxx") and "long ago" in kept[2]["text"]
    assert kept[3]["text"] == lines[3]["text"]


def test_roles_alternate_and_every_call_is_answered() -> None:
    stopped: list[Line] = [*lines_of_turn(1, "{}")[:2], Line(role="user", text="and now?")]
    natively = native_messages(stopped, 10_000)
    assert [message.type for message in natively] == ["system", "human", "ai", "tool", "human"]
    held: dict[str, Any] = {}
    in_json = json_messages(stopped, held, 10_000)
    assert [message.type for message in in_json[1:]] == ["human", "ai", "human", "ai", "human"]
    assert isinstance(in_json[-1], HumanMessage) and in_json[-1].text.startswith("and now?")
    assert isinstance(natively[2], AIMessage) and natively[2].tool_calls[0]["id"] == "t1s1c1"
