"""The real client code of both hosted providers, against a server on loopback that behaves and misbehaves."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel, Field

from agents.errors import NimueError, NimueFailure
from agents.llm.ask import Unanswered, ask
from agents.llm.fake_protocols import (
    Answers,
    Behaviour,
    BreaksOff,
    ErrsMidway,
    Fails,
    FallsSilent,
    Refuses,
    Request,
    Says,
)
from agents.llm.fake_server import FakeServer
from agents.llm.model import CallTag, Model, ModelOptions, open_model
from agents.llm.names import ModelName
from agents.llm.rate_limit import RateLimitedChatModel
from agents.llm.retry import RetryingChatModel
from agents.llm.stream_fields import Delta
from agents.llm.usage import Usage

PROVIDERS = ("openai", "anthropic")
NAMES = {"openai": "fake", "anthropic": "fake"}
KEY = "sk-loopback-1234567890"
PATIENCE = 60.0  # seconds that no answer takes on any machine


class Vote(BaseModel):
    """A vote on a team."""

    approve: bool
    reason: str = Field("", max_length=60)


class Team(BaseModel):
    seats: Annotated[list[Literal[1, 2, 3, 4, 5]], Field(min_length=2, max_length=2)]
    leader: int | None = None


class Beliefs(BaseModel):
    by_seat: dict[int, float]


GOOD = '{"approve": true, "reason": "trust"}'
YES = Vote(approve=True, reason="trust")
TAG = CallTag(decision="q1a1/vote/3")
QUESTION: list[BaseMessage] = [
    SystemMessage("The rules."),
    HumanMessage("What was said."),
    HumanMessage("Your vote?"),
]


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


_one_context = cache(ssl.create_default_context)


@pytest.fixture(autouse=True)
def _certificates_are_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Every new client would load them again, 40 ms each; nothing here is encrypted.
    monkeypatch.setattr(ssl, "create_default_context", lambda *args, **kwargs: _one_context())


@asynccontextmanager
async def _served(
    provider: str,
    script: list[Behaviour],
    *,
    max_retries: int = 2,
    timeout_s: float = PATIENCE,
    concurrency: int = 8,
    delay_s: float = 0,
) -> AsyncIterator[tuple[Model, FakeServer]]:
    """A model of one provider and the server it calls.

    Pauses between attempts take no time. After the first attempt there is time for an answer, however
    little the first one had.
    """
    server = FakeServer(script, otherwise=lambda request: Says(text=GOOD), delay_s=delay_s)
    async with server.running():
        base_url = server.openai_url if provider == "openai" else server.anthropic_url
        settings = ModelOptions(
            base_url=base_url, max_retries=max_retries, timeout_s=timeout_s, concurrency=concurrency
        )
        model = open_model(ModelName(provider, NAMES[provider]), settings)
        assert isinstance(model.chat, RateLimitedChatModel)
        assert isinstance(model.chat.inner, RetryingChatModel)
        retrying: RetryingChatModel = model.chat.inner

        async def no_pause(seconds: float) -> None:
            retrying.timeout_s = max(timeout_s, PATIENCE)

        retrying.sleep = no_pause
        yield model, server
        model.close()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_structured_answer_comes_back_typed_streamed_and_counted(provider: str) -> None:
    told: list[Delta] = []
    async with _served(provider, [Says(text=GOOD, cached_tokens=40)]) as (model, server):
        answer = await ask(model, QUESTION, Vote, tag=TAG, on_delta=told.append)
    assert answer.value == YES
    assert answer.steps == ("native",)
    assert "".join(delta.text for delta in told) == "trust"
    assert answer.usage.calls == 1
    assert answer.usage.cached_tokens == 40
    assert answer.usage.input_tokens > 40
    assert answer.usage.output_tokens == len(GOOD) // 4
    (request,) = server.requests
    assert request.schema is not None
    assert set(request.schema["properties"]) == {"approve", "reason"}
    assert request.headers["authorization"] == f"Bearer {KEY}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Something that goes wrong once."""

    id: str
    behaviour: Behaviour


