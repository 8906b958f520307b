"""One step of the model: it answers, or says which tools it wants. Never fails over what the model says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import Runnable
from pydantic import BaseModel, Field, create_model

from agents.assistant.conversation import (
    ANSWER,
    answer_cue,
    arguments_cue,
    json_messages,
    native_messages,
    step_text,
)
from agents.assistant.prompt_files import prompt
from agents.assistant.settings import JSON_CHARACTERS, NATIVE_CHARACTERS, Form
from agents.assistant.state import Line, PackedCall
from agents.llm.ask import Unanswered, ask
from agents.llm.chat_wrapper import RESTARTED, StreamedAnswer, closing
from agents.llm.finish import Finish, finish_of
from agents.llm.model import CallTag, Model
from agents.llm.schema_fallback import with_note
from agents.tools.tool import Tool
from agents.tools.toolbox import Toolbox

OnText = Callable[[str, bool], None]
"""Told how the answer grows; True means that what was told of this step is void and begins anew."""

_NATIVE_TOKENS, _JSON_STEP_TOKENS, _JSON_ARGUMENT_TOKENS, _JSON_ANSWER_TOKENS = 4096, 160, 400, 400
_LONGEST_THOUGHT = 200
_ONCE_MORE = 1
"""How often a model that said nothing is asked again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What the model wants: tools, or with none that `text` be its answer."""

    text: str = ""
    calls: tuple[PackedCall, ...] = ()
    thought: str = ""
    problem: str = ""
    """Why there is neither."""

    def line(self) -> Line:
        line = Line(role="assistant", text=self.text)
        if self.calls:
            line["calls"] = list(self.calls)
        if self.thought:
            line["thought"] = self.thought
        return line


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """How a model is asked for its next step."""

    model: Model
    form: Form
    toolbox: Toolbox
    tag: CallTag
    prefix: str
    """Begins the ids of the step's calls."""
    must_answer: bool
    on_text: OnText


async def next_step(asking: Asking, lines: Sequence[Line]) -> Step:
    """Ask for the next step.

    Raises:
        NimueError: The call itself failed: no connection, no key, a spent budget.
    """
    return await (_native_step if asking.form == "native" else _json_step)(asking, lines)


# -- the provider's own tool calls -----------------------------------------------------------------------


async def _native_step(asking: Asking, lines: Sequence[Line]) -> Step:
    messages = native_messages(lines, NATIVE_CHARACTERS)
    if asking.must_answer:
        messages = _noted(messages, prompt("last_step"))
    # Tools stay bound also where none may be used: providers want to see those that the conversation names.
    chat = asking.model.chat.bind_tools([specification(tool) for tool in asking.toolbox.values()])
    message = AIMessage("")
    for attempt in range(_ONCE_MORE + 1):
        tag = replace(asking.tag, attempt=attempt)
        message = await _streamed(chat, messages, tag, asking.on_text, max_tokens=_NATIVE_TOKENS)
        if finish_of(message) is Finish.REFUSAL and not message.text.strip():
            return Step(problem=f"{asking.model.name} declined to answer.")
        calls = calls_in(message, asking.prefix)
        if calls and not asking.must_answer:
            return Step(text=message.text, calls=calls)
        if message.text.strip():
            return Step(text=_whole(message))
        messages = _noted(messages, prompt("last_step" if asking.must_answer else "say_something"))
    return Step(problem=f"{asking.model.name} said nothing.")


def specification(tool: Tool) -> dict[str, Any]:
    """A tool as providers are told of it."""
    function = {"name": tool.name, "description": tool.summary, "parameters": tool.schema()}
    return {"type": "function", "function": function}


def _noted(messages: Sequence[BaseMessage], note: str) -> list[BaseMessage]:
    return with_note(list(messages), note)


