"""One question to a model, one piece of plain text: for loops that read lines instead of JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from agents.llm.chat_wrapper import StreamedAnswer, closing
from agents.llm.finish import Finish, finish_of
from agents.llm.model import CallTag, Model
from agents.llm.repair import as_unicode
from agents.llm.usage import Usage


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, why it stopped, and what it used."""

    text: str
    finish: Finish
    usage: Usage


async def complete(
    model: Model,
    messages: Sequence[BaseMessage],
    *,
    tag: CallTag,
    max_tokens: int | None = None,
    one_line: bool = False,
) -> Completion:
    """Ask for text.

    Args:
        one_line: Ask the provider to stop at the end of a line. Some cannot, so the caller cuts all the same.

    Raises:
        NimueError: The call itself failed: no connection, no key, a spent budget.
    """
    limits: dict[str, Any] = {} if max_tokens is None else {"max_tokens": max_tokens}
    if one_line and model.stops_at_newline:
        limits["stop"] = ["\n"]
    answer = StreamedAnswer()
    stream = model.chat.astream(list(messages), config={"metadata": tag.metadata()}, **limits)
    async with closing(stream) as chunks:
        async for chunk in chunks:
            answer.add(ChatGenerationChunk(message=chunk))
    message = answer.message()
    used = answer.voided + Usage.from_message(message)
    return Completion(as_unicode(message.text), finish_of(message), used)