FAULTS = (
    Fault(id="throttled", behaviour=Fails(status=429, headers={"retry-after": "1"})),
    Fault(id="timed out at the server", behaviour=Fails(status=408)),
    Fault(id="conflict", behaviour=Fails(status=409)),
    Fault(id="internal error", behaviour=Fails(status=500)),
    Fault(id="unavailable", behaviour=Fails(status=503)),
    Fault(id="overloaded", behaviour=Fails(status=529)),
    Fault(id="cut in the middle", behaviour=BreaksOff(text=GOOD[:9])),
    Fault(id="cut at once", behaviour=BreaksOff(text="")),
    Fault(id="ended without an ending", behaviour=BreaksOff(text=GOOD[:9], politely=True)),
    Fault(id="silent from the start", behaviour=FallsSilent()),
    Fault(id="silent in the middle", behaviour=FallsSilent(text=GOOD[:9])),
    Fault(id="error inside the stream", behaviour=ErrsMidway(text=GOOD[:9])),
    Fault(id="events that are not json", behaviour=Answers(body="event: message_start\ndata: {nope\n\n")),
    Fault(id="events of another shape", behaviour=Answers(body="event: message_start\ndata: 42\n\n")),
    Fault(id="events without content", behaviour=Answers(body='event: ping\ndata: {"choices": null}\n\n')),
    Fault(id="a web page", behaviour=Answers(body="<html>Welcome</html>", content_type="text/html")),
    Fault(id="plain json", behaviour=Answers(body="{}", content_type="application/json")),
    Fault(id="an empty body", behaviour=Answers(body="")),
)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
async def test_a_fault_is_survived_by_one_more_attempt(provider: str, fault: Fault) -> None:
    told: list[Delta] = []
    patience = 0.2 if isinstance(fault.behaviour, FallsSilent) else PATIENCE
    async with _served(provider, [fault.behaviour], timeout_s=patience) as (model, server):
        answer = await ask(model, QUESTION, Vote, tag=TAG, on_delta=told.append)
    assert answer.value == YES
    assert len(server.requests) == 2
    last_restart = max((place for place, delta in enumerate(told) if delta.restart), default=-1)
    assert "".join(delta.text for delta in told[last_restart + 1 :]) == "trust"


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Fails(status=500, message=f"crashed with {KEY}"), r"3 attempts \(500: crashed with \[key\]"),
        (BreaksOff(text=GOOD[:9]), r"3 attempts \((no connection|the connection broke)"),
        (BreaksOff(text=GOOD[:9], politely=True), r"3 attempts \(the stream broke off"),
        (Answers(body="<html>", content_type="text/html"), r"is the base URL right\?"),
    ],
    ids=["internal error", "cut", "ended early", "a web page"],
)
async def test_a_fault_that_stays_ends_in_one_clear_sentence(
    provider: str, behaviour: Behaviour, said: str
) -> None:
    async with _served(provider, [behaviour] * 3) as (model, server):
        with pytest.raises(NimueFailure, match=said) as error:
            await ask(model, QUESTION, Vote, tag=TAG)
    assert len(server.requests) == 3
    assert str(error.value).startswith(f"{provider}:fake gave no answer")
    assert KEY not in str(error.value)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, r"rejected the request \(400\): too long"),
        (401, r"refused the key \(401\): check [A-Z]+_API_KEY"),
        (403, r"refused the key \(403\)"),
        (404, r"is not known to the server \(404: too long\)"),
        (413, r"rejected the request \(413\)"),
    ],
)
async def test_a_mistake_is_told_at_once_and_not_repeated(provider: str, status: int, said: str) -> None:
    async with _served(provider, [Fails(status=status, message="too long")]) as (model, server):
        with pytest.raises(NimueError, match=said) as error:
            await ask(model, QUESTION, Vote, tag=TAG)
    assert not isinstance(error.value, NimueFailure)
    assert len(server.requests) == 1


