"""The real client code of both hosted providers, against a server on loopback that behaves and misbehaves."""

import asyncio
import json
from dataclasses import dataclass

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

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
    Says,
)
from agents.llm.fake_server import FakeServer
from agents.llm.model import ModelOptions, open_model
from agents.llm.names import ModelName
from agents.llm.stream_fields import Delta
from agents.llm.usage import Usage
from tests.agents.llm.served import (
    GOOD,
    KEY,
    PATIENCE,
    PROVIDERS,
    QUESTION,
    TAG,
    YES,
    Vote,
    served,
)

pytestmark = pytest.mark.usefixtures("_keys_of_hosts")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_structured_answer_comes_back_typed_streamed_and_counted(provider: str) -> None:
    told: list[Delta] = []
    async with served(provider, [Says(text=GOOD, cached_tokens=40)]) as (model, server):
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
    async with served(provider, [fault.behaviour], timeout_s=patience) as (model, server):
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
    async with served(provider, [behaviour] * 3) as (model, server):
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
    async with served(provider, [Fails(status=status, message="too long")]) as (model, server):
        with pytest.raises(NimueError, match=said) as error:
            await ask(model, QUESTION, Vote, tag=TAG)
    assert not isinstance(error.value, NimueFailure)
    assert len(server.requests) == 1


async def test_an_empty_account_is_not_mistaken_for_a_throttle() -> None:
    empty = Fails(status=429, code="insufficient_quota", message="You exceeded your quota.")
    async with served("openai", [empty]) as (model, server):
        with pytest.raises(NimueError, match="paid first: You exceeded your quota"):
            await ask(model, QUESTION, Vote, tag=TAG)
    assert len(server.requests) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_sdks_do_not_repeat_anything_by_themselves(provider: str) -> None:
    async with served(provider, [Fails(status=500)], max_retries=0) as (model, server):
        with pytest.raises(NimueFailure, match="in 1 attempts"):
            await ask(model, QUESTION, Vote, tag=TAG)
    assert len(server.requests) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_server_that_is_not_there_is_a_clear_failure(provider: str) -> None:
    async with served(provider, []) as (model, _):
        pass
    with pytest.raises(NimueFailure, match=r"no connection"):
        await ask(model, QUESTION, Vote, tag=TAG)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_refusal_is_asked_once_more_and_then_told_as_one(provider: str) -> None:
    async with served(provider, [Refuses(text="No."), Refuses(text="No!")]) as (model, server):
        with pytest.raises(Unanswered) as failure:
            await ask(model, QUESTION, Vote, tag=TAG)
    assert failure.value.reason == "refusal"
    assert failure.value.usage.calls == len(server.requests) == 2


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_truncated_answer_is_mended_where_it_can_be(provider: str) -> None:
    cut = [Says(text=GOOD[:-9], finish="length"), Says(text=GOOD[:6], finish="length")]
    async with served(provider, [*cut]) as (model, server):
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
    async with served(provider, [Fails(status=400, message=complaint)]) as (model, server):
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
    async with served(provider, script) as (model, server):
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
    async with served("openai", [], delay_s=0.2, concurrency=8) as (model, server):
        begun = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*(ask(model, QUESTION, Vote, tag=TAG) for _ in range(16)))
        seconds = asyncio.get_running_loop().time() - begun
    assert sum((answer.usage for answer in answers), Usage()).calls == len(server.requests) == 16
    # Two rounds of eight; one after the other would take 3.2 s.
    assert 0.4 <= seconds < 3.2


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


@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_a_key_the_variable_is_named(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"{provider.upper()}_API_KEY")
    with pytest.raises(NimueError, match=f"set {provider.upper()}_API_KEY"):
        open_model(ModelName(provider, "x"), ModelOptions())
