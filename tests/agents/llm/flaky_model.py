"""A chat model that fails on a plan, and an event loop whose clock jumps instead of waiting."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, TypeVar

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field, PrivateAttr

from agents.llm.chat_wrapper import TaggedChatModel

T = TypeVar("T")


class FlakyChatModel(TaggedChatModel):
    """Follows one plan a call, repeating the last: text is streamed, exceptions are raised, None hangs.

    A plan whose pieces all come is a complete answer, counted as 100 tokens in, 60 of them cached, 10 out.
    """

    plans: list[list[str | Exception | None]]
    finish: str = "stop"
    seen: list[Mapping[str, Any]] = Field(default_factory=list)
    """The metadata of each call."""
    arguments: list[dict[str, Any]] = Field(default_factory=list)
    _closed: int = PrivateAttr(default=0)
    _asked: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)

    @property
    def calls(self) -> int:
        return len(self.seen)

    async def asked(self) -> None:
        """Wait for the first call."""
        await self._asked.wait()

    @property
    def closed(self) -> int:
        """How many streams have ended, one way or another."""
        return self._closed

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        plan = self.plans[min(self.calls, len(self.plans) - 1)]
        self.seen.append(metadata)
        self.arguments.append(kwargs)
        self._asked.set()
        try:
            for piece in plan:
                if isinstance(piece, Exception):
                    raise piece
                if piece is None:
                    await asyncio.Event().wait()
                else:
                    yield _chunk(piece)
            usage = UsageMetadata(
                input_tokens=100,
                output_tokens=10,
                total_tokens=110,
                input_token_details=InputTokenDetails(cache_read=60),
            )
            ending = AIMessageChunk(content="", usage_metadata=usage)
            yield ChatGenerationChunk(message=ending, generation_info={"finish_reason": self.finish})
        finally:
            self._closed += 1

    @property
    def _llm_type(self) -> str:
        return "flaky"


def _chunk(text: str) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text))


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits for a timer: when nothing else is to be done, its clock jumps on."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 1000.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        select = selector.select

        def jump(timeout: float | None = None) -> Any:
            events = select(0 if timeout is not None else None)
            if not events and timeout:
                self._now += timeout
            return events

        selector.select = jump

    def time(self) -> float:
        return self._now


def run_jumping(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a jumping clock."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work)
