"""The last step of `recon+bayes` before a speech is heard: does it give the speaker away?

A speech that does is written anew once, with the findings in view; if that does not help, the seat says a
true sentence on the open record instead, and a `fallback` event tells of it.
"""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.llm.ask import Unanswered
from agents.recon.conversation import Desk, mend_prompt
from agents.recon.evidence import given_away
from agents.recon.nodes import desk_of, memory, reply_data
from agents.recon.schemas import draft_schema, keys_text
from agents.recon.seat_context import SeatContext, private_event
from agents.recon.state import Json, SeatState
from games.avalon.bots.manners import remark


async def check_speech(state: SeatState, runtime: Runtime[SeatContext]) -> Command[Literal["settle"]]:
    """Let a speech pass, have it mended, or replace it."""
    context = runtime.context
    desk = desk_of(state, context)
    reply = state["reply"]
    findings = given_away(desk.view, reply["speak"])
    if not findings:
        return Command(goto="settle")
    schema = draft_schema("speak", (), context.lengths, think=False, speak=True)
    keys = keys_text(schema, brief=desk.settings.brief)
    written = mend_prompt(desk, speech=reply["speak"], findings=findings, keys=keys)
    try:
        answer = await context.ask(desk, "mended", written, schema, chat="reader", shown_as="thought")
    except Unanswered as failure:
        return _replaced(desk, reply, failure.reason, failure.text)
    mended = answer.value.model_dump()
    if given_away(desk.view, mended["speak"]):
        return _replaced(desk, reply, "gives_away", mended["speak"])
    thought = private_event(
        "thought",
        desk,
        {**reply_data({**reply, **mended}), "changed": findings, **memory(written, answer, "reader")},
    )
    return Command(goto="settle", update={"private": [thought], "reply": {**reply, **mended}})


def _replaced(desk: Desk, reply: Json, reason: str, text: str) -> Command[Literal["settle"]]:
    data = {
        "decision": desk.decision.id,
        "stage": "mended",
        "reason": reason,
        "problem": "The speech gives the speaker away; a sentence on the open record is said instead.",
        "answer": text[:600],
    }
    return Command(
        goto="settle",
        update={
            "private": [private_event("fallback", desk, data)],
            "reply": {**reply, "speak": remark(desk.view)},
        },
    )
