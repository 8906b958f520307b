"""Provider `local`: the embedded 135M model as a LangChain chat model."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel, Field

from agents.errors import NimueError, NimueFailure
from agents.llm import local
from agents.llm.ask import ask
from agents.llm.finish import Finish, finish_of
from agents.llm.model import CallTag, Model, ModelOptions, open_model
from agents.llm.names import ModelName
from agents.llm.usage import Usage

pytestmark = pytest.mark.real_model

RULES = "You sit at a table of six and play a game of hidden roles. " * 12


class Vote(BaseModel):
    """A vote on the proposed team."""

    why: str = Field(max_length=60)
    approve: bool
    trust: dict[str, int] = Field(default_factory=dict, max_length=2)
    mood: Literal["calm", "angry"]
    shot: int | None = Field(default=None, ge=1, le=6)


@pytest.fixture(scope="module")
def model(smollm2_path: Path) -> Iterator[Model]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "memory_bytes", lambda: 1 << 30)
        patch.setattr(local, "SHORTEST_CONTEXT", 1024)
        opened = open_model(ModelName("local", str(smollm2_path)), ModelOptions(seed=1))
    yield opened
    opened.close()
    opened.close()


def table(question: str) -> list[BaseMessage]:
    return [SystemMessage(RULES), HumanMessage(question)]


async def test_an_answer_keeps_to_its_schema(model: Model) -> None:
    answer = await ask(model, table("Do you approve?"), Vote, tag=CallTag(lane="1"), max_tokens=120)
    assert answer.steps == ("native",)
    assert "\n" not in answer.text


async def test_lanes_that_ask_at_once_read_the_rules_once(model: Model) -> None:
    async def vote(seat: int) -> Usage:
        prompt = [SystemMessage("Listen. " + RULES), HumanMessage(f"You are seat {seat}. Do you approve?")]
        tag = CallTag(game="g", lane=f"{seat}/table")
        return (await ask(model, prompt, Vote, tag=tag, max_tokens=120)).usage

    usages = await asyncio.gather(*(vote(seat) for seat in range(1, 4)))
    shares = sorted(usage.cached_tokens / usage.input_tokens for usage in usages)
    assert shares[0] < 0.2
    assert shares[1] > 0.8


async def test_a_lane_finds_its_own_turns_again(model: Model) -> None:
    turns = [*table("Who is evil? " * 20), AIMessage("Seat 4, I think."), HumanMessage("And now?")]
    for length in (2, 4):
        config = {"metadata": CallTag(lane="6/table").metadata()}
        answer = await model.chat.ainvoke(turns[:length], config, max_tokens=4)  # type: ignore[arg-type]
    usage = Usage.from_message(answer)
    assert usage.cached_tokens > 0.8 * usage.input_tokens


async def test_a_forced_tool_is_called(model: Model) -> None:
    bound = model.chat.bind_tools([Vote], tool_choice="any")
    answer = await bound.ainvoke(table("Vote!"), max_tokens=150)
    assert [call["name"] for call in answer.tool_calls] == ["Vote"]
    Vote.model_validate(answer.tool_calls[0]["args"])


async def test_of_several_tools_the_named_one_is_called(model: Model) -> None:
    def leave_table(reason: str) -> None:
        """Leave the table."""

    bound = model.chat.bind_tools([Vote, leave_table], tool_choice="leave_table")
    answer = await bound.ainvoke(table("Go."), max_tokens=150)
    assert [call["name"] for call in answer.tool_calls] in (["leave_table"], [])
    assert answer.tool_calls or finish_of(answer) is Finish.LENGTH


async def test_a_prompt_too_long_for_the_model_spoils_one_answer_and_not_the_run(model: Model) -> None:
    answer = await model.chat.ainvoke("too long " * 2000, max_tokens=4)
    assert answer.text == ""
    assert finish_of(answer) is Finish.LENGTH


async def test_what_the_engine_cannot_do_is_said_in_a_sentence(model: Model) -> None:
    picture = HumanMessage([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}])
    with pytest.raises(NimueFailure, match="image input is not supported"):
        await model.chat.ainvoke([picture], max_tokens=4)
    with pytest.raises(NimueError, match=r"refused the request: .*max_completion_tokens"):
        await model.chat.ainvoke(table("Hello?"), max_tokens="seven")


def test_the_same_seed_gives_the_same_answer_in_another_event_loop(model: Model) -> None:
    answers = {asyncio.run(model.chat.ainvoke(table("Say something."), max_tokens=12)).text for _ in range(2)}
    assert len(answers) == 1


def test_the_context_follows_the_memory(smollm2_path: Path) -> None:
    assert local.slot_context(smollm2_path, 0) == local.SHORTEST_CONTEXT
    assert local.slot_context(smollm2_path, 1 << 40) == 8192
    middle = local.slot_context(smollm2_path, 8 << 30)
    assert 4096 < middle < 8192
    assert middle % 256 == 0
