"""Tells a model the JSON schema in words where its server does not take one.

Many servers speak a hosted protocol without its structured output, and some reject one schema or another. The
first refusal is learned for each schema, the call is repeated with the schema written into the prompt, and
the game goes on.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from agents.llm.call_failed import CallFailed
from agents.llm.chat_wrapper import ChatWrapper, closing

_COMPLAINTS = ("schema", "response_format", "output_config", "output_format", "structured", "grammar")


class SchemaFallbackChatModel(ChatWrapper):
    """A chat model that takes `json_schema` beside its provider's own arguments for structured output."""

    native: tuple[str, ...]
    """The provider's arguments that carry a schema."""
    say_too: bool = False
    """Whether to put every schema in words as well, for servers that may ignore arguments without a word."""
    _refused: set[str] = PrivateAttr(default_factory=set)

    async def _answer(
        self,
        messages: list[BaseMessage],
        metadata: Mapping[str, Any],
        stop: list[str] | None,
        *,
        json_schema: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        described = json.dumps(json_schema, ensure_ascii=False, separators=(",", ":"))
        note = f"Reply with one JSON object and nothing else. Its JSON schema is:\n{described}"
        plain = {name: value for name, value in kwargs.items() if name not in self.native}
        if json_schema is not None and plain.keys() != kwargs.keys() and described not in self._refused:
            told = with_note(messages, note) if self.say_too else messages
            try:
                async with closing(self._pass_on(told, metadata, stop, **kwargs)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except CallFailed as failure:
                complaint = failure.detail.lower()
                if failure.status not in (400, 422) or not any(word in complaint for word in _COMPLAINTS):
                    raise
                self._refused.add(described)
        if json_schema is not None:
            messages, kwargs = with_note(messages, note), plain
        async with closing(self._pass_on(messages, metadata, stop, **kwargs)) as chunks:
            async for chunk in chunks:
                yield chunk


def with_note(messages: list[BaseMessage], note: str) -> list[BaseMessage]:
    """The conversation with a note at its end, inside the last human message if it ends with one.

    Some servers' chat templates refuse two messages of one role in a row.
    """
    *earlier, last = messages
    if isinstance(last, HumanMessage) and isinstance(last.content, str):
        return [*earlier, last.model_copy(update={"content": f"{last.content}\n\n{note}"})]
    return [*messages, HumanMessage(note)]


def has_mapping(schema: Any) -> bool:
    """Whether a JSON schema has an object with free keys, which hosted models cannot be constrained to."""
    if isinstance(schema, list):
        return any(has_mapping(each) for each in schema)
    if not isinstance(schema, Mapping):
        return False
    free_keys = schema.get("additionalProperties", False) is not False
    return free_keys or any(has_mapping(each) for each in schema.values())
