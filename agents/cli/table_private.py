"""What an agent tells nobody, as short labelled texts: drafts, notes, readings, thoughts.

The agents own these events and may leave anything out, so every entry of the data is optional here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agents.cli.table_text import role_title, short
from games.avalon.events import Event
from games.avalon.roles import Role

_STAGE_TITLES = {
    "note": "first impression",
    "draft": "draft",
    "second_order": "how others may read the draft",
    "refined": "second thought",
    "thought": "second thought",
    "direct": "thought",
    "probe": "asked in private",
}
_FIELD_TITLES = {
    "think": "thinks",
    "speak": "would say",
    "action": "would do",
    "choice": "would do",
    "summary": "notes",
    "players": "of the others",
    "leak": "gives away",
    "leaks": "gives away",
    "leak_risk": "risk of a leak",
    "changed": "changed",
}
_READINGS = {role.value: f"{role_title(role)} would read" for role in Role}


@dataclass(frozen=True, slots=True)
class PrivateText:
    """One text of a private event, not yet cleaned, and how many lines of it a table shows."""

    label: str
    text: str
    max_lines: int = 3


def stage_kind(stage: str) -> str:
    """The stage without the number that tells parallel calls apart: "second_order" of "second_order#2"."""
    return stage.partition("#")[0]


def stage_title(stage: str) -> str:
    """What a stage of an agent's reasoning is called at the table."""
    kind = stage_kind(stage)
    return _STAGE_TITLES.get(kind, kind.replace("_", " "))


def field_title(field: str) -> str:
    """What a text of a stage is called; a role's name is how that role would read a draft."""
    return _FIELD_TITLES.get(field) or _READINGS.get(field) or field.replace("_", " ")


def private_texts(event: Event) -> list[PrivateText]:
    """The event in a few short texts."""
    return [told for told in _READERS.get(event.type, _anything)(event.data) if told.text]


Texts = Iterator[PrivateText]


def _draft(data: Mapping[str, Any]) -> Texts:
    yield from _present(data, "think", "choice", "action", "speak")


def _thought(data: Mapping[str, Any]) -> Texts:
    # What it speaks is what the table hears next, so it is not told twice.
    yield from _present(data, "think", "choice", "action", "changed")


def _note(data: Mapping[str, Any]) -> Texts:
    yield from _present(data, "summary")
    players = data.get("players")
    if isinstance(players, list):
        yield PrivateText(field_title("players"), "; ".join(_player(player) for player in players))


def _player(player: object) -> str:
    if not isinstance(player, Mapping):
        return short(player)
    read = ", ".join(_read(name, value) for name, value in player.items() if name != "seat")
    return f"{short(player.get('seat', '?'))} {read}"


def _read(name: str, value: object) -> str:
    # A sentence needs no label, a bare number does.
    return short(value) if isinstance(value, str) else f"{name.replace('_', ' ')} {short(value)}"


def _second_order(data: Mapping[str, Any]) -> Texts:
    readings = data.get("readings")
    for reading in readings if isinstance(readings, list) else []:
        if isinstance(reading, Mapping):
            role = short(reading.get("role", "somebody"))
            label = _READINGS.get(role, f"{role} would read")
            yield PrivateText(label, short(reading.get("reading", "")), max_lines=2)
    yield from _present(data, "leaks", "leak_risk")


def _anything(data: Mapping[str, Any]) -> Texts:
    yield from _present(data, *(field for field in data if field != "stage"))


def _present(data: Mapping[str, Any], *fields: str) -> Texts:
    for field in fields:
        value = data.get(field)
        if value is not None and value != [] and value != {}:
            yield PrivateText(field_title(field), short(value))


_READERS: dict[str, Callable[[Mapping[str, Any]], Texts]] = {
    "draft": _draft,
    "note": _note,
    "second_order": _second_order,
    "thought": _thought,
}
