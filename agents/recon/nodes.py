"""The steps of one decision, each one model call: first-order, formulation, second-order, refinement.

    A'  = first(rules, knowledge, role, public state, talk, A)            from quest 2 on
    T,S = form(rules, knowledge, role, public state, talk, A', task)
    O   = second(rules, knowledge, role, public state, S)                 sees the speech, not the thought
    T',S' = refine(rules, knowledge, role, public state, O, task, T, S)

(section 2.2 of our specification). Only S', or the action read out of it, becomes public. A stage
without a usable answer leaves a `fallback` event and what the stages before it made.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from agents.llm.ask import Answer, Unanswered
from agents.recon.conversation import (
    Desk,
    Prompt,
    Readings,
    first_order_task,
    formulation_task,
    read_and_refine_prompt,
    refine_prompt,
    second_order_prompt,
    table_prompt,
    thinks_first,
)
from agents.recon.rendering import quoted
from agents.recon.schemas import (
    Reply,
    action_of,
    choice_text,
    draft_schema,
    keys_text,
    note_data,
    note_schema,
    reading_schema,
    readings_schema,
)
from agents.recon.seat_context import SeatContext, fallback_event, other_roles, private_event
from agents.recon.state import Branch, Json, SeatState, pack_action, unpack_decision, unpack_event
from games.avalon.roles import Role
from games.avalon.view import view

NO_SPEECH = "I pass."
READERS_BY_SIDE: tuple[str, ...] = ("good_players", "evil_players")

# -- which parts a decision has (the table of section 2.2) -------------------------------------------

_CONTEMPLATED = frozenset({"propose", "speak", "vote", "card", "shoot"})


def desk_of(state: SeatState | Branch, context: SeatContext) -> Desk:
    """What the prompts are made from: the seat's view, with what it has thought in this decision so far."""
    seen = view((unpack_event(event) for event in state["events"]), state["seat"])
    thoughts = tuple(unpack_event(event) for event in state["private"])
    seen = replace(seen, events=(*seen.events, *thoughts))
    return Desk(seen, unpack_decision(state["decision"]), context.variant, context.settings)


def takes_note(desk: Desk) -> bool:
    """Whether a first-order note comes first: from quest 2 on, and once a proposal or quest if so set."""
    if not desk.variant.first_order or desk.view.table.quest < 2 or desk.decision.kind not in _CONTEMPLATED:
        return False
    refresh, table = desk.settings.first_order_refresh, desk.view.table
    if refresh == "per_decision":
        return True
    return not any(
        event.type == "note"
        and event.quest == table.quest
        and (refresh == "per_quest" or event.attempt == table.attempt)
        for event in desk.view.events
    )


def speaks_aloud(desk: Desk) -> bool:
    """Whether a speech of this decision is heard by others."""
    kind = desk.decision.kind
    return kind in ("speak", "evil_talk") or (kind == "propose" and desk.view.setup.rules.talk != "none")


def is_refined(desk: Desk) -> bool:
    kind, settings = desk.decision.kind, desk.settings
    skipped = (kind == "vote" and not settings.refine_votes) or (kind == "card" and not settings.refine_cards)
    return desk.variant.refine and kind in _CONTEMPLATED and not skipped


def is_read_by_others(desk: Desk) -> bool:
    """Whether second-order contemplation is due. Nobody reads the last shot."""
    return desk.variant.second_order and is_refined(desk) and desk.decision.kind != "shoot"


def drafts_speech(desk: Desk) -> bool:
    """A speech is drafted where it is said, and where others are imagined to hear it."""
    return speaks_aloud(desk) or is_read_by_others(desk)


def schema_of_draft(
    desk: Desk,
    context: SeatContext,
    *,
    think: bool,
    speak: bool,
    changed: bool = False,
    readers: tuple[str, ...] = (),
) -> type[Reply]:
    return draft_schema(
        desk.decision.kind,
        desk.view.legal_actions(desk.decision),
        context.lengths,
        think=think,
        speak=speak,
        changed=changed,
        readers=readers,
        plain=desk.settings.brief,
    )


# -- the stages --------------------------------------------------------------------------------------


async def start(
    state: SeatState, runtime: Runtime[SeatContext]
) -> Command[Literal["first_order", "formulate", "settle"]]:
    """Where to begin; a decision with a single legal answer needs no thought."""
    desk = desk_of(state, runtime.context)
    options = desk.view.legal_actions(desk.decision)
    if len(options) == 1:
        return Command(goto="settle", update={"action": pack_action(options[0])})
    return Command(goto="first_order" if takes_note(desk) else "formulate")


