"""A whole game of Avalon as a graph.

    open -> play -> seat*  -> play -> ... -> END
                 -> human* -^

`play` is the referee: it plays the answers that have come in, writes the events to the run's log, and
sends every pending decision to its seat. Independent decisions (votes, quest cards) run at once and
stay sealed until all are in. A seat is sent the events it may see and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt

from agents.errors import NimueError
from agents.recon.player import Player
from agents.recon.state import (
    Json,
    SeatInput,
    TableState,
    pack_decision,
    pack_event,
    unpack_action,
    unpack_event,
)
from games.avalon.actions import Decision
from games.avalon.draws import Deal
from games.avalon.events import Event
from games.avalon.rules import apply, pending, replay, start
from games.avalon.setup import Setup
from games.avalon.view import view

MAX_STEPS = 2_000
"""LangGraph's own net. The rules end a game: 25 proposals, 10 seats, 3 rounds of talk take 850 steps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableContext:
    """What the referee is handed at run time."""

    setup: Setup
    deal: Deal
    players: Mapping[int, Player | None]
    """By seat; None is a person, who is asked through an interrupt."""
    record: Callable[[int, Event], None]
    """Writes event number n to the run's log; called again with the same event after a resume."""
    awaiting: Callable[[tuple[Decision, ...]], None]
    """Told which decisions are under way."""
    session: str
    """Differs in every process, so that a failure of an earlier process is tried again."""


TableGraph = CompiledStateGraph[TableState, TableContext, TableState, TableState]


async def open_table(state: TableState, runtime: Runtime[TableContext]) -> Command[Literal["play"]]:
    """Deal the roles and let the night pass."""
    context = runtime.context
    _, events = start(context.setup, context.deal)
    return Command(goto="play", update={"events": _recorded(context, 0, events)})


async def play(
    state: TableState, runtime: Runtime[TableContext]
) -> Command[Literal["seat", "human", "__end__"]]:
    """Play what has come in, then send out what is pending."""
    context = runtime.context
    events = [unpack_event(packed) for packed in state["events"]]
    # A run killed between the log and the checkpoint has the same events to write again.
    game = replay(context.setup, events)
    waiting = pending(game)
    answers = state["answers"]
    failed = [decision for decision in waiting if "failure" in answers.get(decision.id, {})]
    if failed:
        for decision in failed:
            _raise_if_fresh(answers[decision.id], context.session)
        return _send_out(context, events, tuple(failed), update={})
    if answers:
        private = [
            unpack_event(packed)
            for decision in sorted(waiting, key=lambda decision: decision.seat)
            for packed in answers[decision.id]["private"]
        ]
        actions = {decision.seat: unpack_action(answers[decision.id]["action"]) for decision in waiting}
        game, new = apply(game, actions)
        new_events = [*private, *new]
        packed_new = _recorded(context, len(events), new_events)
        events += new_events
        update: Json = {"events": packed_new, "answers": None}
    else:
        update = {}
    waiting = pending(game)
    if not waiting:
        return Command(goto="__end__", update=update)
    return _send_out(context, events, waiting, update)


def _raise_if_fresh(answer: Json, session: str) -> None:
    """Stop the run with a failure of this process; one of an earlier process is tried again."""
    if answer["session"] == session:
        raise StoppedAtDecision(answer["failure"], answer["exit_code"])


class StoppedAtDecision(NimueError):
    """A seat could not decide, as when a budget is spent or a server is gone; the run can be resumed."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def _recorded(context: TableContext, position: int, events: tuple[Event, ...] | list[Event]) -> list[Json]:
    for number, event in enumerate(events, start=position):
        context.record(number, event)
    return [pack_event(event) for event in events]


def _send_out(
    context: TableContext, events: list[Event], waiting: tuple[Decision, ...], update: Json
) -> Command[Literal["seat", "human", "__end__"]]:
    context.awaiting(waiting)
    sends = []
    for decision in waiting:
        seen = view(events, decision.seat).events
        work = SeatInput(
            seat=decision.seat,
            decision=pack_decision(decision),
            events=[pack_event(event) for event in seen],
        )
        sends.append(Send("human" if context.players[decision.seat] is None else "seat", work))
    return Command(goto=sends, update=update)


async def seat(state: SeatInput, runtime: Runtime[TableContext]) -> dict[str, dict[str, Json]]:
    """Let one player decide. A failure waits until the other seats are done: nothing paid for is lost."""
    player = runtime.context.players[state["seat"]]
    assert player is not None  # people are sent to `human`
    answer: Json
    try:
        answer = dict(await player.decide(state))
    except NimueError as error:
        answer = {"failure": str(error), "exit_code": error.exit_code, "session": runtime.context.session}
    return {"answers": {state["decision"]["id"]: answer}}


async def human(state: SeatInput) -> dict[str, dict[str, Json]]:
    """Hand the decision to a person and wait, for days if need be: the run can be stopped meanwhile."""
    action = interrupt({"decision": state["decision"]})
    return {"answers": {state["decision"]["id"]: {"action": action, "private": []}}}


def build_table_graph() -> StateGraph[TableState, TableContext, TableState, TableState]:
    """The graph, to be compiled with the checkpointer of a run."""
    graph = StateGraph(TableState, TableContext)
    graph.add_node("open", open_table)
    graph.add_node("play", play)
    graph.add_node("seat", seat, input_schema=SeatInput)
    graph.add_node("human", human, input_schema=SeatInput)
    graph.add_edge(START, "open")
    graph.add_edge("seat", "play")
    graph.add_edge("human", "play")
    return graph
