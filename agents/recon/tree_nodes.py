"""Tree of thoughts at the table: b plans, pick one; b speeches by that plan, pick one.

Yao et al., "Tree of Thoughts" (arXiv 2305.10601), as the baseline `tot` of the ReCon code; a decision
without a speech takes one answer by the picked plan.
"""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from agents.llm.ask import Unanswered
from agents.recon.conversation import Desk, decision_task, pick_prompt, table_prompt
from agents.recon.nodes import desk_of, reply_data, schema_of_draft, speaks_aloud
from agents.recon.prompt_files import prompt
from agents.recon.rendering import quoted
from agents.recon.schemas import keys_text, pick_schema, plan_schema
from agents.recon.seat_context import SeatContext, fallback_event, private_event
from agents.recon.state import Branch, Json, SeatState, pack_action


async def start(state: SeatState, runtime: Runtime[SeatContext]) -> Command[Literal["plan", "settle"]]:
    """Branch into plans; a decision with a single legal answer needs none."""
    desk = desk_of(state, runtime.context)
    options = desk.view.legal_actions(desk.decision)
    if len(options) == 1:
        return Command(goto="settle", update={"action": pack_action(options[0])})
    return Command(goto=[Send("plan", _branch(state, index)) for index in _branches(runtime.context)])


async def plan(state: Branch, runtime: Runtime[SeatContext]) -> dict[str, list[Json]]:
    """One plan."""
    context = runtime.context
    desk = desk_of(state, context)
    schema = plan_schema(context.lengths)
    written = table_prompt(
        desk, f"{decision_task(desk)}\n{prompt('plan')}\n{keys_text(schema, brief=desk.settings.brief)}"
    )
    try:
        answer = await context.ask(desk, "plan", written, schema, chat="table", index=state["index"])
    except Unanswered as failure:
        return {"private": [fallback_event(desk, f"plan#{state['index']}", failure)]}
    return {"options": [{"of": "plan", "index": state["index"], "text": answer.value.model_dump()["think"]}]}


async def pick_plan(state: SeatState, runtime: Runtime[SeatContext]) -> Command[Literal["write"]]:
    """Choose the best plan, then branch into speeches by it (or a single answer where nothing is said)."""
    desk = desk_of(state, runtime.context)
    plans = _options(state, "plan")
    chosen, failures = await _pick(desk, runtime.context, "plans", [str(plan["text"]) for plan in plans])
    picked = str(plans[chosen]["text"]) if plans else ""
    branches = _branches(runtime.context) if speaks_aloud(desk) else range(1, 2)
    sends = [Send("write", _branch(state, index, picked)) for index in branches]
    return Command(goto=sends, update={"plan": picked, "private": failures})


async def write(state: Branch, runtime: Runtime[SeatContext]) -> dict[str, list[Json]]:
    """One answer that carries out the plan."""
    context = runtime.context
    desk = desk_of(state, context)
    schema = schema_of_draft(desk, context, think=False, speak=speaks_aloud(desk))
    follow = f"\nYour plan: {quoted(state['plan'])}" if state["plan"] else ""
    written = table_prompt(
        desk, f"{decision_task(desk)}{follow}\n{keys_text(schema, brief=desk.settings.brief)}"
    )
    try:
        answer = await context.ask(desk, "draft", written, schema, chat="table", index=state["index"])
    except Unanswered as failure:
        return {"private": [fallback_event(desk, f"draft#{state['index']}", failure)]}
    return {"options": [{"of": "answer", "index": state["index"], "reply": answer.value.model_dump()}]}


async def pick_speech(state: SeatState, runtime: Runtime[SeatContext]) -> Command[Literal["settle"]]:
    """Choose what is said and done; without any answer the fallback player decides."""
    desk = desk_of(state, runtime.context)
    answers = [option["reply"] for option in _options(state, "answer")]
    if not answers:
        return Command(goto="settle")
    texts = [reply_data(reply) for reply in answers]
    shown = [" ".join(filter(None, (text["choice"], text["speak"]))) for text in texts]
    chosen, failures = await _pick(desk, runtime.context, "speeches", shown)
    data = {**texts[chosen], "think": state["plan"], "changed": [], "chat": "tree"}
    event = private_event("thought", desk, data)
    return Command(goto="settle", update={"reply": answers[chosen], "private": [*failures, event]})


async def _pick(desk: Desk, context: SeatContext, what: str, texts: list[str]) -> tuple[int, list[Json]]:
    """The index of the picked text (the first where the model does not pick), and a fallback event if so."""
    if len(texts) < 2:
        return 0, []
    schema = pick_schema(len(texts))
    written = pick_prompt(desk, what, texts, keys_text(schema, brief=desk.settings.brief))
    try:
        answer = await context.ask(desk, f"pick_{what}", written, schema, chat="table")
    except Unanswered as failure:
        return 0, [fallback_event(desk, f"pick_{what}", failure)]
    return int(answer.value.model_dump()["choice"]) - 1, []


def _branches(context: SeatContext) -> range:
    return range(1, context.variant.breadth + 1)


def _branch(state: SeatState, index: int, plan: str = "") -> Branch:
    return Branch(
        seat=state["seat"],
        decision=state["decision"],
        events=state["events"],
        private=state["private"],
        index=index,
        plan=plan,
    )


def _options(state: SeatState, of: str) -> list[Json]:
    found = [option for option in state["options"] if option["of"] == of]
    return sorted(found, key=lambda option: int(option["index"]))
