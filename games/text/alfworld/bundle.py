"""Games in one compressed file: what is particular to each, and a manifest with their fingerprints."""

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from games.errors import GameError
from games.text.alfworld.games import Game

MANIFEST = "manifest.json"
BUNDLE = ".jsonl.gz"


def read_bundle(path: Path) -> tuple[Game, ...]:
    """The games of a file.

    Raises:
        GameError: it is damaged.
    """
    try:
        rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        games = tuple(Game(**{**row, "walkthrough": tuple(row["walkthrough"])}) for row in rows)
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError) as error:
        raise GameError(f"{path} cannot be read as a bundle of games: {error}") from error
    if not games:
        raise GameError(f"{path} cannot be read as a bundle of games: it is empty")
    return games


def write_bundle(path: Path, games: Iterable[Game]) -> None:
    lines = "".join(f"{_line(game)}\n" for game in games)
    path.write_bytes(gzip.compress(lines.encode(), mtime=0))


def manifest(games: Sequence[Game], *, seed: int, rooms: Sequence[str]) -> dict[str, object]:
    """What a set of games is made of, and each game's SHA-256."""
    splits = Counter(game.split for game in games)
    return {
        "made_by": "expel games make",
        "note": "generated games; scores on them are not ALFWorld scores",
        "seed": seed,
        "rooms": list(rooms),
        "splits": dict(splits),
        "kinds": {
            split: dict(Counter(game.kind for game in games if game.split == split)) for split in splits
        },
        "closed_share": round(sum(game.target_closed for game in games) / len(games), 3),
        "games": {game.id: fingerprint(game) for game in games},
    }


def fingerprint(game: Game) -> str:
    return sha256(_line(game).encode()).hexdigest()


def _line(game: Game) -> str:
    return json.dumps(asdict(game), sort_keys=True)
