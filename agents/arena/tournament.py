"""A tournament in a run folder: plays what is not played yet, and logs every finished game once.

Games between bots go to an executor in chunks; what they come to follows from the plan, so it matters
neither where nor in which order they are played. Games with language models are played here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from agents.arena.bot_games import chunks_of, play_chunk
from agents.arena.plan import PlannedGame, TournamentConfig, parse_agents, planned_games
from agents.arena.record import GameRecord
from agents.errors import NimueError
from agents.runs.event_log import EventLog, read_events
from agents.runs.executors import ExecutorName, open_executor
from agents.runs.folder import RunFolder

RUN_KIND = "avalon.tournament"


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """What a tournament is played with; not part of the config: it may be resumed with other means."""

    executor: ExecutorName = "local"
    jobs: int = 1
    """Workers for games between bots."""
    tables: int = 1
    """Games with language models at once."""
    max_cost: Decimal | None = None
    max_tokens: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int = 32
    """The most calls of a hosted model at once, over all tables."""


def games_folder(run: RunFolder) -> Path:
    """Where a tournament keeps a folder a game: those with language models, and those with a transcript."""
    return run.path / "games"


class Watcher(Protocol):
    """Whoever watches a tournament: a progress bar, a log, or nobody."""

    def begun(self, what: str, played: int, planned: int) -> None:
        """A part of the tournament begins, of which games may be played already."""
        ...

    def finished(self, record: GameRecord) -> None: ...


def recorded_games(run: RunFolder) -> dict[int, GameRecord]:
    """The finished games of a run, by number."""
    records = (
        GameRecord.model_validate(event.data) for event in read_events(run.events) if event.kind == "game"
    )
    return {record.number: record for record in records}


def play_tournament(
    run: RunFolder, config: TournamentConfig, watcher: Watcher, means: Means
) -> list[GameRecord]:
    """Play, or go on playing, all games; their records in the order of the plan.

    Raises:
        NimueError: It cannot go on now: a spent budget, a lost server, workers that keep dying. What has
            been played is kept; call again with the same run.
    """
    resumed = run.events.exists()
    records = recorded_games(run)
    with EventLog(run.events) as log:
        log.append("resumed" if resumed else "started", {"played": len(records)})

        def keep(record: GameRecord) -> None:
            log.append_once(f"game:{record.number}", "game", record.model_dump(mode="json"))
            records[record.number] = record
            watcher.finished(record)

        try:
            _play_missing(run, config, records, keep, watcher, means)
        except NimueError as stop:
            log.append("paused", {"reason": str(stop), "played": len(records)})
            raise
        log.append_once("finished", "finished", {"played": len(records)})
    return [records[number] for number in sorted(records)]


def _play_missing(
    run: RunFolder,
    config: TournamentConfig,
    records: dict[int, GameRecord],
    keep: Callable[[GameRecord], None],
    watcher: Watcher,
    means: Means,
) -> None:
    with_model = {str(agent) for agent in parse_agents(config.agents) if agent.needs_model}
    of_bots: list[PlannedGame] = []
    of_models: list[PlannedGame] = []
    for game in planned_games(config):
        (of_bots if with_model.isdisjoint((game.entrant, game.opponent)) else of_models).append(game)
    if missing := [game for game in of_bots if game.number not in records]:
        watcher.begun("games between bots", len(of_bots) - len(missing), len(of_bots))
        folder = games_folder(run).resolve() if config.transcripts else None
        chunks = list(chunks_of(config.read_setup(), missing, folder))
        with open_executor(means.executor, min(means.jobs, len(chunks))) as workers:
            for some in workers.run(play_chunk, chunks):
                for record in some:
                    keep(record)
    if missing := [game for game in of_models if game.number not in records]:
        from agents.arena.model_games import play_model_games  # imports the graph and the model layer

        watcher.begun("games with language models", len(of_models) - len(missing), len(of_models))
        play_model_games(run, config, missing, means, keep)
