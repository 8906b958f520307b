"""One line of a transcript: its schema, and events to lines and back.

A line is a JSON object that names the game, its own place, and the SHA-256 of the line before it, so
that a changed, missing or moved line shows.
"""

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from games.avalon.events import Event, EventType
from games.errors import GameError

SCHEMA_VERSION = 1
NO_LINE_BEFORE = "0" * 64


class Line(BaseModel):
    """One parsed line. `i` counts lines from 0; `prev` hashes the former line without its line end."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    v: Literal[1]
    game: str
    i: int
    id: str
    t: EventType
    quest: int = Field(ge=0, le=5)
    attempt: int = Field(ge=0, le=5)
    seat: int | None
    vis: Literal["all", "god"] | list[int]
    data: dict[str, Any]
    ts: str | None
    decision: str | None
    prev: str
    contains_secrets: bool | None = None
    """On the first line only: whether the file holds anything that not everybody may see."""

    def event(self) -> Event:
        """The event that this line tells of."""
        visible_to = self.vis if isinstance(self.vis, str) else tuple(self.vis)
        decision = None if self.decision is None else self.decision.removeprefix(f"{self.game}/")
        return Event(self.t, self.quest, self.attempt, self.seat, visible_to, self.data, decision)


def line_hash(line: bytes) -> str:
    """The SHA-256 of a line's bytes, without its line end."""
    return hashlib.sha256(line).hexdigest()


def encode_line(
    event: Event,
    *,
    game: str,
    index: int,
    previous: str,
    time: str | None,
    contains_secrets: bool | None = None,
) -> bytes:
    """The bytes of one line without its line end. Raises `GameError` for data that JSON cannot hold."""
    record: dict[str, Any] = {
        "v": SCHEMA_VERSION,
        "game": game,
        "i": index,
        "id": f"{game}:{index}",
        "t": event.type,
        "quest": event.quest,
        "attempt": event.attempt,
        "seat": event.seat,
        "vis": event.visible_to,
        "data": event.data,
        "ts": time,
        "decision": None if event.decision is None else f"{game}/{event.decision}",
        "prev": previous,
    }
    if contains_secrets is not None:
        record["contains_secrets"] = contains_secrets
    try:
        # Escaped to ASCII: no invisible character or lone surrogate of a speech can break a line.
        return json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (TypeError, ValueError) as problem:
        raise GameError(f"Event {index} ({event.type}) does not fit into JSON: {problem}") from problem


def decode_line(raw: bytes) -> Line:
    """Parse one line. Raises `GameError` saying what is wrong with it."""
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise GameError(f"is no JSON: {problem}") from problem
    if isinstance(record, dict) and record.get("v") != SCHEMA_VERSION:
        raise GameError(f"has version {record.get('v')!r}; this program reads version {SCHEMA_VERSION}")
    try:
        return Line.model_validate(record)
    except ValidationError as problem:
        first = problem.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the line"
        raise GameError(f"does not fit the schema: {field}: {first['msg']}") from problem
