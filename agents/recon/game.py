"""Plays a whole game in a run folder: deal, players, graph, checkpoints, log, transcript, report.

Whatever instant the process dies at, calling `play_game` again with the same folder goes on from the
last checkpoint; answered model calls are read from the run's journal, recorded events are not doubled.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command

from agents.errors import NimueError
from agents.llm.budget import Budget, BudgetedChatModel
from agents.llm.journal import Journal, JournaledChatModel
from agents.llm.model import Model, ModelOptions, open_model, wrap
from agents.llm.names import ModelName
from agents.llm.stream_fields import Delta
from agents.llm.usage import Usage, cost_of
from agents.recon.config import GameConfig
from agents.recon.lineup import HUMAN, Agent, parse_lineup
from agents.recon.player import BotPlayer, ModelPlayer, Player
from agents.recon.seat_context import SeatContext
from agents.recon.state import Json, TableState, pack_action, pack_event, unpack_decision, unpack_event
from agents.recon.table_graph import MAX_STEPS, TableContext, build_table_graph
from agents.recon.variants import find_variant
from agents.runs.event_log import EventLog, read_events
from agents.runs.folder import RunFolder
from games.avalon.actions import Action, Decision
from games.avalon.bots import make_bot
from games.avalon.draws import deal, rng
from games.avalon.events import Event
from games.avalon.transcript import Origin, write
from games.avalon.view import View, view

FALLBACK_BOT = "naive"
"""Decides where a model gives no usable answer: it is legal at every table and needs no talk."""

MAX_FALLBACK_SHARE = 0.02
"""A game with more fallbacks than this is no measurement of its agents (specification 2.6)."""


class Screen(Protocol):
    """Whoever watches: the terminal, the TUI, or nobody."""

    def event(self, event: Event) -> None: ...

    def delta(self, seat: int, stage: str, delta: Delta) -> None: ...

    def awaiting(self, decisions: tuple[Decision, ...]) -> None: ...


AskPerson = Callable[[View, Decision], Action]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a run may spend; not part of the config, so that a paused run can be given more."""

    max_cost: Decimal | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GameReport:
    """What came of a game and what it took."""

    game: str
    winner: str
    reason: str
    quests: list[bool]
    transcript: str
    seconds: float
    """Wall clock of the session that finished the game."""
    usage: Usage
    cost: Decimal | None
    decisions: int
    fallbacks: int

    @property
    def valid(self) -> bool:
        """Whether the models decided often enough themselves for the game to count as theirs."""
        return self.fallbacks <= MAX_FALLBACK_SHARE * max(self.decisions, 1)

    def to_json(self) -> Json:
        return {
            "game": self.game,
            "winner": self.winner,
            "reason": self.reason,
            "quests": self.quests,
            "transcript": self.transcript,
            "seconds": round(self.seconds, 1),
            "calls": self.usage.calls,
            "input_tokens": self.usage.input_tokens,
            "cached_tokens": self.usage.cached_tokens,
            "output_tokens": self.usage.output_tokens,
            "cost_usd": None if self.cost is None else str(self.cost),
            "decisions": self.decisions,
            "fallbacks": self.fallbacks,
            "valid": self.valid,
        }


async def play_game(
    run: RunFolder,
    config: GameConfig,
    screen: Screen,
    *,
    limits: Limits,
    options: ModelOptions,
    ask_person: AskPerson | None = None,
    open_models: Callable[[ModelName, ModelOptions], Model] = open_model,
) -> GameReport:
    """Play, or go on playing, one game.

    Args:
        ask_person: Asked for the decisions of human seats.
        open_models: Opens models by name; tests and benchmarks pass their own.

    Raises:
        NimueError: The game cannot go on now: a spent budget, a lost server, no person to ask. What has
            happened is kept; call again with the same run.
    """
    began = time.monotonic()
    resumed = run.events.exists()
    with EventLog(run.events) as log:
        if resumed:
            log.append("resumed", {})
            for recorded in read_events(run.events):
                if recorded.kind == "game":
                    screen.event(unpack_event(recorded.data["event"]))
        else:
            log.append("started", config.model_dump())
            log.append("played_as", config.played_as())
        table = _Table(run, config, screen, log, limits, options, open_models)
        try:
            events = await table.play(ask_person)
            report = table.report(events, time.monotonic() - began)
            log.append_once(f"{config.game}:finished", "finished", _lasting(report))
        except NimueError as stop:
            log.append("paused", {"reason": str(stop)})
            raise
        finally:
            table.close()
    return report


def _lasting(report: GameReport) -> Json:
    """The report without what another session may know differently: the wall clock, where the run lies."""
    told = {key: value for key, value in report.to_json().items() if key != "seconds"}
    return told | {"transcript": Path(report.transcript).name}


