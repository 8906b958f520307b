"""Games with language models: a few tables at once in this process, each with a run folder of its own.

Every table is played by `agents.recon.game.play_game`, so a killed tournament goes on inside its games
and answered calls are not asked again. The models are opened once and shared, and with them the rate
limits and the budget.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from agents.arena.plan import PlannedGame, TournamentConfig, game_config, seated_agents
from agents.arena.record import GameRecord, Spent, record_of
from agents.arena.tournament import Means, games_folder
from agents.errors import NimueError
from agents.llm.budget import Budget, BudgetedChatModel
from agents.llm.journal import Journal, read_records
from agents.llm.model import Model, ModelOptions, open_model, wrap
from agents.llm.names import ModelName
from agents.llm.stream_fields import Delta
from agents.llm.usage import Usage, cost_of
from agents.recon.game import Limits, play_game
from agents.runs.folder import RunFolder
from games.avalon.actions import Decision
from games.avalon.draws import deal
from games.avalon.events import Event
from games.avalon.transcript import read

OpenModel = Callable[[ModelName, ModelOptions], Model]


class _Unwatched:
    """The screen of a table that nobody watches."""

    def event(self, event: Event) -> None: ...

    def delta(self, seat: int, stage: str, delta: Delta) -> None: ...

    def awaiting(self, decisions: tuple[Decision, ...]) -> None: ...


class SharedModels:
    """Models that many tables play with; each is opened when the first table needs it."""

    def __init__(self, open_model: OpenModel, options: ModelOptions, budget: Budget) -> None:
        self._open_model = open_model
        self._options = options
        self._budget = budget
        self._opened: dict[ModelName, Model] = {}

    def open(self, name: ModelName, options: ModelOptions) -> Model:
        """The shared model; a table closing it leaves it open for the others."""
        if name not in self._opened:
            self._opened[name] = self._open_model(name, self._options)
        budgeted = wrap(
            self._opened[name],
            lambda chat: BudgetedChatModel(inner=chat, model=name, budget=self._budget),
        )
        return replace(budgeted, close=_leave_open)

    def close(self) -> None:
        for model in self._opened.values():
            model.close()


def _leave_open() -> None:
    """A shared model outlives the table."""


def budget_of(run: RunFolder, means: Means) -> Budget:
    """The budget of a tournament, with what its games have used already."""
    budget = Budget(means.max_cost, means.max_tokens)
    for calls in sorted(games_folder(run).glob("*/calls.jsonl")):
        journal = Journal(calls)
        for name, usage in journal.usage().items():
            budget.count(name, usage)
        journal.close()
    return budget


def play_model_games(
    run: RunFolder,
    config: TournamentConfig,
    games: Sequence[PlannedGame],
    means: Means,
    finished: Callable[[GameRecord], None],
    *,
    open_model: OpenModel = open_model,
) -> None:
    """Play these games, `means.tables` at a time.

    When one cannot go on, no other is begun; those at play end, or stop for the same reason.

    Raises:
        NimueError: The first reason why a game could not go on.
    """
    options = ModelOptions(
        temperature=1.0 if config.temperature is None and config.paper_protocol else config.temperature,
        seed=config.seed,
        requests_per_minute=means.requests_per_minute,
        tokens_per_minute=means.tokens_per_minute,
        concurrency=means.concurrency,
    )
    models = SharedModels(open_model, options, budget_of(run, means))
    try:
        asyncio.run(_play_all(run, config, games, models, options, means.tables, finished))
    finally:
        models.close()


async def _play_all(
    run: RunFolder,
    config: TournamentConfig,
    games: Sequence[PlannedGame],
    models: SharedModels,
    options: ModelOptions,
    at_once: int,
    finished: Callable[[GameRecord], None],
) -> None:
    upcoming = iter(games)
    problems: list[NimueError] = []

    async def keep_playing() -> None:
        for game in upcoming:
            if problems:
                return
            try:
                finished(await _play(run, config, game, models, options))
            except NimueError as problem:
                problems.append(problem)

    async with asyncio.TaskGroup() as tables:
        for _ in range(min(at_once, len(games))):
            tables.create_task(keep_playing())
    if problems:
        raise problems[0]


async def _play(
    run: RunFolder,
    config: TournamentConfig,
    game: PlannedGame,
    models: SharedModels,
    options: ModelOptions,
) -> GameRecord:
    # Its log names the transcript, by the same path from wherever the tournament is resumed.
    folder = RunFolder(games_folder(run).resolve() / game.id)
    folder.artifacts.mkdir(parents=True, exist_ok=True)
    playing = game_config(config, game)
    report = await play_game(
        folder, playing, _Unwatched(), limits=Limits(), options=options, open_models=models.open
    )
    setup = playing.read_setup()
    agents = seated_agents(game, setup)
    names = {seat: str(agent) for seat, agent in agents.items()}
    used_models = {
        str(agent): agent.model or playing.model_name() for agent in agents.values() if agent.needs_model
    }
    events, usage = read(Path(report.transcript)).events, _usage_by_seat(folder)
    spent = {
        agent: _spent(model, [seat for seat, name in names.items() if name == agent], events, usage)
        for agent, model in used_models.items()
    }
    return record_of(game, names, deal(setup, game.seed).roles, events, spent)


def _usage_by_seat(folder: RunFolder) -> dict[int, Usage]:
    """What every seat's calls used; a call's lane begins with its seat."""
    usage: defaultdict[int, Usage] = defaultdict(Usage)
    if folder.calls.exists():
        for record in read_records(folder.calls):
            usage[int(record.tag.lane.partition("/")[0])] += Usage.from_message(record.answer)
    return dict(usage)


def _spent(model: ModelName, seats: Sequence[int], events: Iterable[Event], usage: dict[int, Usage]) -> Spent:
    own = [event for event in events if event.seat in seats]
    used = sum((usage.get(seat, Usage()) for seat in seats), Usage())
    return Spent(
        model=str(model),
        decisions=len({event.decision for event in own if event.type in ("draft", "thought", "fallback")}),
        fallbacks=sum(event.type == "fallback" for event in own),
        calls=used.calls,
        input_tokens=used.input_tokens,
        cached_tokens=used.cached_tokens,
        output_tokens=used.output_tokens,
        cost_usd=cost_of(model, used),
    )
