"""`expel games`: make new games for a text environment, and certify those that are there.

What makes and plays games is imported by the command that needs it, so that `--help` does not wait for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import Progress

from agents.errors import NimueError, NimueFailure

if TYPE_CHECKING:
    from games.text.alfworld.games import Game
    from games.text.alfworld.official import RoomKind

Flag = Annotated[bool, Parameter(negative="")]

ALL_ROOMS = "kitchen,bedroom,bathroom,livingroom"

T = TypeVar("T")

games_app = App(name="games", help="Make new games for an environment, and certify that games can be won.")


@games_app.command
def make(
    *,
    out: Path | None = None,
    env: str = "alfworld",
    n: int | None = None,
    seed: int = 7,
    split: str | None = None,
    rooms: str = ALL_ROOMS,
    json: Flag = False,
) -> None:
    """Make games whose habits can be learnt, each certified by the planner and played on the engine.

    The same seed, splits and rooms give the same games, byte for byte.

    Args:
        out: A new folder, laid out as ALFWorld's own games are, or a new file that ends in .jsonl.gz. By
            itself alfworld-games-SEED here.
        env: The environment; only alfworld has a maker of games.
        n: How many games; 60 if neither this nor --split is given.
        seed: Of the family whose habits decide what lies where, and of every draw.
        split: Names and numbers, such as train:40,unseen:20; no room is in two splits. By itself two
            thirds are for training.
        rooms: Kinds of rooms.
        json: Print the manifest as JSON instead of a summary.
    """
    from games.text.alfworld.bundle import BUNDLE, manifest
    from games.text.alfworld.generator import make_games
    from games.text.alfworld.official import require_engine

    _only_alfworld(env)
    out = Path(f"{env}-games-{seed}") if out is None else out
    splits = _splits(split, n)
    room_kinds = _room_kinds(rooms)
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise NimueError(f"--out {out} is there already; choose a new one.")
    require_engine()
    games = list(
        _watched(
            make_games(seed=seed, splits=splits, room_kinds=room_kinds), "Making games", sum(splits.values())
        )
    )
    contents = manifest(games, seed=seed, rooms=room_kinds)
    try:
        _write(out, games, contents, compact=out.name.endswith(BUNDLE))
    except OSError as error:
        raise NimueFailure(f"The games cannot be written to {out}: {error}") from error
    if json:
        print(dumps(contents))
        return
    console = Console(highlight=False)
    for name, kinds in _by_split(games).items():
        counts = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
        console.print(f"{name}: {sum(kinds.values())} games ({counts})", soft_wrap=True, markup=False)
    share = sum(game.target_closed for game in games) / len(games)
    console.print(f"{share:.0%} of what is asked for lies in closed receptacles", soft_wrap=True)
    console.print(f"written to {out}: expel train --env alfworld --data {out}", soft_wrap=True, markup=False)


@games_app.command
def check(*, env: str = "alfworld", data: Path | None = None, json: Flag = False) -> int:
    """Play each game's walkthrough on the engine; the exit code is 1 if one does not win.

    Args:
        env: The environment; only alfworld keeps walkthroughs.
        data: A folder or file of games; by itself $ALFWORLD_DATA, else the bundled games.
        json: Print one JSON object a game.
    """
    from games.text.alfworld.certify import certify
    from games.text.alfworld.suite import open_suite

    _only_alfworld(env)
    suite = open_suite(data)
    faults = {
        task.id: fault for task, fault in _watched(certify(suite), "Playing walkthroughs", len(suite.tasks))
    }
    if json:
        for game, fault in faults.items():
            print(dumps({"game": game, "wins": fault is None, "fault": fault}))
        return 1 if any(faults.values()) else 0
    console = Console(highlight=False)
    for game, fault in faults.items():
        if fault is not None:
            console.print(f"{game}: {fault}", soft_wrap=True, markup=False)
    num_won = sum(fault is None for fault in faults.values())
    console.print(
        f"{num_won} of {len(faults)} walkthroughs win: {suite.origin}", soft_wrap=True, markup=False
    )
    return 0 if num_won == len(faults) else 1


def _only_alfworld(env: str) -> None:
    if env != "alfworld":
        raise NimueError(f"--env is {env!r}; games are made for alfworld only.")


def _splits(split: str | None, n: int | None) -> dict[str, int]:
    """How many games each split gets.

    Raises:
        NimueError: the splits cannot be read, or do not add up to the number asked for.
    """
    if split is None:
        total = 60 if n is None else n
        if total < 1:
            raise NimueError(f"--n is {total}; ask for at least one game.")
        num_unseen = total // 3
        return {"train": total - num_unseen, **({"unseen": num_unseen} if num_unseen else {})}
    splits: dict[str, int] = {}
    for part in split.split(","):
        name, colon, number = part.strip().partition(":")
        plain = name.isascii() and name.replace("_", "").isalnum()
        if (
            not (plain and colon and number.isascii() and number.isdecimal() and int(number) > 0)
            or name in splits
        ):
            raise NimueError(f"--split is {split!r}; write names and numbers such as train:40,unseen:20.")
        splits[name] = int(number)
    if n is not None and sum(splits.values()) != n:
        raise NimueError(f"--split {split} asks for {sum(splits.values())} games, and --n for {n}.")
    return splits


def _room_kinds(rooms: str) -> tuple[RoomKind, ...]:
    from games.text.alfworld.official import ROOM_KINDS

    asked = list(dict.fromkeys(room.strip() for room in rooms.split(",")))
    unknown = [room for room in asked if room not in ROOM_KINDS]
    if unknown:
        raise NimueError(f"--rooms names {unknown[0]!r}; there are {', '.join(ROOM_KINDS)}.")
    return tuple(kind for kind in ROOM_KINDS if kind in asked)


def _watched(work: Iterator[T], title: str, total: int) -> Iterator[T]:
    """Shows on the terminal's error stream how far the work is."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        yield from progress.track(work, total=total, description=title)


def _by_split(games: list[Game]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for game in games:
        kinds = counts.setdefault(game.split, {})
        kinds[game.kind] = kinds.get(game.kind, 0) + 1
    return counts


def _write(out: Path, games: list[Game], contents: dict[str, object], *, compact: bool) -> None:
    """Write all or nothing: a new place is filled first and then given its name."""
    from games.text.alfworld.bundle import BUNDLE, MANIFEST, write_bundle
    from games.text.alfworld.game_files import write_games

    out.parent.mkdir(parents=True, exist_ok=True)
    text = dumps(contents, indent=1) + "\n"
    unfinished = out.with_name(f".{out.name}.unfinished")
    if compact:
        write_bundle(unfinished, games)
        unfinished.replace(out)
        out.with_name(out.name.removesuffix(BUNDLE) + f".{MANIFEST}").write_text(text)
        return
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    write_games(unfinished, games)
    (unfinished / MANIFEST).write_text(text)
    unfinished.replace(out)
