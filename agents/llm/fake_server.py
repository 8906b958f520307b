"""A small server on loopback that speaks the OpenAI and the Anthropic chat protocols, and can misbehave on
demand.

It is what the client code is tested against, and what benchmarks measure overhead with: a fixed delay stands
for the model. Without a script it answers every request with a value drawn from the request's JSON schema.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from agents.llm.schema_draw import draw

_CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Says:
    """A good answer, streamed in a few pieces."""

    text: str = ""
    tool_calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    finish: Literal["stop", "length", "refusal"] = "stop"
    cached_tokens: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Refuses:
    """A refusal in the provider's own terms."""

    text: str = "I can't help with that."


@dataclass(frozen=True, kw_only=True, slots=True)
class Fails:
    """An HTTP error."""

    status: int
    message: str = "the server said no"
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class BreaksOff:
    """The beginning of an answer, then the end of the connection; `politely` closes the stream as if it were
    whole."""

    text: str = '{"approve": tr'
    politely: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FallsSilent:
    """Nothing, or the beginning of an answer, and then nothing more while the connection stays open."""

    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrsMidway:
    """The beginning of an answer, then an error event inside the stream."""

    text: str = '{"approve": tr'
    message: str = "Overloaded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """Any body at all: not JSON inside a stream, a web page, nothing."""

    body: str
    content_type: str = "text/event-stream"


Behaviour = Says | Refuses | Fails | BreaksOff | FallsSilent | ErrsMidway | Answers


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema that the answer is to follow, if the request carries one."""
        openai_format = self.body.get("response_format", {}).get("json_schema", {})
        anthropic_format = self.body.get("output_config", {}).get("format", {})
        found: dict[str, Any] | None = openai_format.get("schema") or anthropic_format.get("schema")
        return found


def drawn_answer(request: Request) -> Behaviour:
    """The same answer to the same request: drawn from its schema, or a sentence."""
    random = Random(json.dumps(request.body, sort_keys=True))
    if request.schema is None:
        return Says(text=draw({"type": "string"}, random))
    return Says(text=json.dumps(draw(request.schema, random)))


