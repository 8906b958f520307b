"""A conversation with the assistant in a run folder: ask, watch, decide, stop, and go on another day.

    async with open_session(run, settings, limits=Limits(), options=ModelOptions(), tools=...) as session:
        async for event in session.ask("Which jobs train a classifier?"):
            match event: ...

Every surface (the command line, the TUI's chat) drives this and nothing below it. A process may die at any
instant: `resume` goes on from the last checkpoint, answered model calls are not asked again, tools that have
answered are not used again, and a job that was under way goes on from its own checkpoint.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from agents.assistant.events import (
    ApprovalAsked,
    ApprovalGiven,
    Asked,
    CostChanged,
    Event,
    Finished,
    Recalled,
    ToolEnded,
    from_json,
    kind_of,
    to_json,
)
from agents.assistant.graph import build_assistant_graph, most_graph_steps
from agents.assistant.nodes import AssistantContext
from agents.assistant.settings import AssistantSettings
from agents.assistant.state import AssistantState, Line, PackedCall, Verdict, last_answer
from agents.errors import NimueError
from agents.llm.budget import Budget, BudgetedChatModel, BudgetSpent
from agents.llm.journal import Journal, JournaledChatModel
from agents.llm.model import Model, ModelOptions, open_model, wrap
from agents.llm.names import ModelName
from agents.runs.event_log import EventLog, read_events
from agents.runs.folder import RunFolder
from agents.tools.toolbox import Toolbox

Graph = CompiledStateGraph[AssistantState, AssistantContext, AssistantState, AssistantState]
OpenTools = Callable[[Model], AbstractContextManager[Toolbox]]
"""Opens the tools of a conversation; some of them ask its model."""
Recall = Callable[[str], Recalled | None]

_BEGUN = "run_begun"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a conversation may spend, and whether a person is asked; not part of the settings, so that a
    paused one can be given more."""

    max_cost: Decimal | None = None
    max_tokens: int | None = None
    allow_all: bool = False
    """Make every call without asking."""


def _nothing(question: str) -> Recalled | None:
    return None


@asynccontextmanager
async def open_session(
    run: RunFolder,
    settings: AssistantSettings,
    *,
    limits: Limits,
    options: ModelOptions,
    tools: OpenTools,
    recall: Recall = _nothing,
    open_models: Callable[[ModelName, ModelOptions], Model] = open_model,
) -> AsyncIterator["AssistantSession"]:
    """Open a conversation, new or old, and hold its run.

    Args:
        recall: Looks into memory for what may help with a question.

    Raises:
        NimueError: The model cannot be opened, or another process holds the run.
    """
    async with AsyncExitStack() as opened:
        opened.enter_context(run.locked())
        log = opened.enter_context(EventLog(run.events))
        journal = Journal(run.calls)
        opened.callback(journal.close)
        budget = Budget(limits.max_cost, limits.max_tokens)
        for name, usage in journal.usage().items():
            budget.count(name, usage)
        # An embedded engine takes seconds to load; whoever draws a screen goes on drawing.
        bare = await asyncio.to_thread(open_models, settings.model_name(), options)
        opened.callback(bare.close)
        limited = wrap(bare, lambda chat: BudgetedChatModel(inner=chat, model=bare.name, budget=budget))
        model = wrap(limited, lambda chat: JournaledChatModel(inner=chat, model=bare.name, journal=journal))
        toolbox = opened.enter_context(tools(model))
        saver = await opened.enter_async_context(AsyncSqliteSaver.from_conn_string(str(run.checkpoints)))
        graph = build_assistant_graph().compile(checkpointer=saver, name="assistant")
        session = AssistantSession(
            run=run,
            settings=settings,
            model=model,
            toolbox=toolbox,
            graph=graph,
            log=log,
            budget=budget,
            recall=recall,
            allow_all=limits.allow_all,
        )
        opened.push_async_callback(session.stop)
        yield session