async def first_order(state: SeatState, runtime: Runtime[SeatContext]) -> Command[Literal["formulate"]]:
    """A'_k: note what each other seat seems to be."""
    context = runtime.context
    desk = desk_of(state, context)
    others = tuple(seat for seat in desk.view.setup.seats if seat != desk.view.seat)
    roles = tuple(role.value for role in other_roles(desk.view))
    schema = note_schema(others, roles, context.lengths, brief=context.settings.brief)
    written = table_prompt(
        desk, first_order_task(desk, keys_text(schema, brief=desk.settings.brief)), reminds=False
    )
    try:
        answer = await context.ask(desk, "note", written, schema, chat="table")
    except Unanswered as failure:
        return Command(goto="formulate", update={"private": [fallback_event(desk, "note", failure)]})
    data = {**note_data(answer.value, others), **memory(written, answer, "table")}
    return Command(goto="formulate", update={"private": [private_event("note", desk, data)]})


async def formulate(
    state: SeatState, runtime: Runtime[SeatContext]
) -> Command[Literal["read_as_all", "read_as_one", "read_and_refine", "refine", "settle"]]:
    """T_k, S_k: think in private, then draft what to say and do."""
    context = runtime.context
    desk = desk_of(state, context)
    schema = schema_of_draft(desk, context, think=thinks_first(desk), speak=drafts_speech(desk))
    written = table_prompt(
        desk, formulation_task(desk, keys_text(schema, brief=desk.settings.brief), speaks=drafts_speech(desk))
    )
    try:
        answer = await context.ask(desk, "draft", written, schema, chat="table")
    except Unanswered as failure:
        return Command(goto="settle", update={"private": [fallback_event(desk, "draft", failure)]})
    draft = private_event(
        "draft", desk, {**reply_data(answer.value.model_dump()), **memory(written, answer, "table")}
    )
    return Command(
        goto=_after_draft(desk, state, answer.value),
        update={"private": [draft], "reply": answer.value.model_dump()},
    )


def _after_draft(desk: Desk, state: SeatState, reply: Reply) -> Any:
    if is_read_by_others(desk):
        if desk.settings.readings == "together":
            return "read_as_all"
        if desk.settings.readings == "in_refinement":
            return "read_and_refine"
        # Readers are given no private events: they see the draft speech, not the thought behind it.
        shared = Branch(
            seat=state["seat"],
            decision=state["decision"],
            events=state["events"],
            private=[],
            reply=reply.model_dump(),
        )
        return [
            Send("read_as_one", Branch(**shared, role=role.value, index=index))
            for index, role in enumerate(other_roles(desk.view), start=1)
        ]
    return "refine" if is_refined(desk) else "settle"


async def read_as_all(state: SeatState, runtime: Runtime[SeatContext]) -> Command[Literal["refine"]]:
    """O_k: how would the others read the draft speech?"""
    context = runtime.context
    desk = desk_of(state, context)
    readers = tuple(role.value for role in other_roles(desk.view))
    schema = readings_schema(readers, context.lengths)
    written = second_order_prompt(desk, state["reply"]["speak"], keys_text(schema, brief=desk.settings.brief))
    try:
        answer = await context.ask(desk, "second_order", written, schema, chat="reader")
    except Unanswered as failure:
        return Command(goto="refine", update={"private": [fallback_event(desk, "second_order", failure)]})
    data = {**readings_data(answer.value.model_dump(), readers), **memory(written, answer, "reader")}
    return Command(goto="refine", update={"private": [private_event("second_order", desk, data)]})


async def read_as_one(state: Branch, runtime: Runtime[SeatContext]) -> dict[str, list[Json]]:
    """O_k for one role: several of these run side by side, and `refine` waits for all."""
    context = runtime.context
    desk = desk_of(state, context)
    role, index = Role(state["role"]), state["index"]
    schema = reading_schema(context.lengths)
    written = second_order_prompt(
        desk, state["reply"]["speak"], keys_text(schema, brief=desk.settings.brief), role
    )
    try:
        answer = await context.ask(desk, "second_order", written, schema, chat="reader", index=index)
    except Unanswered as failure:
        return {"private": [fallback_event(desk, f"second_order#{index}", failure)]}
    return {"readings": [{"index": index, "role": role.value, **answer.value.model_dump()}]}


async def refine(
    state: SeatState, runtime: Runtime[SeatContext]
) -> Command[Literal["check_speech", "settle"]]:
    """T'_k, S'_k: judge the draft from outside and make it better."""
    context = runtime.context
    desk = desk_of(state, context)
    private, readings = _gather_readings(desk, state)
    draft = state["reply"]
    full = not context.settings.brief
    schema = schema_of_draft(desk, context, think=full, speak=drafts_speech(desk), changed=full)
    choice = choice_text(draft)
    written = refine_prompt(
        desk,
        thought=draft.get("think", ""),
        speech=draft.get("speak", ""),
        choice=choice,
        readings=readings,
        keys=keys_text(schema, brief=desk.settings.brief),
    )
    try:
        answer = await context.ask(desk, "refined", written, schema, chat="reader", shown_as=shown_as(desk))
    except Unanswered as failure:
        return Command(
            goto=_then(desk), update={"private": [*private, fallback_event(desk, "refined", failure)]}
        )
    reply = answer.value.model_dump()
    data = {
        **reply_data(reply),
        "changed": reply.get("changed", []),
        **memory(written, answer, "reader"),
    }
    return Command(
        goto=_then(desk),
        update={"private": [*private, private_event("thought", desk, data)], "reply": reply},
    )


