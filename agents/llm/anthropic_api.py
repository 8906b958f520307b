"""Anthropic's chat models on LangChain's client: structured output, and the prompt cache."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anthropic
import httpx2
from langchain_anthropic import ChatAnthropic
from langchain_core.outputs import ChatGenerationChunk
from pydantic import BaseModel, SecretStr

from agents.errors import NimueError
from agents.llm.call_failed import CallFailed, retry_after_s
from agents.llm.chat_wrapper import closing
from agents.llm.model import Model, ModelOptions
from agents.llm.names import ModelName
from agents.llm.schema_fallback import SchemaFallbackChatModel, has_mapping

_OFFICIAL = "https://api.anthropic.com"
_CACHED = {"type": "ephemeral"}


class AnthropicChat(ChatAnthropic):
    """LangChain's client with cache breakpoints on the stable prefix; what goes wrong is a `CallFailed`."""

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        with _translated():
            async with closing(super()._astream(*args, **kwargs)) as chunks:
                async for chunk in chunks:
                    yield chunk

    def _get_request_payload(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)
        if payload.get("system"):
            payload["system"] = _as_blocks(payload["system"])
            _mark(payload["system"][-1])
        blocks: list[dict[str, Any]] = []
        for message in payload["messages"]:
            message["content"] = _as_blocks(message["content"])
            blocks.extend(message["content"])
        # The last block is this call's question; what stands before it comes again, with more appended.
        if len(blocks) > 1:
            _mark(blocks[-2])
        return payload


def open_model(name: str, options: ModelOptions) -> Model:
    """Open a model of Anthropic, or of the server at `base_url` or `ANTHROPIC_BASE_URL`. There is no seed.

    Raises:
        NimueError: There is neither a key nor another server.
    """
    base_url = options.base_url or os.environ.get("ANTHROPIC_BASE_URL") or _OFFICIAL
    key = os.environ.get("ANTHROPIC_API_KEY", "")
    if base_url == _OFFICIAL and not key:
        raise NimueError(f"anthropic:{name} needs a key: set ANTHROPIC_API_KEY.")
    chat = AnthropicChat(
        model=name,
        api_key=SecretStr(key or "none"),
        base_url=base_url,
        temperature=options.temperature,
        timeout=options.timeout_s,
        max_retries=0,
    )
    return Model(
        name=ModelName("anthropic", name),
        # llama.cpp's server, for one, speaks this protocol but passes over its structured output.
        chat=SchemaFallbackChatModel(inner=chat, native=("output_config",), say_too=base_url != _OFFICIAL),
        constrain=_constrain,
        close=lambda: None,
        stops_at_newline=False,  # a stop sequence of blanks alone is refused
    )


def _constrain(schema: type[BaseModel]) -> dict[str, Any]:
    described = schema.model_json_schema()
    if has_mapping(described):
        # The provider closes every object, so a mapping with free keys could only come back empty.
        return {"json_schema": described}
    output_format = {"type": "json_schema", "schema": anthropic.transform_schema(described)}
    return {"json_schema": described, "output_config": {"format": output_format}}


def _as_blocks(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _mark(block: dict[str, Any]) -> None:
    if block["type"] in ("text", "image", "document", "tool_use", "tool_result") and block.get("text") != "":
        block["cache_control"] = _CACHED


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except anthropic.APIStatusError as error:
        raise CallFailed(
            _said(error), status=_status(error), retry_after_s=retry_after_s(error.response.headers)
        ) from error
    except anthropic.APITimeoutError as error:
        raise CallFailed("the server did not answer in time") from error
    except anthropic.APIConnectionError as error:
        raise CallFailed(f"no connection ({error.__cause__ or error})") from error
    except anthropic.APIError as error:
        raise CallFailed(error.message) from error
    except httpx2.TimeoutException as error:
        raise CallFailed("the server fell silent") from error
    except httpx2.TransportError as error:
        raise CallFailed(f"the connection broke ({error})") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # SDK and LangChain take events apart unchecked: this is how events of another shape come out.
        raise CallFailed(f"the answer was not understood ({error})") from error


def _said(error: anthropic.APIStatusError) -> str:
    body = error.body
    inner = body.get("error") if isinstance(body, Mapping) else None
    return str(inner["message"]) if isinstance(inner, Mapping) and "message" in inner else error.message


def _status(error: anthropic.APIStatusError) -> int | None:
    """The HTTP status; None for an error inside a stream that had begun well, which may always pass."""
    return None if error.response.status_code == 200 else error.status_code
