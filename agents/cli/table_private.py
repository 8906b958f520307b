"""What an agent tells nobody, as short labelled texts: drafts, notes, readings, thoughts.

The agents own these events and may leave anything out, so every entry of the data is optional here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from agents.cli.table_text import role_title, short
from games.avalon.events import Event
from games.avalon.roles import Role

_LABELS = {
    "think": "thinks",
    "speak": "would say",
    "action": "would do",
    "choice": "would do",
    "summary": "notes",
    "players": "of the others",
    "leak": "gives away",
    "leaks": "gives away",
    "leak_risk": "risk of a leak",
    "reading": "a role would read",
}
_LABELS_OF_SECOND_THOUGHTS = {"think": "thinks again", "action": "decides", "choice": "decides"}
_SECOND_THOUGHTS = frozenset({"refined", "thought"})  # the stage, and the event that tells of it
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


def label_of(stage: str, field: str) -> str:
    """What a text is called at the table; a field named like a role is how that role would read a draft."""
    if stage_kind(stage) in _SECOND_THOUGHTS and field in _LABELS_OF_SECOND_THOUGHTS:
        return _LABELS_OF_SECOND_THOUGHTS[field]
    return _LABELS.get(field) or _READINGS.get(field) or field.replace("_", " ")


def private_texts(event: Event) -> list[PrivateText]:
    """The event in a few short texts."""
    return [told for told in _READERS.get(event.type, _anything)(event) if told.text]


Texts = Iterator[PrivateText]


def _draft(event: Event) -> Texts:
    yield from _present(event, "think", "choice", "action", "speak")


def _thought(event: Event) -> Texts:
    # What it speaks is what the table hears next, so it is not told twice.
    yield from _present(event, "think", "choice", "action", "changed")


def _note(event: Event) -> Texts:
    yield from _present(event, "summary")
    players = event.data.get("players")
    if isinstance(players, list):
        yield PrivateText(label_of("note", "players"), "; ".join(_player(player) for player in players))


def _player(player: object) -> str:
    if not isinstance(player, Mapping):
        return short(player)
    read = ", ".join(_read(name, value) for name, value in player.items() if name != "seat")
    return f"{short(player.get('seat', '?'))} {read}"


def _read(name: str, value: object) -> str:
    # A sentence needs no label, a bare number does.
    return short(value) if isinstance(value, str) else f"{name.replace('_', ' ')} {short(value)}"


def _second_order(event: Event) -> Texts:
    readings = event.data.get("readings")
    for reading in readings if isinstance(readings, list) else []:
        if isinstance(reading, Mapping):
            role = short(reading.get("role", "somebody"))
            label = _READINGS.get(role, f"{role} would read")
            yield PrivateText(label, short(reading.get("reading", "")), max_lines=2)
    yield from _present(event, "leaks", "leak_risk")


def _anything(event: Event) -> Texts:
    yield from _present(event, *event.data)


def _present(event: Event, *fields: str) -> Texts:
    for field in fields:
        value = event.data.get(field)
        if value is not None and value != [] and value != {}:
            yield PrivateText(label_of(event.type, field), short(value))


_READERS: dict[str, Callable[[Event], Texts]] = {
    "draft": _draft,
    "note": _note,
    "second_order": _second_order,
    "thought": _thought,
}
