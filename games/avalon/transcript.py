"""Games on disk: an append-only JSONL log with a hash chain, read back, checked and replayed.

The first line is the game's header. `origin` lines (god view) tell who played, a `seal` closes a
finished file: after it nothing may follow, and what it seals cannot lose its end unnoticed. The chain
shows accidents and edits; it is no signature, for whoever rewrites every line can rewrite the hashes.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from games.avalon.events import FILE_TYPES, Event
from games.avalon.replay import Contradiction, replay
from games.avalon.setup import Setup
from games.avalon.transcript_lines import NO_LINE_BEFORE, encode_line, line_hash
from games.avalon.transcript_scan import Violation, scan_lines, seal_line
from games.errors import GameError


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a game came from. Not for players: a seed tells the deal, a name may tell a side."""

    agents: Mapping[int, str] = field(default_factory=dict)
    """Who sat where."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Agent to the model and version it ran on."""
    seed: int | None = None
    code_version: str = ""

    def to_event(self) -> Event:
        data = {
            "agents": {str(seat): name for seat, name in sorted(self.agents.items())},
            "models": dict(sorted(self.models.items())),
            "seed": self.seed,
            "code_version": self.code_version,
        }
        return Event("origin", visible_to="god", data=data)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Origin":
        """Read what `to_event` wrote. Raises `GameError` if a field is missing or makes no sense."""
        try:
            return cls(
                agents={int(seat): name for seat, name in data["agents"].items()},
                models=data["models"],
                seed=data["seed"],
                code_version=data["code_version"],
            )
        except (KeyError, ValueError, AttributeError) as problem:
            raise GameError(f"The origin line cannot be read: {problem!r}") from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A game read back."""

    game: str
    setup: Setup
    events: tuple[Event, ...]
    """The engine's and the agents' events, without the file's own lines."""
    origin: Origin | None
    contains_secrets: bool
    sealed: bool


def public_only(events: Iterable[Event]) -> tuple[Event, ...]:
    """What everybody at the table may see: no roles before the end, no cards, no notes."""
    return tuple(event for event in events if event.visible_to == "all")


