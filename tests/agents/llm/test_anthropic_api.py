"""What is Anthropic's alone: the prompt cache, schemas in words."""

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from agents.llm.ask import ask
from agents.llm.fake_protocols import (
    Request,
    Says,
)
from agents.llm.model import ModelOptions, open_model
from agents.llm.names import ModelName
from tests.agents.llm.served import QUESTION, TAG, Beliefs, Vote, served

pytestmark = pytest.mark.usefixtures("_keys_of_hosts")


async def test_the_stable_prefix_is_marked_for_the_prompt_cache() -> None:
    async with served("anthropic", []) as (model, server):
        await ask(model, QUESTION, Vote, tag=TAG)
        await ask(model, [*QUESTION, AIMessage("Approve."), HumanMessage("Sure?")], Vote, tag=TAG)
        await ask(model, QUESTION[1:2], Vote, tag=TAG)

    def marked(request: Request) -> list[str]:
        blocks = [
            *request.body.get("system", []),
            *(b for m in request.body["messages"] for b in m["content"]),
        ]
        return [block["text"] for block in blocks if "cache_control" in block]

    assert [marked(request) for request in server.requests] == [
        ["The rules.", "What was said."],
        ["The rules.", "Approve."],
        [],
    ]


async def test_another_server_with_anthropics_protocol_is_told_the_schema_both_ways() -> None:
    async with served("anthropic", []) as (model, server):
        await ask(model, QUESTION, Vote, tag=TAG)
    (request,) = server.requests
    assert request.schema is not None
    assert "one JSON object" in request.body["messages"][-1]["content"][-1]["text"]


def test_anthropic_itself_is_not_told_the_schema_twice() -> None:
    model = open_model(ModelName("anthropic", "claude-haiku-5-5"), ModelOptions())
    chat: Any = model.chat
    assert chat.inner.inner.say_too is False


async def test_anthropic_is_told_a_mapping_in_words() -> None:
    async with served("anthropic", [Says(text='{"by_seat": {"3": 0.5}}')]) as (model, server):
        answer = await ask(model, QUESTION, Beliefs, tag=TAG)
    assert answer.value == Beliefs(by_seat={3: 0.5})
    (request,) = server.requests
    assert request.schema is None
    assert "by_seat" in json.dumps(request.body["messages"][-1])
