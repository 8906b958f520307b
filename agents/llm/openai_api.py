"""OpenAI's chat models, and every server that speaks its protocol, on LangChain's client.

Structured output travels as `response_format` inside `extra_body`. Passed the plain way, LangChain switches
to the SDK's parsing stream, which raises on a truncated answer instead of handing it over to be mended.
"""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import openai
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from agents.errors import NimueError, NimueFailure
from agents.llm.call_failed import CallFailed, retry_after_s
from agents.llm.chat_wrapper import closing
from agents.llm.model import Model, ModelOptions
from agents.llm.names import DEFAULT_MODEL, PROVIDERS, ModelName
from agents.llm.schema_fallback import SchemaFallbackChatModel, has_mapping

_OFFICIAL = "https://api.openai.com/v1"
_NOT_STRICT = frozenset({"default", "minLength", "maxLength", "uniqueItems", "title"})
"""Keywords that strict mode rejects or that only cost tokens; pydantic checks them on the answer anyway."""


class OpenAIChat(ChatOpenAI):
    """LangChain's client with three gaps closed.

    Refusals come through while streaming, other servers get the argument names they know, and whatever goes
    wrong on the way is a `CallFailed`.
    """

    official: bool = True

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        with _translated():
            async with closing(super()._astream(*args, **kwargs)) as chunks:
                async for chunk in chunks:
                    yield chunk

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        converted = super()._convert_chunk_to_generation_chunk(
            chunk, default_chunk_class, base_generation_info
        )
        if (
            converted
            and chunk.get("choices")
            and (refusal := (chunk["choices"][0]["delta"] or {}).get("refusal"))
        ):
            converted.message.additional_kwargs["refusal"] = refusal
        return converted

    def _get_request_payload(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)
        if not self.official and "max_completion_tokens" in payload:
            # The older name is the one that every compatible server knows.
            payload["max_tokens"] = payload.pop("max_completion_tokens")
        return payload


def open_model(name: str, options: ModelOptions) -> Model:
    """Open a model of OpenAI, or of the server at `base_url` or `OPENAI_BASE_URL`.

    Raises:
        NimueError: There is neither a key nor another server.
        NimueFailure: The other server does not answer when asked which model it serves.
    """
    base_url = options.base_url or os.environ.get("OPENAI_BASE_URL") or _OFFICIAL
    official = "api.openai.com" in base_url
    key = os.environ.get("OPENAI_API_KEY", "")
    if official and not key:
        raise NimueError(
            f"openai:{name} needs a key: set OPENAI_API_KEY, or OPENAI_BASE_URL for another server."
        )
    if name == DEFAULT_MODEL:
        name = PROVIDERS["openai"].default if official else _served_model(base_url, key)
    chat = OpenAIChat(
        model=name,
        api_key=SecretStr(key or "none"),
        base_url=base_url,
        temperature=options.temperature,
        seed=options.seed,
        timeout=options.timeout_s,
        max_retries=0,
        stream_usage=True,
        # The retry wrapper watches for silence, whatever the provider.
        stream_chunk_timeout=None,
        official=official,
    )

    def constrain(schema: type[BaseModel]) -> dict[str, Any]:
        response_format = _strict_format(schema) if official else _plain_format(schema)
        if chat._use_responses_api({}):
            return {"json_schema": schema.model_json_schema(), "response_format": response_format}
        return {"json_schema": schema.model_json_schema(), "extra_body": {"response_format": response_format}}

    return Model(
        name=ModelName("openai", name),
        chat=SchemaFallbackChatModel(inner=chat, native=("extra_body", "response_format")),
        constrain=constrain,
        close=lambda: None,
        stops_at_newline=not official,  # OpenAI's reasoning models refuse `stop`
    )


def _plain_format(schema: type[BaseModel]) -> dict[str, Any]:
    """For other servers, which turn the whole schema into a grammar."""
    return {
        "type": "json_schema",
        "json_schema": {"name": schema.__name__, "schema": schema.model_json_schema(), "strict": True},
    }


def _strict_format(schema: type[BaseModel]) -> dict[str, Any]:
    """For OpenAI: every object closed, every property required, no keyword that strict mode does not know.

    A mapping with free keys cannot be said strictly; such a schema is sent as a hint.
    """
    function = openai.pydantic_function_tool(schema, name=schema.__name__)["function"]
    strict_schema = _without(_NOT_STRICT, function["parameters"])
    if has_mapping(strict_schema):
        return {
            "type": "json_schema",
            "json_schema": {"name": schema.__name__, "schema": schema.model_json_schema(), "strict": False},
        }
    return {
        "type": "json_schema",
        "json_schema": {"name": schema.__name__, "schema": strict_schema, "strict": True},
    }


def _without(keywords: frozenset[str], schema: Any) -> Any:
    """A schema without some keywords. Properties may bear a keyword's name, so their names are left alone."""
    if isinstance(schema, list):
        return [_without(keywords, each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs"):
            kept[key] = {name: _without(keywords, each) for name, each in value.items()}
        elif key not in keywords:
            kept["anyOf" if key == "oneOf" else key] = (
                value if key in ("enum", "const") else _without(keywords, value)
            )
    return kept


def _served_model(base_url: str, key: str) -> str:
    """The first model that a server lists."""
    address = f"{base_url.rstrip('/')}/models"
    try:
        answer = httpx.get(address, headers={"Authorization": f"Bearer {key or 'none'}"}, timeout=10)
        models = answer.raise_for_status().json()["data"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise NimueFailure(
            f"{address} does not list models ({type(error).__name__}): check OPENAI_BASE_URL and that the "
            "server runs, or name the model with --model openai:NAME."
        ) from error
    if not models:
        raise NimueFailure(f"{address} lists no model: load one in the server, then try again.")
    return str(models[0]["id"])


def _said(error: openai.APIStatusError) -> str:
    body = error.body
    return str(body["message"]) if isinstance(body, Mapping) and "message" in body else error.message


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except openai.APIStatusError as error:
        # "429, quota exceeded" means an empty account: waiting does not fill it.
        status = 402 if error.code == "insufficient_quota" else error.status_code
        raise CallFailed(
            _said(error), status=status, retry_after_s=retry_after_s(error.response.headers)
        ) from error
    except openai.APITimeoutError as error:
        raise CallFailed("the server did not answer in time") from error
    except openai.APIConnectionError as error:
        raise CallFailed(f"no connection ({error.__cause__ or error})") from error
    except openai.APIError as error:
        raise CallFailed(error.message) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # SDK and LangChain take events apart unchecked: this is how events of another shape come out.
        raise CallFailed(f"the answer was not understood ({error})") from error
