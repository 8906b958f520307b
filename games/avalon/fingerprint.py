"""What game this is, whoever recorded it and in whatever format: for splits, and to know a game again."""

import hashlib
import json
from collections.abc import Iterable
from typing import Literal

from games.avalon.events import Event
from games.avalon.roles import Role

Split = Literal["train", "validation", "test"]

_TOLD = frozenset({"propose", "vote", "quest", "lady", "shot", "end"})
_LENGTH = 12  # hexadecimal digits: 48 bits, so that among 100,000 games hardly two are alike by chance

# Hundredths of all games.
_TRAIN, _VALIDATION = 60, 15


def fingerprint(events: Iterable[Event]) -> str:
    """A digest of who was what, who proposed and voted what, and how the quests went; no talk, no names.

    Who held the dagger is left out: logs of one game may differ in that.
    """
    told = [(event.type, _facts(event)) for event in events if event.type in _TOLD]
    content = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()[:_LENGTH]


def split_of(game: str) -> Split:
    """The part of a fit that a game belongs to by its fingerprint: 60, 15 and 25 of 100."""
    place = int(game[:8], 16) % 100
    if place < _TRAIN:
        return "train"
    return "validation" if place < _TRAIN + _VALIDATION else "test"


def _facts(event: Event) -> dict[str, object]:
    """What the players did, without what a setting of the rules decides."""
    data = event.data
    match event.type:
        case "propose":
            return {"leader": event.seat, "team": data["team"]}
        case "vote":
            return {"votes": data["votes"]}
        case "quest":
            return {"fails": data["fails"]}
        case "shot":
            return {"target": data["target"]}
        case "end":
            return {"roles": {seat: _without_dagger(role) for seat, role in data["roles"].items()}}
        case _:
            return {"holder": data["holder"], "target": data["target"]}


def _without_dagger(role: str) -> str:
    return Role.MINION.value if role == Role.ASSASSIN else role
