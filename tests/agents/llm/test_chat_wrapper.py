"""Wrapped chat models stay chat models: metadata, usage, tools and callbacks pass through."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.messages.tool import invalid_tool_call
from langchain_core.outputs import ChatGenerationChunk

from agents.llm.chat_wrapper import RESTARTED, ChatWrapper, StreamedAnswer, chunk_of, closing
from agents.llm.model import CallTag
from agents.llm.scripted import ScriptedChatModel
from tests.agents.llm.flaky_model import FlakyChatModel

TAG = CallTag(game="g1", decision="q2a1/vote/3", stage="refine", attempt=1, lane="seat-3")


class Untouched(ChatWrapper):
    """Adds nothing."""

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        async with closing(self._pass_on(messages, metadata, stop, **kwargs)) as chunks:
            async for chunk in chunks:
                yield chunk


def _wrapped(inner: BaseChatModel) -> BaseChatModel:
    return Untouched(inner=Untouched(inner=Untouched(inner=inner)))


class Tokens(AsyncCallbackHandler):
    """Notes the text of every token it is told of."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.texts.append(token)


def test_a_tag_survives_its_metadata() -> None:
    assert CallTag.from_metadata({**TAG.metadata(), "langgraph_step": 4}) == TAG
    assert CallTag.from_metadata({}) == CallTag()


async def test_metadata_reaches_the_innermost_model_streamed_or_not() -> None:
    inner = FlakyChatModel(plans=[["hi"]])
    chat = _wrapped(inner)
    await chat.ainvoke("Go.", config={"metadata": TAG.metadata()})
    async for _ in chat.astream("Go.", config={"metadata": TAG.metadata()}):
        pass
    assert [CallTag.from_metadata(metadata) for metadata in inner.seen] == [TAG, TAG]


async def test_usage_and_finish_reason_survive_three_wrappers() -> None:
    message = await _wrapped(FlakyChatModel(plans=[["hel", "lo"]])).ainvoke("Go.")
    assert message.text == "hello"
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.usage_metadata == {
        "input_tokens": 100,
        "output_tokens": 10,
        "total_tokens": 110,
        "input_token_details": {"cache_read": 60},
    }


async def test_a_streamed_answer_adds_up_to_the_invoked_one() -> None:
    chunks = [chunk async for chunk in _wrapped(FlakyChatModel(plans=[["hel", "lo"]])).astream("Go.")]
    assert [chunk.text for chunk in chunks if chunk.text] == ["hel", "lo"]
    assert sum(bool(chunk.usage_metadata) for chunk in chunks) == 1


async def test_bound_tools_and_arguments_reach_the_innermost_model() -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    inner = ScriptedChatModel(
        lambda messages, tag, schema: AIMessage(
            "", tool_calls=[{"name": "add", "args": {"a": 1, "b": 2}, "id": "c1", "type": "tool_call"}]
        )
    )
    chat = _wrapped(inner)
    message = await chat.bind_tools([add]).ainvoke("Go.")
    assert isinstance(message, AIMessage)
    assert message.tool_calls == [{"name": "add", "args": {"a": 1, "b": 2}, "id": "c1", "type": "tool_call"}]

    flaky = FlakyChatModel(plans=[["x"]])
    await _wrapped(flaky).ainvoke("Go.", stop=["END"], max_tokens=5)
    assert flaky.arguments == [{"max_tokens": 5}]


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_handler_sees_each_token_once_through_three_wrappers(streamed: bool) -> None:
    tokens = Tokens()
    chat = _wrapped(FlakyChatModel(plans=[["hel", "lo"]]))
    if streamed:
        async for _ in chat.astream("Go.", config={"callbacks": [tokens]}):
            pass
    else:
        await chat.ainvoke("Go.", config={"callbacks": [tokens]})
    assert [text for text in tokens.texts if text] == ["hel", "lo"]


async def test_closing_the_outer_stream_closes_the_inner_one() -> None:
    inner = FlakyChatModel(plans=[["a", "b", "c"]])
    async with closing(_wrapped(inner).astream("Go.")) as chunks:
        await anext(chunks)
        assert inner.closed == 0
    assert inner.closed == 1


async def test_cancelling_a_call_closes_the_inner_stream() -> None:
    inner = FlakyChatModel(plans=[["a", None]])
    task = asyncio.ensure_future(_wrapped(inner).ainvoke("Go."))
    await inner.asked()
    assert inner.closed == 0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert inner.closed == 1


def test_synchronous_calls_say_what_to_use_instead() -> None:
    with pytest.raises(NotImplementedError, match="ainvoke"):
        _wrapped(FlakyChatModel(plans=[["x"]])).invoke("Go.")


def _chunk(text: str, **fields: Any) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text, **fields))


def test_a_restart_voids_the_text_but_not_the_usage() -> None:
    answer = StreamedAnswer()
    counted = {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}
    for chunk in (
        _chunk("half", usage_metadata=counted),
        _chunk("", response_metadata={RESTARTED: True}),
        _chunk("whole", usage_metadata=counted),
    ):
        answer.add(chunk)
    assert answer.message().text == "whole"
    assert answer.voided.input_tokens == 7
    assert answer.voided.calls == 1


def test_a_finished_message_survives_being_one_chunk() -> None:
    message = AIMessage(
        content=[{"type": "text", "text": "Let me see."}],
        tool_calls=[{"name": "look", "args": {"seat": 3}, "id": "c1", "type": "tool_call"}],
        usage_metadata={"input_tokens": 7, "output_tokens": 2, "total_tokens": 9},
        response_metadata={"finish_reason": "tool_calls"},
        additional_kwargs={"refusal": "no"},
    )
    answer = StreamedAnswer()
    answer.add(chunk_of(message))
    assert answer.message() == message


async def test_a_conversation_of_several_kinds_of_messages_passes_through() -> None:
    def reply(messages: list[BaseMessage], tag: object, schema: object) -> str:
        return " ".join(message.type for message in messages)

    chat = _wrapped(ScriptedChatModel(reply))
    message = await chat.ainvoke([("system", "s"), HumanMessage("h"), ("ai", "a"), ("human", "h")])
    assert message.text == "system human ai human"


def test_a_call_whose_arguments_were_broken_is_kept_when_an_answer_is_told_again() -> None:
    broken = invalid_tool_call(name="find", args='{"words": ', id="c1", error="cut off")
    told = chunk_of(AIMessage("", invalid_tool_calls=[broken])).message
    assert isinstance(told, AIMessageChunk)
    assert [(call["name"], call["args"]) for call in told.tool_call_chunks] == [("find", '{"words": ')]
