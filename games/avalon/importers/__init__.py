"""Games that people played elsewhere, read into our events; one module a log format.

Start with `import_file`. `recorded.py` holds what all formats are read into and the re-enactment that
proves each game against the rules. Names never leave an importer: players are seats.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from games.avalon.events import Event
from games.avalon.importers import avalon_nlu, avalonlogs, grail, proavalon
from games.avalon.importers.recorded import RecordedGame, reenact
from games.avalon.setup import Setup
from games.errors import GameError

__all__ = ["FORMATS", "Format", "ImportReport", "Imported", "import_file"]

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Format:
    description: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document], RecordedGame]


FORMATS: dict[str, Format] = {
    "avalonlogs": Format(
        "avalongame.online: complete games with cards, no chat.", avalonlogs.recognises, avalonlogs.read
    ),
    "proavalon": Format(
        "ProAvalon's game records, and DeepRole's files of its games.", proavalon.recognises, proavalon.read
    ),
    "avalon_nlu": Format(
        "Avalon-NLU: six players with chat, no fail counts.", avalon_nlu.recognises, avalon_nlu.read
    ),
    "grail": Format(
        "GRAIL's human study: six players with chat, no Merlin, no fail counts.", grail.recognises, grail.read
    ),
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one game of the source."""

    game: str
    """Where it stands in the source: the file's name, with the line or place where it holds several."""
    skipped: str | None
    """Why the game could not be imported; None if it was."""
    notes: tuple[str, ...] = ()
    """What the log does not say and was filled in or left out."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One game of the source: its events and setup, or neither if the report says it was skipped."""

    report: ImportReport
    events: tuple[Event, ...] = ()
    setup: Setup | None = None


def import_file(path: Path | str, format: str | None = None) -> Iterator[Imported]:
    """Read every game of a file, or of all files of a folder and its folders, in order of their names.

    A file holds one JSON object, a JSON list of them, or one a line; without a `format` each tells its own.
    A game that cannot be replayed is reported, not raised. Raises `GameError` for an unknown format, a
    missing path, or a file that is not JSON or of no known format (in a folder that is reported too).
    """
    if format is not None and format not in FORMATS:
        raise GameError(f"There is no log format {format!r}; there are {', '.join(FORMATS)}.")
    source = Path(path)
    if source.is_dir():
        for file in sorted(source.rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                yield from _import_from_folder(file, format)
    elif source.is_file():
        for game, document in _documents(source):
            yield _import(game, document, format or _format_of(document, game))
    else:
        raise GameError(f"There is no file or folder {source}.")


def _import_from_folder(file: Path, format: str | None) -> Iterator[Imported]:
    try:
        for game, document in _documents(file):
            yield _import(game, document, format or _format_of(document, game))
    except GameError as problem:
        yield Imported(ImportReport(file.name, str(problem)))


def _import(game: str, document: Document, format: str) -> Imported:
    try:
        recorded = FORMATS[format].read(document)
        return Imported(ImportReport(game, None, recorded.notes), reenact(recorded), recorded.setup)
    except ValidationError as problem:
        first = problem.errors(include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        return Imported(ImportReport(game, f"not a complete {format} game: {place}: {first['msg']}"))
    except GameError as problem:
        return Imported(ImportReport(game, str(problem)))


def _format_of(document: Document, game: str) -> str:
    for name, format in FORMATS.items():
        if format.recognises(document):
            return name
    raise GameError(f"{game} is of no known log format; there are {', '.join(FORMATS)}.")


def _documents(file: Path) -> Iterator[tuple[str, Document]]:
    """Every game of a file with its name. Raises `GameError` where the file is not JSON."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise GameError(f"{file} is not a text file: {problem}.") from problem
    try:
        content = json.loads(text)
    except json.JSONDecodeError as whole:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        if len(lines) < 2:
            raise GameError(f"{file} is not JSON: {whole}.") from whole
        for number, line in lines:
            yield f"{file.stem}:{number}", _parse_line(file, number, line)
        return
    if isinstance(content, list):
        for number, item in enumerate(content, start=1):
            yield f"{file.stem}:{number}", _as_object(file, item)
    else:
        yield file.stem, _as_object(file, content)


def _parse_line(file: Path, number: int, line: str) -> Document:
    try:
        return _as_object(file, json.loads(line))
    except json.JSONDecodeError as problem:
        raise GameError(f"{file}, line {number} is not JSON: {problem}.") from problem


def _as_object(file: Path, item: object) -> Document:
    if not isinstance(item, dict):
        raise GameError(f"{file} holds a {type(item).__name__} where a game should be.")
    return item
