"""Stand-ins for a language model: one that draws valid answers, one that a test writes.

Provider `scripted` needs no key and no weights and works with every command. Its answers follow from the
seed, the prompt and the schema alone, so that they are the same in every process.
"""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from random import Random
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolCall, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel

from agents.errors import NimueError
from agents.llm.chat_wrapper import TaggedChatModel, chunk_of
from agents.llm.model import CallTag, Model, ModelOptions
from agents.llm.names import ModelName
from agents.llm.schema_draw import draw

Reply = Callable[
    [list[BaseMessage], Mapping[str, str], dict[str, Any] | None],
    str | AIMessage | Awaitable[str | AIMessage],
]
"""What a test's model says, given the messages, the call's tag and the JSON schema asked for, if any."""

_CHARACTERS_A_TOKEN = 4
"""The usual rule of thumb for English; stand-ins count with it, so that budgets can be tried out."""


class StandInChatModel(TaggedChatModel):
    """A chat model without a language model in it; `json_schema` is its argument for structured output."""

    async def _reply(
        self,
        messages: list[BaseMessage],
        metadata: Mapping[str, str],
        json_schema: dict[str, Any] | None,
        tools: list[dict[str, Any]],
    ) -> AIMessage:
        raise NotImplementedError

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        tag = CallTag.from_metadata(metadata).metadata()
        message = await self._reply(messages, tag, kwargs.get("json_schema"), kwargs.get("tools") or [])
        for chunk in stream_of(_with_usage(message, messages)):
            yield chunk

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    @property
    def _llm_type(self) -> str:
        return "scripted"


class ScriptedChatModel(StandInChatModel):
    """A chat model that says what a function says."""

    reply: Reply

    def __init__(self, reply: Reply, **kwargs: Any) -> None:
        super().__init__(reply=reply, **kwargs)

    async def _reply(
        self,
        messages: list[BaseMessage],
        metadata: Mapping[str, str],
        json_schema: dict[str, Any] | None,
        tools: list[dict[str, Any]],
    ) -> AIMessage:
        said = self.reply(messages, metadata, json_schema)
        settled = await said if isawaitable(said) else said
        return AIMessage(settled) if isinstance(settled, str) else settled


class DrawingChatModel(StandInChatModel):
    """The model of provider `scripted`: a valid answer drawn from the schema.

    With tools bound it calls one tool and then speaks, so that a tool-using loop ends.
    """

    seed: int = 0

    async def _reply(
        self,
        messages: list[BaseMessage],
        metadata: Mapping[str, str],
        json_schema: dict[str, Any] | None,
        tools: list[dict[str, Any]],
    ) -> AIMessage:
        random = self._random(messages, json_schema, tools)
        if json_schema is not None:
            return AIMessage(json.dumps(draw(json_schema, random), ensure_ascii=False))
        if tools and not isinstance(messages[-1], ToolMessage):
            function = random.choice(tools)["function"]
            arguments = draw(function.get("parameters", {"type": "object"}), random)
            return AIMessage(
                "", tool_calls=[ToolCall(name=function["name"], args=arguments, id=f"call_{len(messages)}")]
            )
        return AIMessage(draw({"type": "string"}, random))

    def _random(
        self, messages: list[BaseMessage], json_schema: dict[str, Any] | None, tools: list[dict[str, Any]]
    ) -> Random:
        prompt = [(message.type, message.content) for message in messages]
        seen = json.dumps([self.seed, prompt, json_schema, tools], sort_keys=True, ensure_ascii=False)
        return Random(hashlib.sha256(seen.encode()).digest())


def stream_of(message: AIMessage) -> list[ChatGenerationChunk]:
    """A finished message as the chunks of a stream: the text word by word, then all the rest."""
    if not isinstance(message.content, str):
        return [chunk_of(message)]
    words = re.findall(r"\s*\S+\s*", message.content) or [message.content]
    spoken = [ChatGenerationChunk(message=AIMessageChunk(content=word)) for word in words]
    return [*spoken, chunk_of(message.model_copy(update={"content": ""}))]


def scripted_model(reply: Reply) -> Model:
    """An opened model that says what a function says, for tests."""
    return _stand_in(ModelName("scripted", "function"), ScriptedChatModel(reply))


def open_model(name: str, options: ModelOptions) -> Model:
    """Open `scripted:SEED`.

    Raises:
        NimueError: The seed is not a whole number.
    """
    try:
        seed = int(name)
    except ValueError:
        raise NimueError(
            f"scripted:{name} is not a model: write scripted, or scripted:SEED with a whole number."
        ) from None
    return _stand_in(ModelName("scripted", name), DrawingChatModel(seed=seed))


def _stand_in(name: ModelName, chat: StandInChatModel) -> Model:
    return Model(name=name, chat=chat, constrain=_constrain, close=lambda: None)


def _constrain(schema: type[BaseModel]) -> dict[str, Any]:
    return {"json_schema": schema.model_json_schema()}


def _with_usage(message: AIMessage, messages: list[BaseMessage]) -> AIMessage:
    if message.usage_metadata is not None:
        return message
    read = sum(len(each.text) for each in messages) // _CHARACTERS_A_TOKEN
    written = len(message.text) // _CHARACTERS_A_TOKEN
    usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    return message.model_copy(update={"usage_metadata": usage})
