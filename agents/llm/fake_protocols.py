"""How the fake server answers: what a behaviour looks like in each protocol's stream of events."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
    """The beginning of an answer, then the end of the connection, `politely` as if it were whole."""

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
        responses_format = self.body.get("text", {}).get("format", {})
        for carrier in (openai_format, anthropic_format, responses_format):
            if "schema" in carrier:
                return dict(carrier["schema"])
        return None


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), 7):
        yield text[start : start + 7]


def _tokens(request: Request) -> int:
    spoken = [
        request.body.get("system", ""),
        *(message["content"] for message in request.body.get("messages", [])),
    ]
    return len(json.dumps(spoken)) // _CHARACTERS_A_TOKEN


def chat_events(request: Request, behaviour: Behaviour) -> Iterator[str]:
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


def anthropic_events(request: Request, behaviour: Behaviour) -> Iterator[str]:
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


def responses_events(request: Request, behaviour: Behaviour) -> Iterator[str]:
    """OpenAI's newer protocol, which LangChain uses with tools on newer models."""

    def event(kind: str, **fields: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': 0, **fields})}\n\n"

    def response(status: str, **more: Any) -> dict[str, Any]:
        shape = {"id": "resp_1", "object": "response", "created_at": 0, "model": request.body.get("model")}
        return {**shape, "output": [], "parallel_tool_calls": True, "tools": [], "status": status, **more}

    assert not isinstance(behaviour, Fails | Answers)
    yield event("response.created", response=response("in_progress"))
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    yield event("response.output_item.added", output_index=0, item=item)
    if isinstance(behaviour, Refuses):
        yield event("response.refusal.done", refusal=behaviour.text, **place)
    else:
        for piece in _pieces(behaviour.text):
            yield event("response.output_text.delta", delta=piece, logprobs=[], **place)
    if isinstance(behaviour, ErrsMidway):
        yield event("error", code="server_error", message=behaviour.message, param=None)
    if not isinstance(behaviour, Says | Refuses):
        return
    calls = behaviour.tool_calls if isinstance(behaviour, Says) else ()
    for index, (name, arguments) in enumerate(calls, start=1):
        call = {"id": f"fc_{index}", "type": "function_call", "call_id": f"call_{index}", "name": name}
        yield event("response.output_item.added", output_index=index, item={**call, "arguments": ""})
        yield event(
            "response.function_call_arguments.delta",
            item_id=f"fc_{index}",
            output_index=index,
            delta=json.dumps(arguments),
        )
    cut = isinstance(behaviour, Says) and behaviour.finish == "length"
    cached = behaviour.cached_tokens if isinstance(behaviour, Says) else 0
    usage = {
        "input_tokens": _tokens(request) + cached,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": len(behaviour.text) // _CHARACTERS_A_TOKEN,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": _tokens(request) + cached + len(behaviour.text) // _CHARACTERS_A_TOKEN,
    }
    status = "incomplete" if cut else "completed"
    details = {"reason": "max_output_tokens"} if cut else None
    yield event(f"response.{status}", response=response(status, usage=usage, incomplete_details=details))
