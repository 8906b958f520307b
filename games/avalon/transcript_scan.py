"""Reading a transcript's lines and checking that each continues the one before."""

from dataclasses import dataclass

from games.avalon.events import Event
from games.avalon.transcript_lines import NO_LINE_BEFORE, Line, decode_line, encode_line, line_hash
from games.errors import GameError


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one line of a file; lines count from 1."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Scan:
    """A file's lines and what is wrong about them, before any question of rules."""

    num_lines: int
    numbered: list[tuple[int, Line]]
    """The lines that could be read, each with its number."""
    violations: list[Violation]
    last_hash: str
    sealed: bool

    @property
    def lines(self) -> list[Line]:
        return [line for _, line in self.numbered]


@dataclass(frozen=True, slots=True)
class _Link:
    """What the next line is held against."""

    line: Line | None  # None where it could not be read
    hash: str


def scan_lines(content: bytes) -> Scan:
    """Read and check the lines; at most one violation is told of each line."""
    *whole, torn = content.split(b"\n")
    numbered: list[tuple[int, Line]] = []
    found: dict[int, str] = {}
    before = _Link(None, NO_LINE_BEFORE)
    for number, raw in enumerate(whole, start=1):
        link = _Link(None, line_hash(raw))
        try:
            link = _Link(decode_line(raw), link.hash)
        except GameError as problem:
            found.setdefault(number, str(problem))
        if link.line is not None:
            numbered.append((number, link.line))
            first = numbered[0][1]
            for culprit, message in _complaints(number, raw, link.line, before, first):
                found.setdefault(culprit, message)
        before = link
    if torn:
        found.setdefault(len(whole) + 1, "is torn: it has no line end, so its writing was cut short")
    elif not whole:
        found[1] = "is missing: the file is empty"
    return Scan(
        num_lines=len(whole) + bool(torn),
        numbered=numbered,
        violations=[Violation(number, message) for number, message in sorted(found.items())],
        last_hash=before.hash,
        sealed=any(line.t == "seal" for _, line in numbered),
    )


def _complaints(number: int, raw: bytes, line: Line, before: _Link, first: Line) -> list[tuple[int, str]]:
    """What is wrong where this line meets the one before: (number of the line to blame, message)."""
    place = number - 1 if before.line is None else before.line.i + 1
    if line.i != place:
        text = (
            f"says it is line {line.i + 1}, but line {place + 1} is due: lines were removed, added or moved"
        )
        return [(number, text)]
    complaints = []
    if before.line is not None and before.line.t == "seal":
        complaints.append((number, "comes after the seal, where nothing may follow"))
    if line.prev != before.hash:
        text = f"is not what line {number} holds the hash of: it was changed, or line {number} is forged"
        complaints.append((max(number - 1, 1), text))
    if number == 1:
        complaints += _first_line_complaints(line)
    elif line.contains_secrets is not None:
        complaints.append((number, "repeats contains_secrets, which belongs to the first line"))
    if line.game != first.game or line.id != f"{line.game}:{line.i}":
        complaints.append((number, f"belongs to {line.game} as {line.id}, but this is {first.game}:{line.i}"))
    if first.contains_secrets is False and line.vis != "all":
        complaints.append((number, f"is for {line.vis} only, in a file marked as free of secrets"))
    if line.t == "seal" and raw != seal_line(line.game, line.i, before.hash):
        complaints.append((number, "is a seal that does not fit the lines before it"))
    return complaints


def _first_line_complaints(line: Line) -> list[tuple[int, str]]:
    if line.t != "header":
        return [(1, f"is {line.t}; a transcript opens with its header")]
    if line.contains_secrets is None:
        return [(1, "does not say whether the file contains_secrets")]
    return []


def seal_line(game: str, index: int, previous: str) -> bytes:
    """The only bytes that can close a file after these lines."""
    seal = Event("seal", data={"lines": index, "sha256": previous})
    return encode_line(seal, game=game, index=index, previous=previous, time=None)
