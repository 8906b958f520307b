"""Provider `local`: chat models of the embedded engine.

`local:NAME` is a model of the catalogue, `local:PATH.gguf` a file of one's own,
`local:hf/OWNER/REPOSITORY/FILE.gguf` a file of the hub. Opening loads a model that is on this machine;
bringing one here is the commands' business, who can show how far it is.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from openai import APIConnectionError, APIError, BadRequestError, DefaultAsyncHttpxClient
from pydantic import BaseModel, ConfigDict, SecretStr

from agents.errors import NimueError, NimueFailure
from agents.llm.chat_wrapper import ChatWrapper, closing
from agents.llm.engine import Engine, EngineSettings, close_engine, open_engine
from agents.llm.forced_tools import call_chunk, call_grammar, forced_tools
from agents.llm.gguf_header import read_gguf_header
from agents.llm.json_grammar import json_grammar
from agents.llm.lanes import Lanes
from agents.llm.local_names import local_model_path
from agents.llm.machine import memory_bytes
from agents.llm.model import CallTag, Model, ModelOptions
from agents.llm.model_files import models_folder
from agents.llm.names import ModelName
from agents.llm.slot_store import EngineSlotStore

SLOTS = 8
"""Calls answered at once. More hardly add to what a processor writes, and each takes memory."""
LONGEST_CONTEXT = 8192
SHORTEST_CONTEXT = 4096
_SHARE_OF_MEMORY = 8
"""All slots together take one part in this many of the memory, or what the shortest context needs."""
_SAVED_SHARE_OF_MEMORY = 12
"""Likewise for the saved caches of lanes that have no slot just now."""
_LEAST_SAVED = 256 << 20
VERBATIM: dict[str, Any] = {"extra_body": {"dry_multiplier": 0.0}}
"""Without the engine's guard against repetition, which makes a model miss names that it has to copy."""


