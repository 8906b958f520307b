"""One question, one typed answer: what is streamed, asked again, counted and raised."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from agents.errors import NimueError
from agents.llm.ask import Unanswered, ask
from agents.llm.call_failed import CallFailed
from agents.llm.model import CallTag, Model, wrap
from agents.llm.names import ModelName
from agents.llm.retry import RetryingChatModel
from agents.llm.scripted import scripted_model
from agents.llm.stream_fields import Delta
from agents.llm.usage import Usage
from tests.agents.llm.flaky_model import FlakyChatModel


class Draft(BaseModel):
    think: str
    speak: str = Field(max_length=40)


TAG = CallTag(game="g", decision="q1a1/speak/2", stage="formulate", attempt=2)
QUESTION = [SystemMessage("You play."), HumanMessage("Speak.")]
GOOD = '{"think": "Hm.", "speak": "I trust seat 4."}'
HM = Draft(think="Hm.", speak="I trust seat 4.")


def _model(chat: FlakyChatModel, constraints: dict[str, Any] | None = None) -> Model:
    return Model(
        name=ModelName("openai", "gpt-4o"),
        chat=chat,
        constrain=lambda schema: constraints or {},
        close=lambda: None,
    )


async def test_the_fields_of_the_answer_are_told_as_they_grow() -> None:
    told: list[Delta] = []
    pieces: list[str | Exception | None] = ['{"think": "H', 'm.", "sp', 'eak": "I tr', 'ust seat 4."}']
    answer = await ask(_model(FlakyChatModel(plans=[pieces])), QUESTION, Draft, tag=TAG, on_delta=told.append)
    assert answer.value == HM
    assert told == [
        Delta("think", "H"),
        Delta("think", "m."),
        Delta("speak", "I tr"),
        Delta("speak", "ust seat 4."),
    ]


async def test_asking_again_restarts_the_view() -> None:
    told: list[Delta] = []
    chat = FlakyChatModel(plans=[['{"speak": "bad'], [GOOD]])
    await ask(_model(chat), QUESTION, Draft, tag=TAG, on_delta=told.append)
    assert told == [
        Delta("speak", "bad"),
        Delta("", "", restart=True),
        Delta("think", "Hm."),
        Delta("speak", "I trust seat 4."),
    ]


async def test_a_repeated_call_restarts_the_view_and_counts_in_the_usage() -> None:
    async def no_pause(seconds: float) -> None:
        pass

    told: list[Delta] = []
    flaky = FlakyChatModel(plans=[['{"speak": "bad', CallFailed("cut")], [GOOD]])
    model = wrap(
        _model(flaky),
        lambda chat: RetryingChatModel(
            inner=chat, model=ModelName("openai", "x"), max_retries=1, timeout_s=9, sleep=no_pause
        ),
    )
    answer = await ask(model, QUESTION, Draft, tag=TAG, on_delta=told.append)
    assert told[:2] == [Delta("speak", "bad"), Delta("", "", restart=True)]
    assert answer.value == HM
    assert answer.text == GOOD
    assert answer.usage == Usage(calls=2, input_tokens=100, cached_tokens=60, output_tokens=10)


async def test_usage_of_all_attempts_is_added_up() -> None:
    answer = await ask(_model(FlakyChatModel(plans=[["no"], [GOOD]])), QUESTION, Draft, tag=TAG)
    assert answer.usage == Usage(calls=2, input_tokens=200, cached_tokens=120, output_tokens=20)
    assert answer.steps == ("reasked", "json")


async def test_the_second_question_shows_the_bad_answer_the_complaint_and_the_schema() -> None:
    asked: list[list[BaseMessage]] = []
    tags: list[str] = []

    def reply(messages: list[BaseMessage], tag: Mapping[str, str], schema: object) -> str:
        asked.append(messages)
        tags.append(tag["attempt"])
        return GOOD if len(asked) > 1 else json.dumps({"think": "", "speak": "x" * 41})

    await ask(scripted_model(reply), QUESTION, Draft, tag=TAG)
    first, second = asked
    assert second[: len(first)] == first
    bad, complaint = second[len(first) :]
    assert isinstance(bad, AIMessage)
    assert "x" * 41 in bad.text
    assert "speak: String should have at most 40 characters" in complaint.text
    assert json.dumps(Draft.model_json_schema(), separators=(",", ":")) in complaint.text
    assert tags == ["2", "3"]


async def test_an_empty_answer_is_not_sent_back() -> None:
    asked: list[list[BaseMessage]] = []

    def reply(messages: list[BaseMessage], tag: object, schema: object) -> str:
        asked.append(messages)
        return GOOD if len(asked) > 1 else " "

    await ask(scripted_model(reply), QUESTION, Draft, tag=TAG)
    assert [message.type for message in asked[1]] == ["system", "human"]
    assert asked[1][1].text.startswith("Speak.\n\nThat answer could not be used. The answer was empty.")


async def test_two_bad_answers_are_a_typed_failure_with_the_last_text() -> None:
    chat = FlakyChatModel(plans=[["no"], ["still no"]])
    with pytest.raises(Unanswered) as failure:
        await ask(_model(chat), QUESTION, Draft, tag=TAG)
    assert (failure.value.reason, failure.value.text) == ("no_json", "still no")
    assert failure.value.usage.calls == chat.calls == 2
    assert not isinstance(failure.value, NimueError)


@pytest.mark.parametrize("max_reasks", [0, 1, 3])
async def test_a_model_is_asked_again_as_often_as_allowed(max_reasks: int) -> None:
    chat = FlakyChatModel(plans=[["no"]])
    with pytest.raises(Unanswered):
        await ask(_model(chat), QUESTION, Draft, tag=TAG, max_reasks=max_reasks)
    assert chat.calls == max_reasks + 1


async def test_prose_is_read_last_and_the_latest_first() -> None:
    def read(text: str) -> Draft | None:
        return Draft(think="", speak=text) if text.startswith("SPEAK") else None

    chat = FlakyChatModel(plans=[["SPEAK one"], ["SPEAK two"]])
    answer = await ask(_model(chat), QUESTION, Draft, tag=TAG, read_prose=read)
    assert answer.value.speak == "SPEAK two"
    assert answer.steps == ("reasked", "prose")
    earlier = FlakyChatModel(plans=[["SPEAK one"], ["hm"]])
    assert (await ask(_model(earlier), QUESTION, Draft, tag=TAG, read_prose=read)).text == "SPEAK one"
    with pytest.raises(Unanswered):
        await ask(_model(FlakyChatModel(plans=[["hm"]])), QUESTION, Draft, tag=TAG, read_prose=read)


async def test_the_providers_constraints_and_the_limit_are_passed() -> None:
    chat = FlakyChatModel(plans=[[GOOD]])
    answer = await ask(_model(chat, {"response_format": 1}), QUESTION, Draft, tag=TAG, max_tokens=77)
    assert chat.arguments == [{"response_format": 1, "max_tokens": 77}]
    assert answer.steps == ("native",)


async def test_an_answer_given_as_a_tool_call_is_read_from_its_arguments() -> None:
    def reply(messages: list[BaseMessage], tag: object, schema: object) -> AIMessage:
        call = {"name": "answer", "args": json.loads(GOOD), "id": "c1", "type": "tool_call"}
        return AIMessage("", tool_calls=[call])

    told: list[Delta] = []
    answer = await ask(scripted_model(reply), QUESTION, Draft, tag=TAG, on_delta=told.append)
    assert answer.value == HM
    assert told == [Delta("think", "Hm."), Delta("speak", "I trust seat 4.")]


async def test_a_character_torn_apart_by_the_server_is_joined() -> None:
    pieces: list[str | Exception | None] = ['{"think": "\ud83d', '\ude00", "speak": "\ud83d"}']
    answer = await ask(_model(FlakyChatModel(plans=[pieces])), QUESTION, Draft, tag=TAG)
    assert answer.value == Draft(think="😀", speak="\N{REPLACEMENT CHARACTER}")
    assert answer.text.encode()


async def test_a_call_that_fails_is_not_taken_for_a_bad_answer() -> None:
    chat = FlakyChatModel(plans=[[NimueError("The budget is spent.")]])
    with pytest.raises(NimueError, match="budget"):
        await ask(_model(chat), QUESTION, Draft, tag=TAG)
    assert chat.calls == 1
