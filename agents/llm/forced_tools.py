"""Forced tool calls for the embedded engine, whose own `tool_choice` lets a small model talk past the tools.

The tools are shown to the model by its template as always, but a grammar allows one call and nothing else;
what comes out is read back as the call.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk

from agents.llm.json_grammar import json_rule

_OPENING, _CLOSING = "<tool_call>\n", "\n</tool_call>"


def forced_tools(arguments: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The functions one of which must be called; empty when the model may choose."""
    tools: Sequence[Mapping[str, Any]] = arguments.get("tools") or ()
    functions = [tool["function"] for tool in tools if tool.get("type") == "function"]
    choice = arguments.get("tool_choice")
    if choice in ("required", "any", True):
        return functions
    if isinstance(choice, Mapping) and "function" in choice:
        return [function for function in functions if function["name"] == choice["function"]["name"]]
    return []


def call_grammar(functions: Sequence[Mapping[str, Any]]) -> str:
    """The grammar of one call of one of the functions, as the templates write it."""
    lines = [
        "%llguidance {}",
        f"start: {json.dumps(_OPENING)} call {json.dumps(_CLOSING)}",
        "call: " + " | ".join(f"call_{number}" for number in range(len(functions))),
    ]
    for number, function in enumerate(functions):
        opening = json.dumps(f'{{"name": {json.dumps(function["name"])}, "arguments": ')
        parameters = function.get("parameters") or {"type": "object", "properties": {}}
        lines += [f'call_{number}: {opening} args_{number} "}}"', f"args_{number}: {json_rule(parameters)}"]
    return "\n".join(lines)


def call_chunk(text: str) -> AIMessageChunk:
    """The call that was written; the text itself if it was cut off."""
    written = text.removeprefix(_OPENING)
    if not written.endswith(_CLOSING):
        return AIMessageChunk(content=text)
    call = json.loads(written.removesuffix(_CLOSING))
    return AIMessageChunk(
        content="",
        tool_call_chunks=[
            tool_call_chunk(
                name=call["name"], args=json.dumps(call["arguments"]), id=f"call_{uuid4().hex}", index=0
            )
        ],
    )
