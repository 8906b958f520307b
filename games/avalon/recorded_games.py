"""Finished games out of files, whoever recorded them: our own transcripts and every format of `importers`."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from games.avalon import transcript
from games.avalon.events import Event
from games.avalon.fingerprint import fingerprint
from games.avalon.importers import import_file
from games.avalon.roles import EVIL_ROLES, Role
from games.avalon.setup import Setup
from games.avalon.table import Table, public_table
from games.errors import GameError


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedGame:
    """A game with its truth."""

    name: str
    setup: Setup
    events: tuple[Event, ...]
    roles: tuple[Role, ...]
    """By seat, seat 1 first."""
    table: Table
    """As it stood at the end."""
    fingerprint: str

    @property
    def evil(self) -> frozenset[int]:
        return frozenset(seat for seat, role in enumerate(self.roles, start=1) if role in EVIL_ROLES)

    @property
    def merlin(self) -> int | None:
        return self.roles.index(Role.MERLIN) + 1 if Role.MERLIN in self.roles else None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A game that is no evidence of anything, and why."""

    name: str
    why: str


def finished_game(name: str, setup: Setup, events: Iterable[Event]) -> FinishedGame | Skipped:
    """A recorded game, unless it has not come to its end or shows no seat's own view."""
    told = tuple(events)
    table = public_table(told)
    if table.roles is None:
        return Skipped(name, "The game has not ended, so nobody knows who was who.")
    if not any(event.type == "knowledge" for event in told):
        return Skipped(name, "This is a public export, which does not hold what each seat was told.")
    return FinishedGame(
        name=name, setup=setup, events=told, roles=table.roles, table=table, fingerprint=fingerprint(told)
    )


def read_games(paths: Iterable[Path]) -> Iterator[FinishedGame | Skipped]:
    """Every game in these files and folders.

    Raises `GameError` for a missing path or a file that is no record of games; in a folder that is told too.
    """
    for path in paths:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.is_file() and not file.name.startswith("."):
                    yield from _of_folder(file)
        else:
            yield from _of_file(path)


def _of_folder(file: Path) -> Iterator[FinishedGame | Skipped]:
    try:
        yield from _of_file(file)
    except GameError as problem:
        yield Skipped(file.name, str(problem))


def _of_file(file: Path) -> Iterator[FinishedGame | Skipped]:
    if _is_transcript(file):
        recorded = transcript.read(file)
        yield finished_game(recorded.game, recorded.setup, recorded.events)
        return
    for imported in import_file(file):
        report = imported.report
        if report.skipped is not None or imported.setup is None:
            yield Skipped(report.game, report.skipped or "The game has no setup.")
        else:
            yield finished_game(report.game, imported.setup, imported.events)


def _is_transcript(file: Path) -> bool:
    """Whether the file opens with the header line of our own transcripts."""
    if not file.is_file():
        return False
    with file.open("rb") as lines:
        first = lines.readline()
    try:
        line = json.loads(first)
    except ValueError:
        return False
    return isinstance(line, dict) and line.get("t") == "header"
