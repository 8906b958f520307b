"""A conversation as the messages that a model reads, in either form. Pure functions of its lines.

A prompt only grows within a turn, so that a provider's prompt cache and the engine's slots do their work.
"""

import json
from collections.abc import Mapping, Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage
from pydantic import BaseModel

from agents.assistant.prompt_files import prompt
from agents.assistant.state import Line, PackedCall
from agents.tools.tool import Tool

ANSWER = "answer"
"""What a model of form json chooses when it wants no tool."""
_NOT_DONE = '{"error": "stopped", "message": "The user stopped this before it had answered."}'


def native_messages(lines: Sequence[Line], most: int) -> list[BaseMessage]:
    """For models with tool calls of their own."""
    messages: list[BaseMessage] = [SystemMessage(prompt("native"))]
    kept = within(lines, most)
    answered = {line["call"] for line in kept if line["role"] == "tool"}
    for line in kept:
        match line["role"]:
            case "user" | "memory":
                _say(messages, line["text"])
            case "assistant":
                calls = line.get("calls") or []
                messages.append(AIMessage(line["text"], tool_calls=[_native_call(call) for call in calls]))
                messages += [
                    ToolMessage(_NOT_DONE, tool_call_id=call["id"])
                    for call in calls
                    if call["id"] not in answered
                ]
            case "tool":
                messages.append(ToolMessage(line["text"], tool_call_id=line["call"]))
    return messages


def _native_call(call: PackedCall) -> ToolCall:
    return ToolCall(name=call["tool"], args=call["arguments"], id=call["id"])


def json_messages(lines: Sequence[Line], tools: Mapping[str, Tool], most: int) -> list[BaseMessage]:
    """For models that are held to JSON; the last message asks what to do next."""
    listed = "\n".join(f"- {tool.name}: {tool.summary}" for tool in tools.values())
    messages: list[BaseMessage] = [SystemMessage(prompt("json", tools=listed))]
    question = ""
    asked = False
    tool_of: dict[str, str] = {}
    for line in within(lines, most):
        match line["role"]:
            case "user" | "memory":
                question = line["text"] if line["role"] == "user" else question
                asked = False
                _say(messages, line["text"])
            case "assistant":
                if not asked:
                    _say(messages, _cue("json_next", question))
                calls = line.get("calls") or []
                messages += _json_step(line, calls, tools, question)
                tool_of |= {call["id"]: call["tool"] for call in calls}
                asked = False
            case "tool":
                told = prompt("json_observation", tool=tool_of.get(line["call"], "It"), told=line["text"])
                _say(messages, f"{told}\n\n{_cue('json_next', question)}")
                asked = True
    if not asked:
        _say(messages, _cue("json_next", question))
    return messages


def _cue(name: str, question: str) -> str:
    """What a model is asked, with the question once more: a small one forgets it over a tool's answer."""
    return prompt(name, question=" ".join(question.split())[:_REPEATED_QUESTION])


def answer_cue(lines: Sequence[Line]) -> str:
    """Asks for the answer to the present turn, in free text."""
    return _cue("json_answer", next(line["text"] for line in reversed(lines) if line["role"] == "user"))


def _json_step(
    line: Line, calls: Sequence[PackedCall], tools: Mapping[str, Tool], question: str
) -> list[BaseMessage]:
    if not calls:
        chosen = step_text(line.get("thought", ""), ANSWER)
        return [AIMessage(chosen), HumanMessage(_cue("json_answer", question)), AIMessage(line["text"])]
    (call,) = calls
    chosen = step_text(line["text"], call["tool"])
    written = json.dumps(call["arguments"], ensure_ascii=False)
    return [AIMessage(chosen), HumanMessage(arguments_cue(call["tool"], tools)), AIMessage(written)]


def step_text(thought: str, chosen: str) -> str:
    """A choice as a model of form json writes it."""
    return json.dumps({"thought": thought, "do": chosen}, ensure_ascii=False)


def arguments_cue(name: str, tools: Mapping[str, Tool]) -> str:
    """Asks for a tool's arguments, each with what it means."""
    tool = tools.get(name)
    fields = "" if tool is None else _fields(tool.request)
    return prompt("json_arguments", tool=name, fields=fields or "(it takes none: write {})")


def _fields(request: type[BaseModel]) -> str:
    return "\n".join(
        f"- {name}: {info.description or ''}{'' if info.is_required() else ' (may be left out)'}"
        for name, info in request.model_fields.items()
    )


def _say(messages: list[BaseMessage], text: str) -> None:
    """Add words to the user's side; two messages of one role in a row are one."""
    last = messages[-1]
    if isinstance(last, HumanMessage):
        messages[-1] = HumanMessage(f"{last.text}\n\n{text}")
    else:
        messages.append(HumanMessage(text))


def within(lines: Sequence[Line], most: int) -> list[Line]:
    """The newest turns that fit; the present one is kept whole, but its oldest results are cut short."""
    turns = _turns(lines)
    while len(turns) > 1 and sum(_size(line) for turn in turns for line in turn) > most:
        turns.pop(0)
    kept = [line for turn in turns for line in turn]
    excess = sum(map(_size, kept)) - most
    for place, line in enumerate(kept[:-1]):
        if excess <= 0:
            break
        if line["role"] == "tool" and len(line["text"]) > _CUT_TO:
            kept[place] = {**line, "text": f"{line['text'][:_CUT_TO]} ... (cut: it was long ago)"}
            excess -= len(line["text"]) - _CUT_TO
    return kept


_CUT_TO = 200
_REPEATED_QUESTION = 300


def _turns(lines: Sequence[Line]) -> list[list[Line]]:
    turns: list[list[Line]] = []
    for line in lines:
        if line["role"] == "user" or not turns:
            turns.append([])
        turns[-1].append(line)
    return turns


def _size(line: Line) -> int:
    return len(line["text"]) + sum(len(json.dumps(call["arguments"])) for call in line.get("calls") or [])


def remembered_text(insights: Sequence[str], successes: Sequence[str]) -> str:
    """What memory holds, told as data."""
    lines = [f"- learned: {one}" for one in insights] + [f"- done before: {one}" for one in successes]
    return prompt("remembered", lines="\n".join(lines))