class FakeServer:
    """A running server. It keeps the requests it got, in order."""

    def __init__(
        self,
        script: Iterable[Behaviour] = (),
        *,
        otherwise: Callable[[Request], Behaviour] = drawn_answer,
        delay_s: float = 0.0,
        models: tuple[str, ...] = ("fake",),
    ) -> None:
        """Prepare a server.

        Args:
            script: What to do with the first requests, in order.
            otherwise: What to do with all others.
            delay_s: How long to think before each answer.
            models: What it lists as its models.
        """
        self.requests: list[Request] = []
        self.port = 0
        self._script = iter(script)
        self._otherwise = otherwise
        self._delay_s = delay_s
        self._models = models
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def openai_url(self) -> str:
        """The base URL for OpenAI clients."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic_url(self) -> str:
        """The base URL for Anthropic clients."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeServer"]:
        """Serve on a free port of the loopback interface."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            request = await _read(reader)
            if request is not None:
                await self._respond(request, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client went away, or the server stops
        finally:
            self._connections.discard(task)
            writer.close()

    async def _respond(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.method == "GET" and request.path.endswith("/models"):
            await _send(writer, 200, json.dumps({"data": [{"id": model} for model in self._models]}))
            return
        self.requests.append(request)
        behaviour = next(self._script, None) or self._otherwise(request)
        await asyncio.sleep(self._delay_s)
        protocol = _anthropic_events if request.path.endswith("/messages") else _openai_events
        match behaviour:
            case Fails():
                error = {"message": behaviour.message, "type": "error", "code": behaviour.code or None}
                body = json.dumps({"type": "error", "error": error})
                await _send(writer, behaviour.status, body, headers=behaviour.headers)
            case Answers():
                await _send(writer, 200, behaviour.body, content_type=behaviour.content_type)
            case _:
                await _stream(writer, behaviour, protocol(request, behaviour))


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(
        method=method, path=path.partition("?")[0], headers=headers, body=json.loads(body or b"{}")
    )


async def _send(
    writer: asyncio.StreamWriter,
    status: int,
    body: str,
    *,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> None:
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    data = body.encode()
    writer.write(
        f"HTTP/1.1 {status} -\r\nContent-Type: {content_type}\r\nContent-Length: {len(data)}\r\n"
        f"{extra}Connection: close\r\n\r\n".encode()
        + data
    )
    await writer.drain()


async def _stream(writer: asyncio.StreamWriter, behaviour: Behaviour, events: Iterator[str]) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    for event in events:
        data = event.encode()
        writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await writer.drain()
    if isinstance(behaviour, FallsSilent):
        await asyncio.Event().wait()
    if isinstance(behaviour, BreaksOff) and not behaviour.politely:
        writer.transport.abort()
        return
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), 7):
        yield text[start : start + 7]


def _tokens(request: Request) -> int:
    spoken = [
        request.body.get("system", ""),
        *(message["content"] for message in request.body.get("messages", [])),
    ]
    return len(json.dumps(spoken)) // _CHARACTERS_A_TOKEN


def _openai_events(request: Request, behaviour: Behaviour) -> Iterator[str]:
    def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> str:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        shape = {
            "id": "chat-1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": request.body.get("model"),
        }
        return f"data: {json.dumps({**shape, 'choices': choices, **more})}\n\n"

    assert not isinstance(behaviour, Fails | Answers)
    yield chunk({"role": "assistant", "content": ""})
    if isinstance(behaviour, Refuses):
        for piece in _pieces(behaviour.text):
            yield chunk({"refusal": piece})
    else:
        for piece in _pieces(behaviour.text):
            yield chunk({"content": piece})
    if isinstance(behaviour, ErrsMidway):
        yield f"data: {json.dumps({'error': {'message': behaviour.message, 'type': 'server_error'}})}\n\n"
    if not isinstance(behaviour, Says | Refuses):
        return
    calls = behaviour.tool_calls if isinstance(behaviour, Says) else ()
    for index, (name, arguments) in enumerate(calls):
        function = {"name": name, "arguments": json.dumps(arguments)}
        yield chunk(
            {
                "tool_calls": [
                    {"index": index, "id": f"call_{index}", "type": "function", "function": function}
                ]
            }
        )
    finish = behaviour.finish if isinstance(behaviour, Says) else "stop"
    yield chunk({}, "tool_calls" if calls else "content_filter" if finish == "refusal" else finish)
    if request.body.get("stream_options", {}).get("include_usage"):
        cached = behaviour.cached_tokens if isinstance(behaviour, Says) else 0
        usage = {
            "prompt_tokens": _tokens(request) + cached,
            "completion_tokens": len(behaviour.text) // _CHARACTERS_A_TOKEN,
            "prompt_tokens_details": {"cached_tokens": cached},
        }
        yield chunk(None, usage=usage)
    yield "data: [DONE]\n\n"


def _anthropic_events(request: Request, behaviour: Behaviour) -> Iterator[str]:
    def event(kind: str, **fields: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"

    assert not isinstance(behaviour, Fails | Answers)
    cached = behaviour.cached_tokens if isinstance(behaviour, Says) else 0
    usage = {"input_tokens": _tokens(request), "cache_read_input_tokens": cached, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "msg-1",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": request.body.get("model"),
    }
    yield event(
        "message_start", message={**message, "stop_reason": None, "stop_sequence": None, "usage": usage}
    )
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield event("ping")
    for piece in _pieces(behaviour.text):
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    if isinstance(behaviour, ErrsMidway):
        yield event("error", error={"type": "overloaded_error", "message": behaviour.message})
    if not isinstance(behaviour, Says | Refuses):
        return
    yield event("content_block_stop", index=0)
    calls = behaviour.tool_calls if isinstance(behaviour, Says) else ()
    for index, (name, arguments) in enumerate(calls, start=1):
        block = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
        yield event("content_block_start", index=index, content_block=block)
        delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)
    finish = behaviour.finish if isinstance(behaviour, Says) else "refusal"
    reason = (
        "tool_use" if calls else {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}[finish]
    )
    usage = {**usage, "output_tokens": len(behaviour.text) // _CHARACTERS_A_TOKEN}
    yield event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=usage)
    yield event("message_stop")
