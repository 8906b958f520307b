"""Finds games on disk for the judge and the report: transcripts, runs finished or not, whole tournaments."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agents.errors import NimueError
from agents.recon.config import GameConfig
from agents.recon.lineup import parse_lineup
from agents.recon.state import unpack_event
from agents.runs.event_log import RunEvent, read_events
from agents.runs.folder import read_run_json
from games.avalon.draws import deal
from games.avalon.events import Event
from games.avalon.metrics.recorded import RecordedGame, recorded_game
from games.avalon.transcript import read

_RUN_FILES = frozenset({"events.jsonl", "calls.jsonl"})
_A_GAME = "avalon.play"
_MANY_GAMES = "avalon.tournament"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGame:
    """A game with who played it and, where it is known, the journal of their calls."""

    name: str
    path: Path
    game: RecordedGame
    agents: Mapping[int, str]
    """By seat; empty where the record does not say."""
    models: Mapping[int, str]
    """The model behind each seat that has one."""
    calls: Path | None

    def agent_of(self, seat: int) -> str:
        return self.agents.get(seat, "unknown")


def find_games(paths: Iterable[Path]) -> list[FoundGame]:
    """Every game in these transcripts, run folders and folders of either, in order.

    Raises:
        NimueError: A path does not exist or holds no game.
        GameError: A transcript is damaged, or does not tell who was who.
    """
    games: list[FoundGame] = []
    for path in paths:
        if not path.exists():
            raise NimueError(f"There is no {path}. Give a run's folder or a transcript (.jsonl).")
        found = list(_games_in(path))
        if not found:
            raise NimueError(
                f"There is no game to read in {path}. Give the folder of a run that has begun, of a "
                "tournament that kept its games (--transcripts), or a transcript (.jsonl)."
            )
        games += found
    return games


def _games_in(path: Path) -> Iterator[FoundGame]:
    if path.is_file():
        yield _transcript(path, None)
        return
    kind = read_run_json(path)["kind"] if (path / "run.json").is_file() else None
    if kind == _MANY_GAMES:
        if (path / "games").is_dir():  # games with language models; those between bots leave no transcript
            yield from _games_in(path / "games")
        return
    if kind is None and not (path / "events.jsonl").is_file():
        yield from _games_inside(path)
    elif kind in (None, _A_GAME):  # a tournament's games have no run.json of their own
        yield from _run(path)


def _games_inside(path: Path) -> Iterator[FoundGame]:
    for inside in sorted(path.iterdir()):
        if inside.is_dir() or (inside.suffix == ".jsonl" and inside.name not in _RUN_FILES):
            yield from _games_in(inside)


def _run(path: Path) -> Iterator[FoundGame]:
    calls = path / "calls.jsonl"
    journal = calls if calls.is_file() else None
    transcripts = sorted((path / "artifacts").glob("*.jsonl"))
    if transcripts:
        for transcript in transcripts:
            yield _transcript(transcript, journal)
        return
    log = list(read_events(path / "events.jsonl"))
    events = tuple(unpack_event(line.data["event"]) for line in log if line.kind == "game")
    if events:
        yield _unfinished(path, log, events, journal)


def _transcript(path: Path, calls: Path | None) -> FoundGame:
    transcript = read(path)
    origin = transcript.origin
    agents = dict(origin.agents) if origin else {}
    models = origin.models if origin else {}
    return FoundGame(
        name=transcript.game,
        path=path,
        game=recorded_game(transcript.events),
        agents=agents,
        models={seat: models[agent] for seat, agent in agents.items() if agent in models},
        calls=calls,
    )


def _unfinished(path: Path, log: list[RunEvent], events: tuple[Event, ...], calls: Path | None) -> FoundGame:
    started = next(line for line in log if line.kind == "started")
    config = GameConfig(**started.data)
    setup = config.read_setup()
    lineup = parse_lineup(config.agents, setup.num_players, config.human)
    seated = lineup.seated(deal(setup, config.seed).roles)
    return FoundGame(
        name=config.game,
        path=path,
        game=recorded_game(events),
        agents={seat: str(agent) for seat, agent in seated.items()},
        models={
            seat: str(agent.model or config.model) for seat, agent in seated.items() if agent.needs_model
        },
        calls=calls,
    )
