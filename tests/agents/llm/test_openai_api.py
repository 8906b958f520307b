"""What is OpenAI's alone: its schemas, its newer protocol, servers that only speak like it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from pydantic import BaseModel

from agents.errors import NimueFailure
from agents.llm.ask import Unanswered, ask
from agents.llm.fake_protocols import (
    Behaviour,
    BreaksOff,
    ErrsMidway,
    Fails,
    Refuses,
    Says,
)
from agents.llm.fake_server import FakeServer
from agents.llm.model import Model, ModelOptions, open_model
from agents.llm.names import ModelName
from tests.agents.llm.served import (
    GOOD,
    NAMES,
    QUESTION,
    TAG,
    YES,
    Beliefs,
    Team,
    Vote,
    served,
)

pytestmark = pytest.mark.usefixtures("_keys_of_hosts")


def _openai(base_url: str | None, **options: Any) -> Model:
    from agents.llm.openai_api import open_model as open_openai

    return open_openai("gpt-6-luna", ModelOptions(base_url=base_url, **options))


def _payload(model: Model, **arguments: Any) -> dict[str, Any]:
    chat: Any = model.chat
    payload: dict[str, Any] = chat.inner._get_request_payload(QUESTION, **arguments)
    return payload


def _response_format(model: Model, schema: type[BaseModel]) -> dict[str, Any]:
    found: dict[str, Any] = model.constrain(schema)["extra_body"]["response_format"]["json_schema"]
    return found


def test_openai_gets_closed_objects_with_every_property_required() -> None:
    sent = _response_format(_openai(None), Vote)
    assert sent["strict"] is True
    assert sent["schema"]["additionalProperties"] is False
    assert sent["schema"]["required"] == ["approve", "reason"]
    assert sent["schema"]["properties"]["reason"] == {"type": "string"}
    seats = _response_format(_openai(None), Team)["schema"]["properties"]["seats"]
    assert (seats["minItems"], seats["maxItems"], seats["items"]["enum"]) == (2, 2, [1, 2, 3, 4, 5])


def test_openai_gets_a_mapping_as_a_hint_only() -> None:
    sent = _response_format(_openai(None), Beliefs)
    assert sent["strict"] is False
    assert sent["schema"] == Beliefs.model_json_schema()


def test_other_servers_get_the_whole_schema() -> None:
    sent = _response_format(_openai("http://127.0.0.1:1/v1"), Vote)
    assert sent["schema"] == Vote.model_json_schema()


def test_a_property_may_be_called_like_a_keyword() -> None:
    class Odd(BaseModel):
        default: str
        title: str

    assert set(_response_format(_openai(None), Odd)["schema"]["properties"]) == {"default", "title"}


def test_the_answers_limit_is_named_as_the_server_knows_it() -> None:
    assert _payload(_openai(None), max_tokens=9)["max_completion_tokens"] == 9
    other = _payload(_openai("http://127.0.0.1:1/v1"), max_tokens=9)
    assert other["max_tokens"] == 9
    assert "max_completion_tokens" not in other


def test_temperature_and_seed_are_sent_only_when_given() -> None:
    assert {"temperature", "seed"} & _payload(_openai(None)).keys() == set()
    payload = _payload(_openai(None, temperature=0.0, seed=7))
    assert (payload["temperature"], payload["seed"]) == (0.0, 7)


def test_openais_own_default_is_the_one_of_the_table() -> None:
    model = open_model(ModelName("openai", "default"), ModelOptions())
    assert str(model.name) == "openai:gpt-6-luna"


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model name for which LangChain speaks OpenAI's newer protocol, "responses"."""
    monkeypatch.setitem(NAMES, "openai", "gpt-5-pro")


@pytest.mark.usefixtures("newer")
async def test_the_newer_protocol_answers_refuses_and_cuts_off_alike() -> None:
    script: list[Behaviour] = [
        Says(text=GOOD, cached_tokens=40),
        Says(text=GOOD[:6], finish="length"),
        Refuses(),
        Refuses(),
    ]
    async with served("openai", script) as (model, server):
        plain = await ask(model, QUESTION, Vote, tag=TAG, max_tokens=50)
        with pytest.raises(Unanswered) as cut:
            await ask(model, QUESTION, Vote, tag=TAG, max_reasks=0)
        with pytest.raises(Unanswered) as refused:
            await ask(model, QUESTION, Vote, tag=TAG)
    assert (plain.value, plain.steps, plain.usage.cached_tokens) == (YES, ("native",), 40)
    assert (cut.value.reason, refused.value.reason) == ("truncated", "refusal")
    assert {request.path for request in server.requests} == {"/v1/responses"}
    assert server.requests[0].schema is not None
    assert server.requests[0].body["max_output_tokens"] == 50


@pytest.mark.usefixtures("newer")
@pytest.mark.parametrize(
    "behaviour",
    [Fails(status=500), BreaksOff(text=GOOD[:9]), BreaksOff(text=GOOD[:9], politely=True), ErrsMidway()],
    ids=["internal error", "cut", "ended early", "error inside the stream"],
)
async def test_faults_in_the_newer_protocol_are_survived(behaviour: Behaviour) -> None:
    async with served("openai", [behaviour]) as (model, server):
        assert (await ask(model, QUESTION, Vote, tag=TAG)).value == YES
    assert len(server.requests) == 2


@pytest.mark.usefixtures("newer")
async def test_tools_work_in_the_newer_protocol() -> None:
    def look(seat: int) -> str:
        """Look at a seat."""
        return ""

    script: list[Behaviour] = [
        Says(text="Let me see.", tool_calls=(("look", {"seat": 3}),)),
        Says(text="Done."),
    ]
    async with served("openai", script) as (model, server):
        chat = model.chat.bind_tools([look])
        first = await chat.ainvoke("Who?")
        assert isinstance(first, AIMessage)
        (call,) = first.tool_calls
        second = await chat.ainvoke(
            [HumanMessage("Who?"), first, ToolMessage("a knight", tool_call_id=call["id"])]
        )
    assert (call["name"], call["args"], first.text, second.text) == (
        "look",
        {"seat": 3},
        "Let me see.",
        "Done.",
    )
    assert "a knight" in json.dumps(server.requests[1].body["input"])


async def _opened_by_default(answer: Callable[[FakeServer], str], **options: Any) -> Model:
    async with FakeServer(**options).running() as server:
        settings = ModelOptions(base_url=answer(server))
        return await asyncio.to_thread(open_model, ModelName("openai", "default"), settings)


async def test_a_base_url_without_a_model_means_the_first_one_it_serves() -> None:
    model = await _opened_by_default(lambda server: server.openai_url, models=("qwen3:8b", "other"))
    assert str(model.name) == "openai:qwen3:8b"


async def test_a_server_that_serves_no_model_is_told() -> None:
    with pytest.raises(NimueFailure, match="lists no model"):
        await _opened_by_default(lambda server: server.openai_url, models=())


def test_a_base_url_where_nothing_answers_is_told() -> None:
    with pytest.raises(NimueFailure, match=r"http://127\.0\.0\.1:9/v1/models does not list models"):
        open_model(ModelName("openai", "default"), ModelOptions(base_url="http://127.0.0.1:9/v1"))