class AssistantSession:
    """An open conversation. One turn at a time; use it from one event loop.

    Attributes:
        context: What the graph's nodes are handed.
        failure: Why the last turn was paused or failed, for an exit code; None if it was not.
    """

    def __init__(
        self,
        *,
        run: RunFolder,
        settings: AssistantSettings,
        model: Model,
        toolbox: Toolbox,
        graph: Graph,
        log: EventLog,
        budget: Budget,
        recall: Recall,
        allow_all: bool,
    ) -> None:
        """Use `open_session`."""
        self.run = run
        self.toolbox = toolbox
        self.model = model.name
        self.failure: NimueError | None = None
        self._settings = settings
        self._graph = graph
        self._log = log
        self._budget = budget
        self._history: list[Event] = []
        self._observed: dict[str, ToolEnded] = {}
        self._begun: dict[str, str] = {}
        self._recalled: dict[str, Recalled] = {}
        self._allow_all = allow_all
        self._allowed_tools: set[str] = set()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._work: asyncio.Task[None] | None = None
        self._decision: tuple[str, asyncio.Future[Verdict]] | None = None
        self._read_log()
        self.context = AssistantContext(
            name=run.id,
            model=model,
            form=settings.chosen_form(),
            toolbox=toolbox,
            max_steps=settings.max_steps,
            recall=recall,
            record=self._record,
            tell=self._tell,
            needs_asking=self._needs_asking,
            observed=self._observed,
            recalled=self._recalled,
            begun=self._begun,
            begin=self._begin,
        )
        self._config: RunnableConfig = {
            "configurable": {"thread_id": run.id},
            "recursion_limit": most_graph_steps(settings.max_steps),
        }

    # -- what a surface uses -----------------------------------------------------------------------------

    @property
    def history(self) -> tuple[Event, ...]:
        """The kept events of all turns so far."""
        return tuple(self._history)

    @property
    def cost(self) -> CostChanged:
        """What the conversation has used so far."""
        usage = self._budget.usage
        return CostChanged(
            calls=usage.calls,
            input_tokens=usage.input_tokens,
            cached_tokens=usage.cached_tokens,
            output_tokens=usage.output_tokens,
            cost=self._budget.cost,
        )

    @property
    def is_busy(self) -> bool:
        """Whether a turn is under way."""
        return self._work is not None

    @property
    def awaits(self) -> str | None:
        """The call that waits for `decide`, if one does."""
        return self._decision[0] if self._decision is not None else None

    async def is_unfinished(self) -> bool:
        """Whether the last turn was cut short, so that `resume` goes on with it."""
        return bool((await self._graph.aget_state(self._config)).next)

    def ask(self, text: str) -> AsyncGenerator[Event, None]:
        """Say something; what happens then, up to and with `Finished`.

        A turn that was cut short is left as it is. Leaving the iteration early stops the turn.

        Raises:
            NimueError: There is nothing in the text, or a turn is under way.
        """
        if not text.strip():
            raise NimueError("The question is empty.")
        self._refuse_second_turn()
        turn = sum(isinstance(event, Asked) for event in self._history) + 1
        start = AssistantState(lines=[Line(role="user", text=text.strip())], turn=turn, step=0, waiting=[])
        self._record(f"t{turn}:asked", Asked(turn=turn, text=text.strip()))
        return self._watch(start)

    def resume(self) -> AsyncGenerator[Event, None]:
        """Go on with a turn that was cut short; nothing if there is none.

        Raises:
            NimueError: A turn is under way.
        """
        self._refuse_second_turn()
        return self._watch(None)

    def decide(self, call: str, *, allowed: bool, note: str = "", always: bool = False) -> None:
        """Answer `ApprovalAsked`.

        Args:
            note: What the model is told of the reason.
            always: Also allow this tool for the rest of the session.

        Raises:
            NimueError: No such call waits for a decision.
        """
        if self._decision is None or self._decision[0] != call or self._decision[1].done():
            raise NimueError(f"No call {call} waits for a decision.")
        self._decision[1].set_result(Verdict(allowed=allowed, note=note))
        if allowed and always:
            self._allowed_tools.add(call_tool(self._history, call))

    async def stop(self) -> None:
        """Stop the turn that is under way; a job is told to end at its next safe place."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})

    # -- the turn ------------------------------------------------------------------------------------------

    def _refuse_second_turn(self) -> None:
        if self._work is not None:
            raise NimueError("The assistant is still at work: wait for it, or stop it.")

    async def _watch(self, start: AssistantState | None) -> AsyncGenerator[Event, None]:
        self._refuse_second_turn()
        self._events = asyncio.Queue()
        self.failure = None
        if start is not None:
            yield self._history[-1]
        work = self._work = asyncio.create_task(self._turn(start))
        try:
            while (event := await self._events.get()) is not None:
                yield event
        finally:
            await self.stop()
            self._work = None
        if not work.cancelled():
            work.result()  # a bug of ours rises here

    async def _turn(self, start: AssistantState | None) -> None:
        try:
            if await self._drive(start):
                known = await self._graph.aget_state(self._config)
                self._keep(Finished(ending="answered", text=last_answer(known.values["lines"])))
        except asyncio.CancelledError:
            self._keep(Finished(ending="stopped", text="Stopped."))
            raise
        except BudgetSpent as spent:
            self.failure = spent
            self._keep(Finished(ending="paused", text=str(spent)))
        except NimueError as error:
            self.failure = error
            self._keep(Finished(ending="failed", text=str(error)))
        finally:
            self._decision = None
            self._tell(self.cost)
            self._events.put_nowait(None)

    async def _drive(self, start: AssistantState | None) -> bool:
        """Walk through the graph to its end; False if there was nothing to go on with."""
        known = await self._graph.aget_state(self._config)
        step: AssistantState | Command[Any] | None = start
        if start is None and not known.next:
            return False
        while True:
            if step is not None or not known.interrupts:
                await self._graph.ainvoke(step, self._config, context=self.context, durability="sync")
                known = await self._graph.aget_state(self._config)
            if not known.interrupts:
                return True
            step = Command(resume=await self._decided(known.interrupts[0].value, known.values["waiting"][0]))

    async def _decided(self, asked: dict[str, str], call: PackedCall) -> Verdict:
        """Ask a person and wait; the question is kept once, however often it is put."""
        if self._needs_asking(call) is None:  # allowed meanwhile, by a flag of this session
            return Verdict(allowed=True, note="")
        question = ApprovalAsked(
            call=call["id"], tool=call["tool"], arguments=call["arguments"], reason=asked["reason"]
        )
        self._decision = (call["id"], asyncio.get_running_loop().create_future())
        if self._log.append_once(f"{call['id']}:asked", kind_of(question), to_json(question)):
            self._history.append(question)
        self._tell(question)
        verdict = await self._decision[1]
        self._decision = None
        given = ApprovalGiven(call=call["id"], allowed=verdict["allowed"], note=verdict["note"])
        self._record(f"{call['id']}:given", given)
        return verdict

    # -- what the nodes use --------------------------------------------------------------------------------

    def _record(self, key: str, event: Event) -> None:
        if self._log.append_once(key, kind_of(event), to_json(event)) is None:
            return
        self._history.append(event)
        if isinstance(event, ToolEnded):
            self._observed[event.call] = event
        self._tell(event)

    def _keep(self, event: Event) -> None:
        self._log.append(kind_of(event), to_json(event))
        self._history.append(event)
        self._tell(event)

    def _tell(self, event: Event) -> None:
        if self._work is None:
            return
        self._events.put_nowait(event)
        if isinstance(event, ToolEnded):
            self._events.put_nowait(self.cost)

    def _begin(self, call: str, run: str) -> None:
        self._begun[call] = run
        self._log.append_once(f"{call}:begun", _BEGUN, {"call": call, "run": run})

    def _needs_asking(self, call: PackedCall) -> str | None:
        if self._allow_all or call["tool"] in self._allowed_tools or "fault" in call:
            return None
        return self.toolbox.reason_to_ask(call["tool"], call["arguments"])

    def _read_log(self) -> None:
        for line in read_events(self.run.events):
            if line.kind == _BEGUN:
                self._begun[line.data["call"]] = line.data["run"]
            event = from_json(line.kind, line.data)
            if event is None:
                continue
            self._history.append(event)
            if isinstance(event, ToolEnded):
                self._observed[event.call] = event
            elif isinstance(event, Recalled) and line.key is not None:
                self._recalled[line.key] = event


def call_tool(history: list[Event], call: str) -> str:
    """The tool of a call that was asked about."""
    return next(event.tool for event in history if isinstance(event, ApprovalAsked) and event.call == call)
