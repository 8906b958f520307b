"""What an attempt in a household has shown so far, gathered from its observations."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.expel_stand_in.reading import Story

_THING = re.compile(r"\b([a-z]+ \d+)\b")
_SEEN = re.compile(r"you see (?P<things>.*)", re.IGNORECASE | re.DOTALL)
_CLOSED = re.compile(r"\b([a-z]+ \d+) is closed", re.IGNORECASE)
_REFUSED = "nothing happens"
_TREATMENTS = ("clean", "heat", "cool")


@dataclass(slots=True)
class Room:
    """A room as far as it is known. Things and places carry their numbers, as in `egg 2`."""

    places: list[str]
    here: str = ""
    holding: str = ""
    treated: bool = False
    """Whether what is held was cleaned, heated or cooled."""
    contents: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    closed: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    visits: Counter[str] = field(default_factory=Counter)
    moved: set[str] = field(default_factory=set)
    """What was put down somewhere."""

    def where(self, kind: str, except_in: Iterable[str] = ()) -> tuple[str, str] | None:
        """A thing of a kind and its place, the first that was seen."""
        left_out = set(except_in)
        for place, things in self.contents.items():
            for thing in things:
                if kind_of(thing) == kind and place not in left_out:
                    return thing, place
        return None

    def of_kind(self, kind: str) -> list[str]:
        """The places of a kind, in their numbers' order."""
        return sorted(
            (place for place in self.places if kind_of(place) == kind), key=lambda name: int(name.split()[1])
        )


def kind_of(name: str) -> str:
    return name.split()[0]


def room_of(story: Story) -> Room:
    """The room after all that happened in a story."""
    room = Room(places=_listed(story.task.partition("Your task is")[0]))
    action = ""
    for line in story.lines:
        if line.kind == "action":
            action = line.text
        elif line.kind == "observation" and _REFUSED not in line.text.lower():
            _happened(room, action, line.text)
    return room


def sightings(stories: Iterable[Story], kind: str) -> Mapping[str, int]:
    """How often stories show a kind of thing in each kind of place; what was put there does not count."""
    seen: Counter[str] = Counter()
    for each in stories:
        room = Room(places=[])
        known: set[tuple[str, str]] = set()
        action = ""
        for line in each.lines:
            if line.kind == "action":
                action = line.text
                continue
            if line.kind != "observation":
                continue
            _happened(room, action, line.text)
            for thing in _listed(line.text):
                if kind_of(thing) == kind and thing not in room.moved:
                    known.add((thing, room.here))
        seen.update(kind_of(place) for _, place in known if place)
    return seen


def _happened(room: Room, action: str, seen: str) -> None:
    names = _THING.findall(action)
    verb = action.split()[0] if action else ""
    if verb == "go" and names:
        room.here = names[0]
        room.visits[room.here] += 1
    elif verb == "open" and names:
        room.opened.add(names[0])
        room.closed.discard(names[0])
    elif verb == "take" and names:
        room.holding, room.treated = names[0], False
        for things in room.contents.values():
            if names[0] in things:
                things.remove(names[0])
    elif verb in ("move", "put") and len(names) == 2:
        room.holding, room.treated = "", False
        room.moved.add(names[0])
        room.contents[names[1]].append(names[0])
    elif verb in _TREATMENTS:
        room.treated = True
    if room.here in _CLOSED.findall(seen.lower()):
        room.closed.add(room.here)
    if verb in ("go", "open"):
        room.contents[room.here] = _listed(seen)


def _listed(text: str) -> list[str]:
    found = _SEEN.search(text)
    return _THING.findall(found["things"].lower()) if found else []