def open_model(name: str, options: ModelOptions) -> Model:
    """Load a model into the embedded engine, or share the engine that runs it already.

    Raises:
        NimueError: There is no such model on this machine, or the engine is not installed.
        NimueFailure: The engine cannot load it.
    """
    path = local_model_path(name, models_folder())
    memory = memory_bytes()
    settings = EngineSettings(path=path, slots=SLOTS, context=slot_context(path, memory))
    if options.projector is not None:
        # Pictures take many tokens and come one question at a time: one slot with all of the context.
        context = min(read_gguf_header(path).context_length, LONGEST_CONTEXT)
        settings = replace(settings, slots=1, context=context, projector=_existing(options.projector))
    engine = open_engine(settings)
    lanes = Lanes(
        settings.slots, EngineSlotStore(engine), max(memory // _SAVED_SHARE_OF_MEMORY, _LEAST_SAVED)
    )
    return Model(
        name=ModelName("local", name),
        chat=LocalChatModel(inner=_client(engine, path, options), lanes=lanes),
        constrain=_constrain,
        close=_Once(engine),
        verbatim=VERBATIM,
    )


def _existing(projector: Path) -> Path:
    path = projector.expanduser()
    if not path.is_file():
        raise NimueError(f"There is no projector file {path}.")
    return path


def slot_context(path: Path, memory: int) -> int:
    """Tokens a slot can hold, by what the model can read and the memory can bear."""
    header = read_gguf_header(path)
    affordable = memory // _SHARE_OF_MEMORY // (SLOTS * header.cache_bytes_per_token)
    wanted = max(SHORTEST_CONTEXT, min(affordable, LONGEST_CONTEXT))
    return min(wanted, header.context_length) // 256 * 256


class _Once:
    """Gives an engine back when first called; closing twice is harmless."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Engine | None = engine

    def __call__(self) -> None:
        if self._engine is not None:
            close_engine(self._engine)
            self._engine = None


def _client(engine: Engine, path: Path, options: ModelOptions) -> ChatOpenAI:
    return ChatOpenAI(
        model=path.stem,
        base_url=f"{engine.url}/v1",
        api_key=SecretStr(engine.key),
        temperature=options.temperature,
        seed=options.seed,
        # Neither lost nor throttled on loopback: a call takes as long as the machine needs.
        timeout=None,
        stream_chunk_timeout=None,
        max_retries=0,
        stream_usage=True,
        use_responses_api=False,
        # A kept connection would outlive its event loop, and a proxy is no way to loopback.
        http_async_client=DefaultAsyncHttpxClient(
            timeout=None, trust_env=False, limits=_no_kept_connections()
        ),
    )


def _no_kept_connections() -> Any:
    import httpx2

    return httpx2.Limits(max_keepalive_connections=0)


def _constrain(schema: type[BaseModel]) -> dict[str, Any]:
    form = {"name": schema.__name__, "schema": schema.model_json_schema(), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": form}}


class LocalChatModel(ChatWrapper):
    """The engine's chat model: compact JSON where a schema is given, and a cache slot for every lane."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    lanes: Lanes

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        arguments, forced = _with_grammar(kwargs)
        prompt = _prompt_text(messages, arguments)

        async def prefill(slot: int) -> int:
            reading = {**arguments, "max_tokens": 1, "extra_body": _at_slot(arguments, slot)}
            reading["extra_body"].pop("grammar", None)
            cached = 0
            async with closing(self._pass_on(messages, metadata, stop, **reading)) as chunks:
                async for chunk in chunks:
                    cached += _cached_tokens(chunk.message)
            return cached

        written = ""
        try:
            async with self.lanes.turn(_lane(CallTag.from_metadata(metadata)), prompt, prefill) as turn:
                arguments["extra_body"] = _at_slot(arguments, turn.slot)
                async with closing(self._pass_on(messages, metadata, stop, **arguments)) as chunks:
                    async for chunk in chunks:
                        if turn.cached_tokens is not None:
                            _set_cached_tokens(chunk.message, turn.cached_tokens)
                        if forced:
                            written += chunk.text
                            chunk.message.content = ""
                        yield chunk
            if forced:
                yield ChatGenerationChunk(message=call_chunk(written))
        except BadRequestError as error:
            if error.type != "exceed_context_size_error":
                raise NimueError(f"The embedded engine refused the request: {error.message}") from error
            # A prompt too long for the model spoils one answer, not the run.
            yield ChatGenerationChunk(
                message=AIMessageChunk(
                    content="", response_metadata={"finish_reason": "model_context_window_exceeded"}
                )
            )
        except APIConnectionError as error:
            raise NimueFailure("The embedded engine has stopped. Start the command again.") from error
        except APIError as error:
            raise NimueFailure(f"The embedded engine failed: {error.message}") from error


def _lane(tag: CallTag) -> str:
    """Games played side by side name their lanes alike."""
    return f"{tag.game}/{tag.lane}" if tag.lane else ""


def _with_grammar(kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The call's arguments with a JSON schema, or a forced choice of tools, replaced by our grammar for it.

    Returns:
        The arguments, and whether a tool call is forced.
    """
    arguments = dict(kwargs)
    body = dict(arguments.get("extra_body") or {})
    response_format = arguments.get("response_format")
    functions = forced_tools(arguments)
    if functions:
        body |= {
            "grammar": call_grammar(functions),
            "chat_template_kwargs": {**body.get("chat_template_kwargs", {}), "tools": arguments["tools"]},
        }
        for name in ("tools", "tool_choice", "parallel_tool_calls"):
            arguments.pop(name, None)
    elif isinstance(response_format, dict) and response_format.get("type") == "json_schema":
        del arguments["response_format"]
        body["grammar"] = json_grammar(response_format["json_schema"]["schema"])
    arguments["extra_body"] = body
    return arguments, bool(functions)


def _at_slot(arguments: Mapping[str, Any], slot: int) -> dict[str, Any]:
    return {**arguments["extra_body"], "id_slot": slot, "cache_prompt": True}


def _prompt_text(messages: list[BaseMessage], arguments: Mapping[str, Any]) -> str:
    """Roughly what the model reads, to compare prompts by. Tools are told to it first."""
    shown = arguments.get("tools") or arguments["extra_body"].get("chat_template_kwargs")
    return (json.dumps(shown) if shown else "") + "".join(
        f"\n{message.type}:{message.content}" for message in messages
    )


def _cached_tokens(message: BaseMessage) -> int:
    usage = message.usage_metadata if isinstance(message, AIMessageChunk) else None
    return (usage.get("input_token_details") or {}).get("cache_read", 0) if usage else 0


def _set_cached_tokens(message: BaseMessage, cached_tokens: int) -> None:
    """Say what was cached before the prompt was read ahead of the call."""
    if isinstance(message, AIMessageChunk) and message.usage_metadata:
        details = message.usage_metadata.get("input_token_details") or {}
        message.usage_metadata["input_token_details"] = {**details, "cache_read": cached_tokens}
