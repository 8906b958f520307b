"""Repeats calls that were lost on the way: throttled, overloaded, disconnected, hung, or cut off.

Chunks pass through as they come. When a stream breaks after some of it was passed on, the whole call is
repeated and a chunk marked `RESTARTED` tells the reader that what it has is void. The SDKs' own retries are
off, so that every attempt is counted here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from random import Random
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from agents.errors import NimueError, NimueFailure
from agents.llm.call_failed import CallFailed
from agents.llm.chat_wrapper import RESTARTED, ChatWrapper, closing
from agents.llm.finish import Finish, finish_in
from agents.llm.names import PROVIDERS, ModelName

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_RETRY_AFTER_S = 120.0
"""A server that asks for a longer pause is asked again after this one; attempts are bounded anyway."""


class RetryingChatModel(ChatWrapper):
    """A chat model whose lost calls are repeated with growing, jittered pauses, or as the server asks."""

    model: ModelName
    max_retries: int
    timeout_s: float
    """Longest silence before a call counts as lost, at its start and between two chunks."""
    random: Random = Field(default_factory=Random)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        passed_on = False
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self.max_retries + 1),
            wait=self._pause,
            retry=retry_if_exception(lambda error: isinstance(error, CallFailed) and error.may_pass),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    if passed_on:
                        yield _restart()
                        passed_on = False
                    async with closing(self._complete_stream(messages, metadata, stop, **kwargs)) as chunks:
                        async for chunk in chunks:
                            passed_on = True
                            yield chunk
        except CallFailed as failure:
            raise self._explained(failure) from failure

    async def _complete_stream(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        """One attempt; fails when the stream falls silent, or ends without saying why it ended."""
        finish = Finish.UNKNOWN
        empty = True
        async with closing(self._pass_on(messages, metadata, stop, **kwargs)) as chunks:
            while True:
                try:
                    async with asyncio.timeout(self.timeout_s):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    break
                except TimeoutError as error:
                    raise CallFailed(f"nothing came for {self.timeout_s:g} seconds") from error
                empty = False
                finish_here = finish_in({**(chunk.generation_info or {}), **chunk.message.response_metadata})
                finish = finish if finish_here is Finish.UNKNOWN else finish_here
                yield chunk
        if empty:
            raise CallFailed("the server answered, but not with a model's stream (is the base URL right?)")
        if finish is Finish.UNKNOWN:
            raise CallFailed("the stream broke off before the answer was complete")

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, CallFailed) and error.retry_after_s is not None:
            return min(error.retry_after_s, LONGEST_RETRY_AFTER_S)
        # Full jitter: many calls that failed together must not come back together.
        return self.random.uniform(0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (state.attempt_number - 1)))

    def _explained(self, failure: CallFailed) -> NimueError:
        provider = PROVIDERS[self.model.provider]
        match failure.status:
            case 401 | 403:
                return NimueError(
                    f"{self.model} refused the key ({failure.status}): "
                    f"check {provider.key}, and that this key may use this model."
                )
            case 402:
                return NimueError(f"{self.model} wants to be paid first: {failure.detail}")
            case 404:
                return NimueError(
                    f"{self.model} is not known to the server (404: {failure.detail}): check the name and "
                    f"{provider.base_url}; the address ending in /models lists what the server has."
                )
            case status if status is not None and not failure.may_pass:
                return NimueError(f"{self.model} rejected the request ({status}): {failure.detail}")
            case status:
                why = failure.detail if status is None else f"{status}: {failure.detail}"
                return NimueFailure(
                    f"{self.model} gave no answer in {self.max_retries + 1} attempts ({why}). Try again "
                    "later, allow more time or retries, or lower the concurrency and the requests a minute."
                )


def _restart() -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata={RESTARTED: True}))
