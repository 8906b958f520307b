"""Chat models around a chat model: the shape that retry, rate limit, budget and journal share.

LangChain hands the metadata of a call to `_agenerate` through the run manager, but not to `_astream`. A
`TaggedChatModel` closes that gap: every call, streamed or not, reaches `_answer` with its metadata. Only the
outermost model runs LangChain's callbacks, so that a handler sees each token once; inner models are called
through `_astream`.
"""

import json
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeVar, cast
from uuid import uuid4

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
    Callbacks,
)
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, message_chunk_to_message
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, LLMResult
from langchain_core.outputs.chat_generation import merge_chat_generation_chunks
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config
from langchain_core.runnables.base import RunnableBinding
from langchain_core.tools import BaseTool

from agents.llm.usage import Usage

RESTARTED = "nimue_restarted"
"""Marks, in `response_metadata`, a chunk that voids those before it: the call was lost and is repeated."""

_Chunk = TypeVar("_Chunk")


def closing(stream: AsyncIterator[_Chunk]) -> aclosing[AsyncGenerator[_Chunk, None]]:
    """Close a stream with the block that reads it, so that a dropped call drops its connection."""
    return aclosing(cast("AsyncGenerator[_Chunk, None]", stream))


def chunk_of(message: AIMessage) -> ChatGenerationChunk:
    """A finished message as the one chunk of its stream."""
    # Calls whose arguments were no JSON are kept too: without them the answer would look empty.
    calls = [(call["name"], json.dumps(call["args"]), call["id"]) for call in message.tool_calls]
    calls += [(call["name"] or "", call["args"] or "", call["id"]) for call in message.invalid_tool_calls]
    chunk = AIMessageChunk(
        content=message.content,
        tool_call_chunks=[
            tool_call_chunk(name=name, args=args, id=id, index=index)
            for index, (name, args, id) in enumerate(calls)
        ],
        usage_metadata=message.usage_metadata,
        additional_kwargs=message.additional_kwargs,
        response_metadata=message.response_metadata,
        chunk_position="last",
    )
    return ChatGenerationChunk(message=chunk)


class StreamedAnswer:
    """The message that streamed chunks add up to."""

    def __init__(self) -> None:
        self._chunks: list[ChatGenerationChunk] = []
        self.voided = Usage()
        """What answers that were lost on the way had used by then."""

    def add(self, chunk: ChatGenerationChunk) -> None:
        """Take the next chunk; one marked `RESTARTED` voids those before it."""
        if RESTARTED in chunk.message.response_metadata:
            self.voided += Usage.from_message(self.message())
            self._chunks.clear()
        else:
            self._chunks.append(chunk)

    def message(self) -> AIMessage:
        """The answer so far."""
        merged = merge_chat_generation_chunks(self._chunks)
        if merged is None:
            return AIMessage("")
        message = message_chunk_to_message(merged.message)
        assert isinstance(message, AIMessage)
        message.response_metadata = {**(merged.generation_info or {}), **message.response_metadata}
        return message


class TaggedChatModel(BaseChatModel):
    """An asynchronous chat model whose answers may depend on the metadata of the call."""

    @abstractmethod
    def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        """Stream the answer to one call."""

    async def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        metadata = dict(ensure_config(config).get("metadata") or {})
        stream = super().astream(input, config, stop=stop, call_metadata=metadata, **kwargs)
        async with closing(stream) as chunks:
            async for chunk in chunks:
                yield chunk

    async def agenerate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Callbacks = None,
        *,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        # stream=False keeps LangChain from adding the chunks up itself: it would not know of a restart.
        kwargs = {**kwargs, "stream": False, "call_metadata": metadata or {}}
        return await super().agenerate(messages, stop=stop, callbacks=callbacks, metadata=metadata, **kwargs)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        *,
        call_metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        metadata = call_metadata if call_metadata is not None else run_manager.metadata if run_manager else {}
        async with closing(self._answer(messages, metadata, stop, **kwargs)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        *,
        stream: bool = False,
        call_metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        manager = run_manager or AsyncCallbackManagerForLLMRun.get_noop_manager()
        message_id = f"lc_run--{manager.run_id}"
        metadata = call_metadata if call_metadata is not None else manager.metadata
        answer = StreamedAnswer()
        async with closing(self._answer(messages, metadata, stop, **kwargs)) as chunks:
            async for chunk in chunks:
                chunk.message.id = message_id
                await manager.on_llm_new_token(chunk.text, chunk=chunk)
                answer.add(chunk)
        message = answer.message()
        message.id = message_id
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError("nimue calls models asynchronously: use ainvoke or astream")


class ChatWrapper(TaggedChatModel):
    """A chat model that adds one concern to the model inside it and passes everything else on untouched."""

    inner: BaseChatModel

    def _pass_on(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        carrier = AsyncCallbackManagerForLLMRun(
            run_id=uuid4(), handlers=[], inheritable_handlers=[], metadata=dict(metadata)
        )
        return self.inner._astream(messages, stop=stop, run_manager=carrier, **kwargs)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        bound = self.inner.bind_tools(tools, tool_choice=tool_choice, **kwargs)
        assert isinstance(bound, RunnableBinding)
        return self.bind(**bound.kwargs)

    @property
    def _llm_type(self) -> str:
        return self.inner._llm_type
