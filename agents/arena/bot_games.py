"""Games between bots: a chunk of them is one piece of work for an executor.

A bot's seed follows from the deal's seed and its seat, as in `agents/recon/game.py`, so that
`avalon play` plays the same game.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agents.arena.plan import PlannedGame, seated_agents
from agents.arena.record import GameRecord, record_of
from games.avalon.bots import make_bot
from games.avalon.draws import deal, rng
from games.avalon.play import play_deal
from games.avalon.setup import Setup
from games.avalon.transcript import Origin, write

GAMES_A_CHUNK = 10
"""Small, so that progress is seen with slow bots too; handing out a chunk takes under a millisecond."""


@dataclass(frozen=True, slots=True)
class Chunk:
    setup: Setup
    games: tuple[PlannedGame, ...]
    transcripts: Path | None = None
    """A folder that transcripts go to, each as GAME/artifacts/GAME.jsonl; None keeps none."""


def chunks_of(setup: Setup, games: Sequence[PlannedGame], transcripts: Path | None = None) -> Iterator[Chunk]:
    for begin in range(0, len(games), GAMES_A_CHUNK):
        yield Chunk(setup, tuple(games[begin : begin + GAMES_A_CHUNK]), transcripts)


def play_chunk(chunk: Chunk) -> list[GameRecord]:
    """Play its games; what comes of them follows from the chunk alone."""
    return [_play(chunk.setup, game, chunk.transcripts) for game in chunk.games]


def _play(setup: Setup, game: PlannedGame, transcripts: Path | None) -> GameRecord:
    dealt = deal(setup, game.seed)
    names = {seat: agent.name for seat, agent in seated_agents(game, setup).items()}
    bots = {seat: make_bot(name, _bot_seed(game.seed, seat)) for seat, name in names.items()}
    played = play_deal(setup, bots, dealt)
    if transcripts is not None:
        path = transcripts / game.id / "artifacts" / f"{game.id}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # a half-written one of a killed worker
        write(path, game.id, played.events, origin=Origin(agents=names, seed=game.seed))
    return record_of(game, names, dealt.roles, played.events, {})


@lru_cache(maxsize=64)  # the same for every pair on a deal
def _bot_seed(seed: int, seat: int) -> int:
    return int(rng(seed, "bot", seat).integers(2**31))
