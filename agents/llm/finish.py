"""Why a model stopped, in one vocabulary for all protocols."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from langchain_core.messages import AIMessage


class Finish(StrEnum):
    """How an answer ended."""

    COMPLETE = "complete"
    LENGTH = "length"
    REFUSAL = "refusal"
    UNKNOWN = "unknown"
    """The server did not say: the stream was cut, or the answer is a stand-in's."""


_LENGTH = frozenset({"length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"})
_REFUSAL = frozenset({"refusal", "content_filter"})


def finish_of(message: AIMessage) -> Finish:
    """How a message ended."""
    blocks = message.content if isinstance(message.content, list) else []
    declined = any(isinstance(block, dict) and block["type"] == "refusal" for block in blocks)
    if declined or message.additional_kwargs.get("refusal"):
        return Finish.REFUSAL
    return finish_in(message.response_metadata)


def finish_in(metadata: Mapping[str, Any]) -> Finish:
    """How an answer ended, read from wherever its protocol says it."""
    incomplete = metadata.get("incomplete_details") or {}
    reason = (
        metadata.get("finish_reason")
        or metadata.get("stop_reason")
        or incomplete.get("reason")
        or metadata.get("status")
    )
    if reason is None:
        return Finish.UNKNOWN
    if reason in _LENGTH:
        return Finish.LENGTH
    return Finish.REFUSAL if reason in _REFUSAL else Finish.COMPLETE
