"""The stand-in models: valid by construction, the same in every process."""

import subprocess
import sys
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from pydantic import BaseModel, Field, create_model

from agents.errors import NimueError
from agents.llm.ask import ask
from agents.llm.model import CallTag, ModelOptions, open_model
from agents.llm.names import parse_model_name
from agents.llm.schema_draw import draw
from agents.llm.scripted import scripted_model

TAG = CallTag(game="g", decision="q1a1/vote/3", stage="refine", lane="seat-3")


class Role(StrEnum):
    MERLIN = "merlin"
    MORGANA = "morgana"


class Belief(BaseModel):
    seat: Annotated[int, Field(ge=1, le=7)]
    role: Role
    sure: Annotated[float, Field(ge=0, le=1)]


class Node(BaseModel):
    """Refers to itself."""

    name: str
    children: list["Node"] = Field(max_length=2)


class Everything(BaseModel):
    team: Annotated[list[Literal[1, 2, 3, 4, 5]], Field(min_length=3, max_length=3)]
    pair: tuple[int, bool]
    beliefs: list[Belief]
    by_seat: dict[int, Role]
    by_role: dict[Role, Annotated[int, Field(gt=0, lt=3)]]
    note: Annotated[str, Field(min_length=100, max_length=120)]
    word: Annotated[str, Field(max_length=5)]
    either: int | Belief | None
    nothing: None
    fixed: Literal["x"]
    node: Node
    unique: set[Annotated[int, Field(ge=0, le=9)]]
    below: Annotated[float, Field(lt=-2)]
    even: Annotated[int, Field(multiple_of=2, ge=3, le=9)]
    fallback: str = "unchanged"


@pytest.mark.parametrize("seed", range(40))
async def test_every_drawn_answer_satisfies_its_schema(seed: int) -> None:
    model = open_model(parse_model_name(f"scripted:{seed}"), ModelOptions())
    answer = await ask(model, [HumanMessage("Go.")], Everything, tag=TAG, max_reasks=0)
    assert answer.steps == ("native",)
    assert len(set(answer.value.team)) == 3


@given(low=st.integers(-50, 50), width=st.integers(0, 5), least=st.integers(0, 4), seed=st.integers(0, 99))
def test_drawn_lists_keep_their_size_and_are_distinct_where_they_can_be(
    low: int, width: int, least: int, seed: int
) -> None:
    from random import Random

    item = Annotated[int, Field(ge=low, le=low + width)]
    schema = create_model(
        "Seats", seats=(Annotated[list[item], Field(min_length=least, max_length=least)], ...)
    )
    drawn = draw(schema.model_json_schema(), Random(seed))
    schema.model_validate(drawn)
    assert len(set(drawn["seats"])) == min(least, width + 1)


async def test_the_same_prompt_is_answered_alike_and_another_prompt_or_seed_is_not() -> None:
    async def answer(name: str, prompt: str) -> str:
        model = open_model(parse_model_name(name), ModelOptions())
        return (await ask(model, [HumanMessage(prompt)], Everything, tag=TAG)).text

    assert await answer("scripted", "a") == await answer("scripted", "a")
    assert await answer("scripted", "a") != await answer("scripted", "b")
    assert await answer("scripted", "a") != await answer("scripted:1", "a")


def test_answers_do_not_depend_on_the_process() -> None:
    program = (
        "import asyncio\n"
        "from agents.llm.model import ModelOptions, open_model\n"
        "from agents.llm.names import parse_model_name\n"
        "chat = open_model(parse_model_name('scripted'), ModelOptions()).chat\n"
        "schema = {'type': 'object', 'properties': {'a': {'type': 'integer'}}, 'required': ['a']}\n"
        "print(asyncio.run(chat.ainvoke('hello', json_schema=schema)).text)"
    )

    def printed(hash_seed: str) -> str:
        environment = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
        )
        return done.stdout

    assert printed("1") == printed("2")


async def test_without_a_schema_it_says_a_sentence() -> None:
    model = open_model(parse_model_name("scripted"), ModelOptions())
    message = await model.chat.ainvoke("How are you?")
    assert message.text.endswith(".")
    assert message.usage_metadata is not None


async def test_with_tools_it_calls_one_with_valid_arguments_and_then_speaks() -> None:
    def look_up(seat: int, topic: Literal["votes", "quests"]) -> str:
        """Look something up."""
        return f"{seat} {topic}"

    model = open_model(parse_model_name("scripted"), ModelOptions())
    chat = model.chat.bind_tools([look_up])
    question: list[BaseMessage] = [HumanMessage("Who voted?")]
    first = await chat.ainvoke(question)
    assert isinstance(first, AIMessage)
    (call,) = first.tool_calls
    assert call["name"] == "look_up"
    assert isinstance(call["args"]["seat"], int)
    assert call["args"]["topic"] in ("votes", "quests")
    second = await chat.ainvoke([*question, first, ToolMessage("approve", tool_call_id=call["id"])])
    assert isinstance(second, AIMessage)
    assert not second.tool_calls
    assert second.text


def test_a_seed_that_is_no_number_is_refused() -> None:
    with pytest.raises(NimueError, match="scripted:SEED"):
        open_model(parse_model_name("scripted:seven"), ModelOptions())


async def test_a_written_model_sees_messages_tag_and_schema() -> None:
    seen: list[object] = []

    def reply(messages: list[BaseMessage], tag: object, schema: object) -> str:
        seen.extend([messages[0].text, tag, schema])
        return '{"name": "x", "children": []}'

    await ask(scripted_model(reply), [HumanMessage("Go.")], Node, tag=TAG)
    assert seen == ["Go.", TAG.metadata(), Node.model_json_schema()]


async def test_a_written_model_may_take_its_time() -> None:
    async def reply(messages: list[BaseMessage], tag: object, schema: object) -> str:
        return '{"name": "late", "children": []}'

    answer = await ask(scripted_model(reply), [HumanMessage("Go.")], Node, tag=TAG)
    assert answer.value.name == "late"