class TranscriptWriter:
    """Appends events to a file, each call flushed as one piece. Made by `create` or `resume`."""

    def __init__(
        self,
        path: Path,
        file: BinaryIO,
        game: str,
        *,
        origin: Origin | None,
        public: bool,
        clock: Callable[[], datetime] | None,
        num_lines: int,
        previous: str,
    ) -> None:
        self._path = path
        self._file = file
        self._game = game
        self._origin = origin
        self._public = public
        self._clock = clock
        self._num_lines = num_lines
        self._previous = previous

    @classmethod
    def create(
        cls,
        path: Path,
        game: str,
        *,
        origin: Origin | None = None,
        public: bool = False,
        clock: Callable[[], datetime] | None = None,
    ) -> "TranscriptWriter":
        """Begin a file. Raises `GameError` if it exists.

        With a `clock` every line carries its time; without one, equal games give equal bytes. A public
        file refuses events that are not for everybody.
        """
        if public and origin is not None:
            raise GameError(f"{path} is public; the origin of a game (agents, seed) is not for everybody.")
        try:
            file = path.open("xb")
        except FileExistsError as problem:
            raise GameError(f"{path} exists already; resume it or choose another file.") from problem
        return cls(
            path,
            file,
            game,
            origin=origin,
            public=public,
            clock=clock,
            num_lines=0,
            previous=NO_LINE_BEFORE,
        )

    @classmethod
    def resume(cls, path: Path, *, clock: Callable[[], datetime] | None = None) -> "TranscriptWriter":
        """Go on with a file that is not sealed; a torn last line is cut off first.

        Raises `GameError` if the file is missing, empty, sealed or damaged.
        """
        content = _content(path)
        whole = content[: content.rfind(b"\n") + 1]
        scan = scan_lines(whole)
        _raise_first(path, scan.violations)
        if scan.sealed:
            raise GameError(f"{path} is sealed; a finished transcript takes no more events.")
        file = path.open("r+b")
        file.truncate(len(whole))
        file.seek(0, os.SEEK_END)
        header = scan.lines[0]
        return cls(
            path,
            file,
            header.game,
            origin=None,
            public=header.contains_secrets is False,
            clock=clock,
            num_lines=len(scan.lines),
            previous=scan.last_hash,
        )

    def append(self, events: Iterable[Event]) -> None:
        """Write these events. Raises `GameError` if one of them may not stand here; then none is written."""
        time = None if self._clock is None else self._clock().isoformat()
        num_lines, previous = self._num_lines, self._previous
        lines = []
        for event in self._with_origin(events):
            self._check(event, num_lines)
            secrets = not self._public if num_lines == 0 else None
            line = encode_line(
                event,
                game=self._game,
                index=num_lines,
                previous=previous,
                time=time,
                contains_secrets=secrets,
            )
            lines.append(line + b"\n")
            num_lines, previous = num_lines + 1, line_hash(line)
        self._file.write(b"".join(lines))
        self._file.flush()
        self._num_lines, self._previous = num_lines, previous

    def seal(self) -> None:
        """Write the closing line, after which nothing may follow, and close the file."""
        line = seal_line(self._game, self._num_lines, self._previous)
        self._file.write(line + b"\n")
        self.close()

    def close(self) -> None:
        """Close the file without a seal: the game is to go on."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _with_origin(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            yield event
            if event.type == "header" and self._origin is not None:
                yield self._origin.to_event()

    def _check(self, event: Event, num_lines: int) -> None:
        if (num_lines == 0) is not (event.type == "header"):
            raise GameError(
                f"{self._path}: a transcript opens with its header; line {num_lines + 1} is {event.type}."
            )
        if self._public and event.visible_to != "all":
            raise GameError(
                f"{self._path} is public and takes no {event.type} event, which is not for everybody."
            )


def write(
    path: Path, game: str, events: Iterable[Event], *, origin: Origin | None = None, public: bool = False
) -> None:
    """Write a whole game and seal the file. Raises `GameError` if it exists or an event does not fit."""
    with TranscriptWriter.create(path, game, origin=origin, public=public) as writer:
        try:
            writer.append(events)
        except GameError:
            path.unlink()
            raise
        writer.seal()


def read(path: Path) -> Transcript:
    """Read a game back. Raises `GameError` with the first damaged line; `verify` lists them all."""
    scan = scan_lines(_content(path))
    _raise_first(path, scan.violations)
    origins = [Origin.from_data(line.data) for line in scan.lines if line.t == "origin"]
    return Transcript(
        game=scan.lines[0].game,
        setup=_setup_in(scan.lines[0].data),
        events=tuple(line.event() for line in scan.lines if line.t not in FILE_TYPES),
        origin=origins[0] if origins else None,
        contains_secrets=scan.lines[0].contains_secrets is not False,
        sealed=scan.sealed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `verify` found."""

    path: Path
    num_lines: int
    violations: tuple[Violation, ...]
    ended: bool
    """Whether the game came to its end."""
    sealed: bool
    replayed: bool
    """Whether the rules could be asked: a public file holds no deal and cannot be replayed."""

    @property
    def ok(self) -> bool:
        return not self.violations


def verify(path: Path) -> Report:
    """Check the chain, the schema and, where the deal is known, every event against the rules.

    Raises `GameError` only if there is no such file; all else is told in the report.
    """
    scan = scan_lines(_content(path))
    events = [(number, line.event()) for number, line in scan.numbered if line.t not in FILE_TYPES]
    ended = any(event.type == "end" for _, event in events)
    replayed = any(event.type == "deal" for _, event in events)
    violations = [*scan.violations, *(_contradictions(events) if replayed else [])]
    if ended and not scan.sealed:
        violations.append(Violation(scan.num_lines, "ends the game, but no seal follows: the end is cut off"))
    first_of_line = {violation.line: violation for violation in reversed(violations)}
    return Report(
        path=path,
        num_lines=scan.num_lines,
        violations=tuple(first_of_line[number] for number in sorted(first_of_line)),
        ended=ended,
        sealed=scan.sealed,
        replayed=replayed,
    )


def _contradictions(events: list[tuple[int, Event]]) -> list[Violation]:
    try:
        replay(_setup_in(events[0][1].data), [event for _, event in events])
    except Contradiction as problem:
        after_last = events[-1][0] + 1
        number = events[problem.index][0] if problem.index < len(events) else after_last
        return [Violation(number, problem.reason)]
    except GameError as problem:
        return [Violation(events[0][0], f"the game cannot be set up: {problem}")]
    return []


def _setup_in(header: Mapping[str, Any]) -> Setup:
    if not isinstance(header.get("setup"), dict):
        raise GameError("The header holds no setup.")
    return Setup.from_json(header["setup"])


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise GameError(f"There is no transcript {path}.") from problem


def _raise_first(path: Path, violations: list[Violation]) -> None:
    if violations:
        raise GameError(f"{path}, {violations[0]}")