def _then(desk: Desk) -> Literal["check_speech", "settle"]:
    """What follows when the words are found."""
    return "check_speech" if desk.variant.bayes and speaks_aloud(desk) else "settle"


def shown_as(desk: Desk) -> str:
    """Screens take the words of stage "refined" for said aloud; those of a vote or a card never are, and
    those that are still to be checked may not be."""
    is_final = speaks_aloud(desk) and not desk.variant.bayes
    return "refined" if is_final else "thought"


async def read_and_refine(
    state: SeatState, runtime: Runtime[SeatContext]
) -> Command[Literal["check_speech", "settle"]]:
    """O_k and S'_k in one answer: first how the two sides would read the draft, then the better version."""
    context = runtime.context
    desk = desk_of(state, context)
    draft = state["reply"]
    schema = schema_of_draft(desk, context, think=False, speak=True, readers=READERS_BY_SIDE)
    written = read_and_refine_prompt(
        desk,
        speech=draft["speak"],
        choice=choice_text(draft),
        keys=keys_text(schema, brief=desk.settings.brief),
    )
    try:
        answer = await context.ask(desk, "refined", written, schema, chat="table", shown_as=shown_as(desk))
    except Unanswered as failure:
        return Command(goto=_then(desk), update={"private": [fallback_event(desk, "refined", failure)]})
    reply = answer.value.model_dump()
    read = private_event("second_order", desk, {**readings_data(reply, READERS_BY_SIDE), "chat": "reader"})
    data = {**reply_data(reply), "changed": [], **memory(written, answer, "reader")}
    return Command(
        goto=_then(desk), update={"private": [read, private_event("thought", desk, data)], "reply": reply}
    )


def readings_data(reply: Mapping[str, Any], readers: tuple[str, ...]) -> Json:
    """Readings, by field, as the data of their event."""
    return {
        "readings": [{"role": reader.replace("_", " "), "reading": reply[reader]} for reader in readers],
        "leaks": [reply["leak"]],
        "leak_risk": reply["leak_risk"],
    }


def _gather_readings(desk: Desk, state: SeatState) -> tuple[list[Json], Readings | None]:
    """The second-order event still to be written (roles asked one by one), and what to refine by."""
    for event in state["private"]:
        if event["type"] == "second_order":
            data = event["data"]
            return [], Readings((), raw=data["raw"], task=data["task"])
    found = sorted(state["readings"], key=lambda reading: int(reading["index"]))
    if not found:
        return [], None
    lines = [
        f"- the {reading['role']}: {quoted(reading['reading'])} Gives away: {quoted(reading['leak'])}"
        for reading in found
    ]
    data = {
        "readings": [{"role": reading["role"], "reading": reading["reading"]} for reading in found],
        "leaks": [reading["leak"] for reading in found],
        "leak_risk": max(reading["leak_risk"] for reading in found),
        "chat": "reader",
    }
    return [private_event("second_order", desk, data)], Readings(tuple(lines))


async def settle(state: SeatState, runtime: Runtime[SeatContext]) -> dict[str, Json]:
    """Read the action out of the last accepted answer; without one the fallback player decides."""
    context = runtime.context
    if state.get("action"):
        return {"action": state["action"]}
    desk = desk_of(state, context)
    reply = state.get("reply")
    if not reply:
        action = context.fallback.act(desk.view, desk.decision)
        return {"action": pack_action(action)}
    speech = reply.get("speak", "") if speaks_aloud(desk) else ""
    return {
        "action": pack_action(
            action_of(desk.decision, reply, speech or NO_SPEECH * (desk.decision.kind == "speak"))
        )
    }


def reply_data(reply: Mapping[str, Any]) -> Json:
    """A draft or refined answer, by field, as the data of its event."""
    return {
        "think": reply.get("think", ""),
        "choice": choice_text(reply),
        "speak": reply.get("speak", ""),
    }


def memory(written: Prompt, answer: Answer[Any], chat: str) -> Json:
    """What lets the seat read its own answer again, word for word, so that the prompt only grows."""
    return {"chat": chat, "task": written.task, "raw": answer.text, "steps": list(answer.steps)}