async def test_an_empty_account_is_not_mistaken_for_a_throttle() -> None:
    empty = Fails(status=429, code="insufficient_quota", message="You exceeded your quota.")
    async with _served("openai", [empty]) as (model, server):
        with pytest.raises(NimueError, match="paid first: You exceeded your quota"):
            await ask(model, QUESTION, Vote, tag=TAG)
    assert len(server.requests) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_sdks_do_not_repeat_anything_by_themselves(provider: str) -> None:
    async with _served(provider, [Fails(status=500)], max_retries=0) as (model, server):
        with pytest.raises(NimueFailure, match="in 1 attempts"):
            await ask(model, QUESTION, Vote, tag=TAG)
    assert len(server.requests) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_server_that_is_not_there_is_a_clear_failure(provider: str) -> None:
    async with _served(provider, []) as (model, _):
        pass
    with pytest.raises(NimueFailure, match=r"no connection"):
        await ask(model, QUESTION, Vote, tag=TAG)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_refusal_is_asked_once_more_and_then_told_as_one(provider: str) -> None:
    async with _served(provider, [Refuses(text="No."), Refuses(text="No!")]) as (model, server):
        with pytest.raises(Unanswered) as failure:
            await ask(model, QUESTION, Vote, tag=TAG)
    assert failure.value.reason == "refusal"
    assert failure.value.usage.calls == len(server.requests) == 2


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_truncated_answer_is_mended_where_it_can_be(provider: str) -> None:
    cut = [Says(text=GOOD[:-9], finish="length"), Says(text=GOOD[:6], finish="length")]
    async with _served(provider, [*cut]) as (model, server):
        mended = await ask(model, QUESTION, Vote, tag=TAG)
        asked_again = await ask(model, QUESTION, Vote, tag=TAG)
    assert (mended.value.approve, mended.steps) == (True, ("repaired",))
    assert (asked_again.value, asked_again.steps) == (YES, ("reasked", "native"))
    assert "cut off" in json.dumps(server.requests[-1].body)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_server_that_takes_no_schema_is_told_it_in_words_and_this_is_remembered(
    provider: str,
) -> None:
    complaint = "response_format.type 'json_schema' and output_config are not supported"
    async with _served(provider, [Fails(status=400, message=complaint)]) as (model, server):
        assert (await ask(model, QUESTION, Vote, tag=TAG)).value == YES
        assert (await ask(model, QUESTION, Vote, tag=TAG)).value == YES
    assert [request.schema is None for request in server.requests] == [False, True, True]
    last = json.dumps(server.requests[2].body["messages"][-1])
    assert "Your vote?" in last
    assert json.dumps(json.dumps(Vote.model_json_schema(), separators=(",", ":")))[1:-1] in last


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_tools_reach_the_server_and_their_calls_come_back(provider: str) -> None:
    def look(seat: int) -> str:
        """Look at a seat."""
        return ""

    script: list[Behaviour] = [
        Says(text="Let me see.", tool_calls=(("look", {"seat": 3}),)),
        Says(text="Done."),
    ]
    async with _served(provider, script) as (model, server):
        chat = model.chat.bind_tools([look])
        first = await chat.ainvoke("Who?")
        assert isinstance(first, AIMessage)
        (call,) = first.tool_calls
        answered = ToolMessage("a knight", tool_call_id=call["id"])
        second = await chat.ainvoke([HumanMessage("Who?"), first, answered])
    assert (call["name"], call["args"], first.text) == ("look", {"seat": 3}, "Let me see.")
    assert second.text == "Done."
    assert "Look at a seat." in json.dumps(server.requests[0].body["tools"])
    assert "a knight" in json.dumps(server.requests[1].body["messages"])


async def test_many_calls_at_once_are_all_answered() -> None:
    async with _served("openai", [], delay_s=0.2, concurrency=8) as (model, server):
        begun = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(ask(model, QUESTION, Vote, tag=TAG) for _ in range(16)))
        seconds = asyncio.get_running_loop().time() - begun
    assert sum((answer.usage for answer in answers), Usage()).calls == len(server.requests) == 16
    # Two rounds of eight; one after the other would take 3.2 s.
    assert 0.4 <= seconds < 3.2


# --- OpenAI -------------------------------------------------------------------------------------------------


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
    async with _served("openai", script) as (model, server):
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
    async with _served("openai", [behaviour]) as (model, server):
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
    async with _served("openai", script) as (model, server):
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


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_a_key_the_variable_is_named(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"{provider.upper()}_API_KEY")
    with pytest.raises(NimueError, match=f"set {provider.upper()}_API_KEY"):
        open_model(ModelName(provider, "x"), ModelOptions())


# --- Anthropic ----------------------------------------------------------------------------------------------


async def test_the_stable_prefix_is_marked_for_the_prompt_cache() -> None:
    async with _served("anthropic", []) as (model, server):
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
    async with _served("anthropic", []) as (model, server):
        await ask(model, QUESTION, Vote, tag=TAG)
    (request,) = server.requests
    assert request.schema is not None
    assert "one JSON object" in request.body["messages"][-1]["content"][-1]["text"]


def test_anthropic_itself_is_not_told_the_schema_twice() -> None:
    model = open_model(ModelName("anthropic", "claude-haiku-5-5"), ModelOptions())
    chat: Any = model.chat
    assert chat.inner.inner.say_too is False


async def test_anthropic_is_told_a_mapping_in_words() -> None:
    async with _served("anthropic", [Says(text='{"by_seat": {"3": 0.5}}')]) as (model, server):
        answer = await ask(model, QUESTION, Beliefs, tag=TAG)
    assert answer.value == Beliefs(by_seat={3: 0.5})
    (request,) = server.requests
    assert request.schema is None
    assert "by_seat" in json.dumps(request.body["messages"][-1])


# --- the server itself --------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_without_a_script_the_server_draws_valid_answers(provider: str) -> None:
    async with FakeServer().running() as server:
        base_url = server.openai_url if provider == "openai" else server.anthropic_url
        model = open_model(ModelName(provider, "fake"), ModelOptions(base_url=base_url))
        first = await ask(model, QUESTION, Vote, tag=TAG)
        again = await ask(model, QUESTION, Vote, tag=TAG)
        said = await model.chat.ainvoke("Hello?")
    assert first.value == again.value
    assert first.steps == ("native",)
    assert said.text.endswith(".")
