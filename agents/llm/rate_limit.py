"""Keeps calls within requests a minute, tokens a minute and a number of calls at once.

Tokens are not known before a call: it is admitted on an estimate, and what the estimate was wrong by is
settled with the next admission. Limits hold within one process and one event loop.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from aiolimiter import AsyncLimiter
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from agents.llm.chat_wrapper import ChatWrapper, StreamedAnswer, closing
from agents.llm.usage import Usage

_CHARACTERS_A_TOKEN = 4
_ANSWER_TOKENS = 300
"""Assumed length of an answer when the call does not bound it: a speech with its reasoning."""


class RateLimitedChatModel(ChatWrapper):
    """A chat model that waits until a call is within the limits."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int = 8
    _gates: WeakKeyDictionary[asyncio.AbstractEventLoop, "_Gate"] = PrivateAttr(
        default_factory=WeakKeyDictionary
    )

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        gate = self._gate()
        estimate = estimated_tokens(messages, kwargs.get("max_tokens"))
        async with gate.slots:
            await gate.admit(estimate)
            answer = StreamedAnswer()
            try:
                async with closing(self._pass_on(messages, metadata, stop, **kwargs)) as chunks:
                    async for chunk in chunks:
                        answer.add(chunk)
                        yield chunk
            finally:
                used = (answer.voided + Usage.from_message(answer.message())).total_tokens
                if used:
                    gate.settle(used - estimate)

    def _gate(self) -> "_Gate":
        # asyncio's primitives belong to one event loop, and a model may outlive one.
        loop = asyncio.get_running_loop()
        if loop not in self._gates:
            self._gates[loop] = _Gate(self.requests_per_minute, self.tokens_per_minute, self.concurrency)
        return self._gates[loop]


class _Gate:
    def __init__(
        self, requests_per_minute: int | None, tokens_per_minute: int | None, concurrency: int
    ) -> None:
        self.slots = asyncio.Semaphore(concurrency)
        self._requests = AsyncLimiter(requests_per_minute) if requests_per_minute else None
        self._tokens = AsyncLimiter(tokens_per_minute) if tokens_per_minute else None
        self._owed = 0.0

    async def admit(self, tokens: int) -> None:
        if self._requests:
            await self._requests.acquire()
        if self._tokens:
            due = max(0.0, tokens + self._owed)
            # A call larger than a whole minute's allowance can only wait for an empty minute.
            taken = min(due, self._tokens.max_rate)
            self._owed += tokens - taken
            await self._tokens.acquire(taken)

    def settle(self, difference: int) -> None:
        """Note that a call used more (or less) than it was admitted for."""
        self._owed += difference


def estimated_tokens(messages: Sequence[BaseMessage], max_tokens: int | None) -> int:
    """About how many tokens a call will use, both ways."""
    characters = sum(len(message.text) for message in messages)
    return characters // _CHARACTERS_A_TOKEN + (_ANSWER_TOKENS if max_tokens is None else max_tokens)