class _Table:
    """One game in progress and everything it holds open."""

    def __init__(
        self,
        run: RunFolder,
        config: GameConfig,
        screen: Screen,
        log: EventLog,
        limits: Limits,
        options: ModelOptions,
        open_models: Callable[[ModelName, ModelOptions], Model],
    ) -> None:
        self._run = run
        self._config = config
        self._screen = screen
        self._log = log
        self._setup = config.read_setup()
        self._deal = deal(self._setup, config.seed)
        lineup = parse_lineup(config.agents, self._setup.num_players, config.human)
        self._agents = lineup.seated(self._deal.roles)
        self._journal = Journal(run.calls)
        self._budget = Budget(limits.max_cost, limits.max_tokens)
        for name, usage in self._journal.usage().items():
            self._budget.count(name, usage)
        self._models: dict[ModelName, Model] = {}
        try:
            for wanted in dict.fromkeys(map(self._model_of, self._agents.values())):
                if wanted is not None:
                    self._models[wanted] = self._wrapped(open_models(wanted, options))
        except BaseException:
            self.close()
            raise

    def _model_of(self, agent: Agent) -> ModelName | None:
        return (agent.model or self._config.model_name()) if agent.needs_model else None

    def _wrapped(self, model: Model) -> Model:
        limited = wrap(
            model, lambda chat: BudgetedChatModel(inner=chat, model=model.name, budget=self._budget)
        )
        return wrap(
            limited, lambda chat: JournaledChatModel(inner=chat, model=model.name, journal=self._journal)
        )

    def close(self) -> None:
        for model in self._models.values():
            model.close()
        self._journal.close()

    async def play(self, ask_person: AskPerson | None) -> list[Event]:
        """Drive the graph to the end of the game; every event of it."""
        context = TableContext(
            setup=self._setup,
            deal=self._deal,
            players={seat: self._player(seat, agent) for seat, agent in self._agents.items()},
            record=self._record,
            awaiting=self._screen.awaiting,
            session=secrets.token_hex(4),
        )
        settings: RunnableConfig = {
            "configurable": {"thread_id": self._config.game},
            "recursion_limit": MAX_STEPS,
        }
        async with AsyncSqliteSaver.from_conn_string(str(self._run.checkpoints)) as saver:
            graph = build_table_graph().compile(checkpointer=saver, name="table")
            known = await graph.aget_state(settings)
            step: TableState | Command[Any] | None = (
                None if known.values else TableState(events=[], answers={})
            )
            while True:
                if step is not None or not known.interrupts:
                    await graph.ainvoke(step, settings, context=context, durability="sync")
                    known = await graph.aget_state(settings)
                if not known.interrupts:
                    return [unpack_event(packed) for packed in known.values["events"]]
                step = Command(resume=_ask(known, ask_person))

    def _player(self, seat: int, agent: Agent) -> Player | None:
        if agent.name == HUMAN:
            return None
        bot_seed = int(rng(self._config.seed, "bot", seat).integers(2**31))
        name = self._model_of(agent)
        if name is None:
            return BotPlayer(make_bot(agent.name, bot_seed))
        context = SeatContext(
            game=self._config.game,
            model=self._models[name],
            variant=find_variant(agent.name),
            settings=self._config.contemplation_for(name),
            fallback=make_bot(FALLBACK_BOT, bot_seed),
            listen=self._screen.delta,
        )
        return ModelPlayer(context)

    def _record(self, number: int, event: Event) -> None:
        key = f"{self._config.game}:{number}"
        if self._log.append_once(key, "game", {"n": number, "event": pack_event(event)}):
            self._screen.event(event)

    def report(self, events: list[Event], seconds: float) -> GameReport:
        """Write the transcript and sum up."""
        path = self._run.artifacts / f"{self._config.game}.jsonl"
        path.unlink(missing_ok=True)  # a half-written one of a killed process
        write(path, self._config.game, events, origin=self._origin())
        used = self._journal.usage()
        costs = [cost_of(name, usage) for name, usage in used.items()]
        end = next(event for event in reversed(events) if event.type == "end")
        return GameReport(
            game=self._config.game,
            winner=end.data["winner"],
            reason=end.data["reason"],
            quests=[event.data["success"] for event in events if event.type == "quest"],
            transcript=str(path),
            seconds=seconds,
            usage=sum(used.values(), Usage()),
            cost=None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0)),
            decisions=len(
                {event.decision for event in events if event.type in ("draft", "thought", "fallback")}
            ),
            fallbacks=sum(event.type == "fallback" for event in events),
        )

    def _origin(self) -> Origin:
        named = {agent: self._model_of(agent) for agent in self._agents.values()}
        return Origin(
            agents={seat: str(agent) for seat, agent in self._agents.items()},
            models={str(agent): str(model) for agent, model in named.items() if model},
            seed=self._config.seed,
            code_version=_code_version(),
        )


def _code_version() -> str:
    try:
        return metadata.version("nimue")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"


def _ask(known: Any, ask_person: AskPerson | None) -> Mapping[str, Json]:
    """Ask the person for every interrupted decision, with the view of that seat."""
    if ask_person is None:
        raise NimueError("A person sits at this table; play it in a terminal, without --json.")
    events = [unpack_event(packed) for packed in known.values["events"]]
    answers = {}
    for waiting in known.interrupts:
        decision = unpack_decision(waiting.value["decision"])
        answers[waiting.id] = pack_action(ask_person(view(events, decision.seat), decision))
    return answers