def calls_in(message: AIMessage, prefix: str) -> tuple[PackedCall, ...]:
    """The calls that a message wants, under ids of ours; those that cannot be read have a fault."""
    sound = [PackedCall(id="", tool=call["name"], arguments=call["args"]) for call in message.tool_calls]
    broken = [
        PackedCall(
            id="",
            tool=call["name"] or "",
            arguments={},
            fault=f"The arguments are no JSON object: {(call['args'] or '')[:200]}",
        )
        for call in message.invalid_tool_calls
    ]
    found: list[PackedCall] = [*sound, *broken]
    return tuple({**call, "id": f"{prefix}c{number}"} for number, call in enumerate(found, start=1))


def _whole(message: AIMessage) -> str:
    cut = finish_of(message) is Finish.LENGTH
    return f"{message.text} [cut off at its longest allowed length]" if cut else message.text


async def _streamed(
    chat: Runnable[Any, AIMessage],
    messages: Sequence[BaseMessage],
    tag: CallTag,
    on_text: OnText,
    *,
    max_tokens: int,
) -> AIMessage:
    answer = StreamedAnswer()
    stream = chat.astream(list(messages), config={"metadata": tag.metadata()}, max_tokens=max_tokens)
    async with closing(stream) as chunks:
        async for chunk in chunks:
            answer.add(ChatGenerationChunk(message=chunk))
            restarted = RESTARTED in chunk.response_metadata
            if restarted or chunk.text:
                on_text("" if restarted else chunk.text, restarted)
    return answer.message()


# -- choice and arguments as JSON --------------------------------------------------------------------------


async def _json_step(asking: Asking, lines: Sequence[Line]) -> Step:
    messages = json_messages(lines, asking.toolbox, JSON_CHARACTERS)
    thought, chosen = "", ANSWER
    if not asking.must_answer:
        choice = _choice(tuple(asking.toolbox))
        try:
            said = await ask(
                asking.model, messages, choice, tag=_stage(asking, "choose"), max_tokens=_JSON_STEP_TOKENS
            )
            fields: dict[str, Any] = said.value.model_dump()
            thought, chosen = " ".join(fields["thought"].split()), fields["do"]
        except Unanswered as failure:
            thought = failure.text.strip()[:_LONGEST_THOUGHT]
    messages = [*messages, AIMessage(step_text(thought, chosen))]
    if chosen != ANSWER:
        return await _json_call(asking, messages, thought, chosen)
    spoken = await _streamed(
        asking.model.chat,
        [*messages, HumanMessage(answer_cue(lines))],
        _stage(asking, "answer"),
        asking.on_text,
        max_tokens=_JSON_ANSWER_TOKENS,
    )
    if not spoken.text.strip():
        return Step(problem=f"{asking.model.name} said nothing.", thought=thought)
    return Step(text=_whole(spoken), thought=thought)


async def _json_call(asking: Asking, messages: list[BaseMessage], thought: str, chosen: str) -> Step:
    request = asking.toolbox[chosen].request
    call = PackedCall(id=f"{asking.prefix}c1", tool=chosen, arguments={})
    cue = HumanMessage(arguments_cue(chosen, asking.toolbox))
    try:
        said = await ask(
            asking.model,
            [*messages, cue],
            request,
            tag=_stage(asking, "arguments"),
            max_tokens=_JSON_ARGUMENT_TOKENS,
        )
        call["arguments"] = said.value.model_dump(mode="json", exclude_unset=True)
    except Unanswered as failure:
        call["fault"] = f"The arguments could not be used: {failure.problem}"
    return Step(text=thought, calls=(call,))


def _stage(asking: Asking, stage: str) -> CallTag:
    return replace(asking.tag, stage=f"{asking.tag.stage}:{stage}")


@lru_cache(maxsize=16)
def _choice(tools: tuple[str, ...]) -> type[BaseModel]:
    chosen: Any = Literal[(*tools, ANSWER)]
    return create_model(
        "Step",
        thought=(str, Field(max_length=_LONGEST_THOUGHT, description="what you think, in one sentence")),
        do=(chosen, Field(description="the tool to use, or answer")),
    )
