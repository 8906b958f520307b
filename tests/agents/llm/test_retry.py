"""Calls lost on the way are repeated; what cannot pass is told at once."""

import asyncio
from datetime import UTC, datetime
from random import Random

import pytest
from langchain_core.messages import HumanMessage

from agents.errors import NimueError, NimueFailure
from agents.llm.call_failed import CallFailed, retry_after_s
from agents.llm.chat_wrapper import RESTARTED
from agents.llm.names import ModelName
from agents.llm.retry import FIRST_WAIT_S, LONGEST_RETRY_AFTER_S, LONGEST_WAIT_S, RetryingChatModel
from tests.agents.llm.flaky_model import FlakyChatModel, run_jumping

Plans = list[list[str | Exception | None]]


class Pauses(list[float]):
    """Stands for sleeping: notes how long it would have been."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def _retrying(
    plans: Plans, pauses: Pauses, *, max_retries: int = 3, timeout_s: float = 60
) -> RetryingChatModel:
    return RetryingChatModel(
        inner=FlakyChatModel(plans=plans),
        model=ModelName("openai", "gpt-4o"),
        max_retries=max_retries,
        timeout_s=timeout_s,
        random=Random(1),
        sleep=pauses,
    )


def _flaky(chat: RetryingChatModel) -> FlakyChatModel:
    assert isinstance(chat.inner, FlakyChatModel)
    return chat.inner


@pytest.mark.parametrize("status", [None, 408, 409, 425, 429, 500, 502, 503, 504, 529])
async def test_what_may_pass_is_repeated(status: int | None) -> None:
    pauses = Pauses()
    chat = _retrying([[CallFailed("busy", status=status)], ["good"]], pauses)
    assert (await chat.ainvoke("Go.")).text == "good"
    assert _flaky(chat).calls == 2
    assert len(pauses) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
async def test_what_cannot_pass_is_not_repeated(status: int) -> None:
    pauses = Pauses()
    chat = _retrying([[CallFailed("no", status=status)]], pauses)
    with pytest.raises(NimueError) as error:
        await chat.ainvoke("Go.")
    assert not isinstance(error.value, NimueFailure)
    assert "openai:gpt-4o" in str(error.value)
    assert (_flaky(chat).calls, pauses) == (1, [])


async def test_a_refused_key_names_its_variable() -> None:
    chat = _retrying([[CallFailed("Incorrect key sk-abcdef123", status=401)]], Pauses())
    with pytest.raises(NimueError, match="OPENAI_API_KEY") as error:
        await chat.ainvoke("Go.")
    assert "sk-" not in str(error.value)


async def test_after_the_last_attempt_one_sentence_says_what_happened() -> None:
    chat = _retrying([[CallFailed("try later, sk-abcdef123", status=503)]], Pauses(), max_retries=2)
    with pytest.raises(
        NimueFailure, match=r"openai:gpt-4o gave no answer in 3 attempts \(503: try later"
    ) as error:
        await chat.ainvoke("Go.")
    assert "sk-abcdef123" not in str(error.value)
    assert _flaky(chat).calls == 3


async def test_pauses_are_jittered_within_a_doubling_bound() -> None:
    pauses = Pauses()
    chat = _retrying([[CallFailed("busy")]], pauses, max_retries=9)
    with pytest.raises(NimueFailure):
        await chat.ainvoke("Go.")
    bounds = [min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**number) for number in range(9)]
    same_random = Random(1)
    assert pauses == [same_random.uniform(0, bound) for bound in bounds]


async def test_the_server_says_how_long_to_wait_but_not_for_ever() -> None:
    pauses = Pauses()
    plans: Plans = [
        [CallFailed("slow down", status=429, retry_after_s=7.5)],
        [CallFailed("come back tomorrow", status=429, retry_after_s=86_400)],
        ["good"],
    ]
    await _retrying(plans, pauses).ainvoke("Go.")
    assert pauses == [7.5, LONGEST_RETRY_AFTER_S]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "Mon, 05 Jan 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 05 Jan 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 05 Jan 2026 12:00:30"}, 30.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "soon"}, None),
    ],
)
def test_retry_after_is_seconds_milliseconds_or_a_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_s(headers, datetime(2026, 1, 5, 12, tzinfo=UTC)) == seconds


async def test_a_stream_cut_in_the_middle_is_repeated_whole_and_marked() -> None:
    chat = _retrying([["half a", CallFailed("cut")], ["the whole"]], Pauses())
    chunks = [chunk async for chunk in chat.astream("Go.")]
    restarts = [index for index, chunk in enumerate(chunks) if RESTARTED in chunk.response_metadata]
    assert [chunk.text for chunk in chunks[: restarts[0]]] == ["half a"]
    assert "".join(chunk.text for chunk in chunks[restarts[0] :]) == "the whole"
    assert len(restarts) == 1


async def test_an_invoked_answer_holds_only_the_last_attempt() -> None:
    chat = _retrying([["half a", CallFailed("cut")], ["the whole"]], Pauses())
    message = await chat.ainvoke([HumanMessage("Go.")])
    assert message.text == "the whole"
    assert message.usage_metadata is not None
    assert message.usage_metadata["input_token_details"]["cache_read"] == 60


async def test_a_stream_that_ends_without_a_reason_counts_as_cut() -> None:
    chat = _retrying([["half"]], Pauses(), max_retries=0)
    _flaky(chat).finish = ""
    with pytest.raises(NimueFailure, match="broke off"):
        await chat.ainvoke("Go.")


@pytest.mark.parametrize("plan", [[None], ["half", None]])
def test_silence_counts_as_lost(plan: list[str | Exception | None]) -> None:
    chat = _retrying([plan, ["good"]], Pauses(), timeout_s=5)
    assert run_jumping(chat.ainvoke("Go.")).text == "good"
    assert _flaky(chat).closed == 2


def test_a_slow_but_steady_stream_is_no_silence() -> None:
    class Slow(FlakyChatModel):
        async def _answer(self, *args, **kwargs):  # type: ignore[no-untyped-def]
            async for chunk in super()._answer(*args, **kwargs):
                await asyncio.sleep(4)
                yield chunk

    chat = _retrying([["x"]], Pauses(), timeout_s=5)
    chat.inner = Slow(plans=[["a", "b", "c", "d"]])
    assert run_jumping(chat.ainvoke("Go.")).text == "abcd"


async def test_an_abandoned_stream_closes_the_call() -> None:
    chat = _retrying([["a", "b", "c"]], Pauses())
    stream = chat.astream("Go.")
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert _flaky(chat).closed == 1


@pytest.mark.parametrize("plan", [["a", None], [CallFailed("busy")]])
async def test_a_cancelled_call_stops_at_once(plan: list[str | Exception | None]) -> None:
    paused = asyncio.Event()

    async def long_pause(seconds: float) -> None:
        paused.set()
        await asyncio.Event().wait()

    chat = _retrying([plan], Pauses())
    chat.sleep = long_pause
    task = asyncio.ensure_future(chat.ainvoke("Go."))
    await (_flaky(chat).asked() if None in plan else paused.wait())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (_flaky(chat).calls, _flaky(chat).closed) == (1, 1)


async def test_a_programming_error_is_not_repeated() -> None:
    chat = _retrying([[ZeroDivisionError()]], Pauses())
    with pytest.raises(ZeroDivisionError):
        await chat.ainvoke("Go.")
    assert _flaky(chat).calls == 1
