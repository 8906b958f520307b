"""The nodes of the assistant's graph: recall, think, approve, use. Each makes one decision or one call."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from agents.assistant.conversation import remembered_text
from agents.assistant.events import Event, Recalled, TextDelta, Thought, ToolEnded, ToolProgress, ToolStarted
from agents.assistant.settings import JSON_OBSERVATION, NATIVE_OBSERVATION, Form
from agents.assistant.state import AssistantState, Line, PackedCall, Verdict, this_turn
from agents.assistant.thinking import Asking, next_step
from agents.errors import NimueFailure
from agents.llm.model import CallTag, Model
from agents.tools.tool import Advance, Call, Observation, ToolFailure, observation_text
from agents.tools.toolbox import Toolbox

ALLOWED = Verdict(allowed=True, note="")
_DENIED_HINT = (
    "Do not try it in another way. Tell the user what you would have done, or offer something smaller."
)
_REPEATED_HINT = "Its result stands above: use that, or do something else."


@dataclass(frozen=True, kw_only=True, slots=True)
class AssistantContext:
    """What the nodes are handed at run time."""

    name: str
    """Of the conversation; calls of one share a growing prompt."""
    model: Model
    form: Form
    toolbox: Toolbox
    max_steps: int
    recall: Callable[[str], Recalled | None]
    """What memory holds on a question; it may take a moment."""
    record: Callable[[str, Event], None]
    """Keeps an event under a key, and tells it unless it was kept by an earlier process."""
    tell: Callable[[Event], None]
    """Tells a passing event."""
    needs_asking: Callable[[PackedCall], str | None]
    """Why a person is to be asked before this call; None where it may be made."""
    observed: Mapping[str, ToolEnded]
    """What calls of an earlier process have answered."""
    recalled: Mapping[str, Recalled]
    """What was recalled in an earlier process, by the key of its event."""
    begun: Mapping[str, str]
    """The runs that calls of an earlier process have begun."""
    begin: Callable[[str, str], None]
    """Keeps which run a call begins."""


async def recall(state: AssistantState, runtime: Runtime[AssistantContext]) -> Command[Literal["think"]]:
    """Look into memory for what may help with the question."""
    context = runtime.context
    question = state["lines"][-1]["text"]
    key = f"t{state['turn']}:recalled"
    found = context.recalled.get(key) or await asyncio.to_thread(context.recall, question)
    if found is None:
        return Command(goto="think")
    context.record(key, found)
    text = remembered_text(found.insights, found.successes)
    return Command(goto="think", update={"lines": [Line(role="memory", text=text)]})


async def think(
    state: AssistantState, runtime: Runtime[AssistantContext]
) -> Command[Literal["approve", "__end__"]]:
    """Ask the model what to do next; at the last step it can only answer."""
    context = runtime.context
    turn, step = state["turn"], state["step"] + 1
    lines = state["lines"]
    asking = Asking(
        model=context.model,
        form=context.form,
        toolbox=context.toolbox,
        tag=CallTag(game=context.name, decision=str(turn), stage=str(step), lane="chat"),
        prefix=f"t{turn}s{step}",
        must_answer=step >= context.max_steps or _gives_up(context.form, lines),
        on_text=lambda text, restart: context.tell(TextDelta(text=text, restart=restart)),
    )
    said = await next_step(asking, lines)
    if said.calls:
        if said.text.strip():
            context.record(f"t{turn}:s{step}:thought", Thought(text=said.text.strip()))
        return Command(
            goto="approve", update={"lines": [said.line()], "step": step, "waiting": list(said.calls)}
        )
    if said.problem:
        raise NimueFailure(f"{said.problem} Ask again, or ask another model with --model.")
    return Command(goto="__end__", update={"lines": [said.line()], "step": step, "waiting": []})


def _gives_up(form: Form, lines: Sequence[Line]) -> bool:
    """Whether a small model has to answer now: after a refusal it tries one thing after the other."""
    return form == "json" and bool(lines[-1].get("refused"))


async def approve(state: AssistantState, runtime: Runtime[AssistantContext]) -> Command[Literal["use"]]:
    """Let a person decide on a call that is long or costly; others pass."""
    call = state["waiting"][0]
    reason = runtime.context.needs_asking(call)
    if reason is None or call["id"] in runtime.context.observed:
        return Command(goto="use", update={"verdict": ALLOWED})
    verdict: Verdict = interrupt({"call": call["id"], "tool": call["tool"], "reason": reason})
    return Command(goto="use", update={"verdict": verdict})


async def use(
    state: AssistantState, runtime: Runtime[AssistantContext]
) -> Command[Literal["approve", "think"]]:
    """Make the first call that waits, unless an earlier process has made it."""
    context = runtime.context
    call, *waiting = state["waiting"]
    ended = context.observed.get(call["id"])
    if ended is None:
        context.record(
            f"{call['id']}:started",
            ToolStarted(call=call["id"], tool=call["tool"], arguments=call["arguments"]),
        )
        seen = await _observe(context, state, call)
        ended = ToolEnded(call=call["id"], tool=call["tool"], ok=seen.ok, told=seen.told())
    context.record(f"{call['id']}:ended", ended)
    most = NATIVE_OBSERVATION if context.form == "native" else JSON_OBSERVATION
    line = Line(role="tool", text=observation_text(ended.told, most), call=call["id"])
    if ended.told.get("error") == "refused":
        line["refused"] = True
    return Command(goto="approve" if waiting else "think", update={"lines": [line], "waiting": waiting})


async def _observe(context: AssistantContext, state: AssistantState, call: PackedCall) -> Observation:
    verdict = state["verdict"]
    if not verdict["allowed"]:
        said = f" They said: {verdict['note']}" if verdict["note"] else ""
        return _failed(ToolFailure("refused", f"The user did not allow {call['tool']}.{said}", _DENIED_HINT))
    if "fault" in call:
        return _failed(ToolFailure("bad_arguments", call["fault"], "Write them as one JSON object."))
    if _is_repeated(context, state, call):
        return _failed(ToolFailure("refused", "You have made this very call before.", _REPEATED_HINT))

    def tell(advance: Advance) -> None:
        context.tell(
            ToolProgress(
                call=call["id"],
                text=advance.text,
                done=advance.done,
                total=advance.total,
                values=advance.values,
            )
        )

    handed = Call(
        tell=tell,
        begun=lambda run: context.begin(call["id"], run),
        earlier=context.begun.get(call["id"]),
    )
    return await context.toolbox.use(call["tool"], call["arguments"], handed)


def _failed(failure: ToolFailure) -> Observation:
    return Observation.of_failure(failure)


def _is_repeated(context: AssistantContext, state: AssistantState, call: PackedCall) -> bool:
    """Whether the turn has this very call already, of a tool that would answer the same again."""
    tool = context.toolbox.get(call["tool"])
    if tool is None or tool.changing:
        return False
    return any(
        one["tool"] == call["tool"] and one["arguments"] == call["arguments"]
        for line in this_turn(state["lines"])
        for one in line.get("calls") or []
        if one["id"] != call["id"] and "fault" not in one
    )
