"""Calls stay within requests a minute, tokens a minute, and a number at once."""

import asyncio
from collections.abc import Callable

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from agents.llm.rate_limit import RateLimitedChatModel, estimated_tokens
from agents.llm.scripted import ScriptedChatModel
from tests.agents.llm.flaky_model import run_jumping

Reply = Callable[[list[BaseMessage], object, object], AIMessage]


def _times(chat: RateLimitedChatModel, calls: int, *, max_tokens: int | None = None) -> list[float]:
    """When each of some calls made at once was answered, in seconds after the first was asked."""

    async def all_at_once() -> list[float]:
        begun = asyncio.get_running_loop().time()

        async def one() -> float:
            await chat.ainvoke("x" * 400, max_tokens=max_tokens)
            return round(asyncio.get_running_loop().time() - begun, 3)

        return sorted(await asyncio.gather(*(one() for _ in range(calls))))

    return run_jumping(all_at_once())


def _used(tokens: int) -> Reply:
    def reply(messages: list[BaseMessage], tag: object, schema: object) -> AIMessage:
        return AIMessage(
            "ok", usage_metadata=UsageMetadata(input_tokens=tokens, output_tokens=0, total_tokens=tokens)
        )

    return reply


def test_requests_beyond_the_minute_wait() -> None:
    chat = RateLimitedChatModel(inner=ScriptedChatModel(_used(1)), requests_per_minute=30)
    times = _times(chat, 32)
    assert times[:30] == [0.0] * 30
    assert times[30:] == [2.0, 4.0]  # one more every 60 s / 30


def test_tokens_beyond_the_minute_wait() -> None:
    # Each call is estimated at 400 / 4 + 100 = 200 tokens, and uses as many.
    chat = RateLimitedChatModel(inner=ScriptedChatModel(_used(200)), tokens_per_minute=1000, concurrency=99)
    assert _times(chat, 7, max_tokens=100) == [0.0] * 5 + [12.0, 24.0]


def test_a_call_that_used_more_than_estimated_delays_the_next() -> None:
    def next_call_waits(used: int) -> float:
        chat = RateLimitedChatModel(
            inner=ScriptedChatModel(_used(used)), tokens_per_minute=1000, concurrency=1
        )
        return _times(chat, 2, max_tokens=100)[1]

    assert next_call_waits(200) == 0.0
    assert next_call_waits(900) == 6.0  # 200 + (700 owed + 200) is 100 over: 6 s of 1000 a minute


def test_a_call_larger_than_a_minute_is_still_made() -> None:
    chat = RateLimitedChatModel(inner=ScriptedChatModel(_used(200)), tokens_per_minute=50)
    assert len(_times(chat, 2, max_tokens=100)) == 2


def test_no_more_calls_run_at_once_than_allowed() -> None:
    running = most = 0

    async def reply(messages: list[BaseMessage], tag: object, schema: object) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(1)
        running -= 1
        return "ok"

    chat = RateLimitedChatModel(inner=ScriptedChatModel(reply), concurrency=3)
    times = _times(chat, 8)
    assert most == 3
    assert times == [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0]


def test_one_model_serves_several_event_loops() -> None:
    chat = RateLimitedChatModel(
        inner=ScriptedChatModel(_used(1)), requests_per_minute=1, tokens_per_minute=9, concurrency=1
    )
    assert _times(chat, 2)[0] == _times(chat, 2)[0] == 0.0


def test_the_estimate_counts_the_prompt_and_the_allowed_answer() -> None:
    assert estimated_tokens([AIMessage("x" * 40), AIMessage("y" * 40)], 7) == 27
