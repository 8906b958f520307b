"""A small server on loopback that speaks the OpenAI and the Anthropic chat protocols, and can misbehave on
demand.

It is what the client code is tested against, and what benchmarks measure overhead with: a fixed delay stands
for the model. Without a script it answers every request with a value drawn from the request's JSON schema.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from random import Random

from agents.llm.fake_protocols import (
    Answers,
    Behaviour,
    BreaksOff,
    Fails,
    FallsSilent,
    Request,
    Says,
    anthropic_events,
    chat_events,
    responses_events,
)
from agents.llm.schema_draw import draw

_PROTOCOLS: Mapping[str, Callable[[Request, Behaviour], Iterator[str]]] = {
    "completions": chat_events,
    "responses": responses_events,
    "messages": anthropic_events,
}
"""By the last part of the path."""


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
        events = _PROTOCOLS[request.path.rpartition("/")[2]](request, behaviour)
        match behaviour:
            case Fails():
                error = {"message": behaviour.message, "type": "error", "code": behaviour.code or None}
                body = json.dumps({"type": "error", "error": error})
                await _send(writer, behaviour.status, body, headers=behaviour.headers)
            case Answers():
                await _send(writer, 200, behaviour.body, content_type=behaviour.content_type)
            case _:
                await _stream(writer, behaviour, events)


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
