"""New household games: rooms of the simulator, furnished by habits that can be learnt.

A seed stands for a family. Its habits say where each kind of thing is kept in each kind of room, and they
hold in all rooms alike, those of a held-out split too: an agent that learns where the family keeps its mugs
gains from it in rooms that it has never seen. One thing in seven lies elsewhere. Every game is certified: the
planner finds commands that win it, and they are played on the engine.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from games.errors import GameError
from games.text.alfworld.games import KINDS, TASK_TYPES, Game
from games.text.alfworld.official import (
    Room,
    RoomKind,
    containment,
    domain,
    goal,
    grammar,
    require_engine,
    rooms,
)
from games.text.alfworld.problem import OPENABLE, Receptacle, Thing, write_problem

if TYPE_CHECKING:
    from games.text.alfworld.engine import HouseEngine

AT_HOME = 6 / 7  # how often a thing is where the family keeps its kind
CLOSED_SHARE = 0.4  # of the asked-for things in closed receptacles
MAX_OF_A_KIND = 3  # cabinets, drawers and the like: a room stays within reach of some twenty steps
MAX_OTHERS = 8  # things that nobody asks for
ATTEMPTS = 60

_ROOMS_FOR: Mapping[str, tuple[RoomKind, ...]] = {
    "put": ("kitchen", "livingroom", "bedroom", "bathroom"),
    "examine": ("bedroom", "livingroom"),
    "clean": ("kitchen", "bathroom"),
    "heat": ("kitchen",),
    "cool": ("kitchen",),
    "puttwo": ("kitchen", "livingroom", "bedroom", "bathroom"),
}
_AFFORDANCE = {"clean": "Cleanable", "heat": "Heatable", "cool": "Coolable"}
_APPLIANCE = {"clean": "SinkBasin", "heat": "Microwave", "cool": "Fridge"}
_LAMP = "DeskLamp"
_LAMP_STANDS_ON = ("Desk", "SideTable", "Dresser", "DiningTable")
_NO_HOME = frozenset({"GarbageCan", "Microwave", "Toilet"})  # nobody keeps things there
# Rooms' layouts list what can be opened or walked to; these stand there without being listed.
_FIXTURES = {"StoveBurner": 2, "CoffeeMachine": 1, "GarbageCan": 1, "Toilet": 1}


@dataclass(frozen=True, slots=True)
class Habits:
    """Where a family keeps each kind of thing."""

    homes: Mapping[tuple[RoomKind, str], str]
    """Kind of receptacle by kind of room and thing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wish:
    """What is drawn for a game before it is written down."""

    kind: str
    room: Room
    receptacles: tuple[Receptacle, ...]
    target: str
    recep: str
    toggle: str
    closed: bool
    things: tuple[Thing, ...]


def draw_habits(seed: int, room_kinds: Sequence[RoomKind]) -> Habits:
    """The habits of the family that a seed stands for."""
    fits = containment().fits
    homes: dict[tuple[RoomKind, str], str] = {}
    for room_kind in room_kinds:
        all_rooms = rooms(room_kind)
        furnished = [{place.kind for place in _all_receptacles(room)} for room in all_rooms]
        usual = sorted(
            {
                kind
                for kinds in furnished
                for kind in kinds
                if 2 * sum(kind in k for k in furnished) >= len(furnished)
            }
        )
        for thing in sorted({thing for room in all_rooms for thing in room.things}):
            rng = random.Random(f"habits/{seed}/{room_kind}/{thing}")
            possible = [kind for kind in usual if kind not in _NO_HOME and thing in fits[kind]]
            closed = [kind for kind in possible if kind in OPENABLE]
            lying_open = [kind for kind in possible if kind not in OPENABLE]
            choices = (closed if rng.random() < 0.5 else lying_open) or possible
            if choices:
                homes[room_kind, thing] = rng.choice(choices)
    return Habits(homes)


def make_games(*, seed: int, splits: Mapping[str, int], room_kinds: Sequence[RoomKind]) -> Iterator[Game]:
    """Certified games, split by split; the kinds of task that fit the rooms take turns.

    No room is in two splits.

    Raises:
        GameError: a split has too few rooms, or the engine is not installed.
    """
    require_engine()
    from games.text.alfworld.engine import HouseEngine

    kinds = [kind for kind in KINDS if set(_ROOMS_FOR[kind]) & set(room_kinds)]
    rooms_by_split = _rooms_by_split(seed, splits, room_kinds)
    for split, split_rooms in rooms_by_split.items():
        for kind in kinds[: splits[split]]:
            if not any(room.kind in _ROOMS_FOR[kind] for room in split_rooms):
                raise GameError(f"split {split!r} has no room for a {kind} task: ask for fewer splits")
    habits = draw_habits(seed, room_kinds)
    engine = HouseEngine()
    try:
        for split, split_rooms in rooms_by_split.items():
            taken: set[str] = set()
            for number in range(splits[split]):
                kind = kinds[number % len(kinds)]
                closed = int((number + 1) * CLOSED_SHARE) > int(number * CLOSED_SHARE)
                rng = random.Random(f"game/{seed}/{split}/{number}")
                game = _certified_game(engine, rng, habits, split_rooms, split, kind, closed)
                game = replace(game, id=_free(game.id, taken))
                taken.add(game.id)
                yield game
    finally:
        engine.close()


def _rooms_by_split(
    seed: int, splits: Mapping[str, int], room_kinds: Sequence[RoomKind]
) -> dict[str, list[Room]]:
    """Each split's rooms, in proportion to its games."""
    shares: dict[str, list[Room]] = {split: [] for split in splits}
    total = sum(splits.values())
    for room_kind in room_kinds:
        plans = list(rooms(room_kind))
        random.Random(f"rooms/{seed}/{room_kind}").shuffle(plans)
        for split, num_games in splits.items():
            num_rooms = max(1, len(rooms(room_kind)) * num_games // total)
            shares[split] += plans[:num_rooms]
            del plans[:num_rooms]
    return shares


def _certified_game(
    engine: HouseEngine,
    rng: random.Random,
    habits: Habits,
    split_rooms: Sequence[Room],
    split: str,
    kind: str,
    closed: bool,
) -> Game:
    suitable = [room for room in split_rooms if room.kind in _ROOMS_FOR[kind]]
    if not suitable:
        raise GameError(
            f"split {split!r} has no room for a {kind} task: make it larger, or add kinds of rooms"
        )
    for _ in range(ATTEMPTS):
        wish = _draw(rng, habits, rng.choice(suitable), kind, closed)
        if wish is None:
            continue
        game = _written(rng, wish, split)
        engine.load(domain(), grammar(), game.problem)
        walkthrough = engine.plan()
        if walkthrough and _wins(engine, game, walkthrough):
            return replace(game, walkthrough=walkthrough)
    raise GameError(
        f"found no {kind} game in {ATTEMPTS} draws for split {split!r}: give it more kinds of rooms"
    )


def _draw(rng: random.Random, habits: Habits, room: Room, kind: str, closed: bool) -> _Wish | None:
    """A game in a room; None where the room has nothing for it."""
    table = containment()
    receptacles = _receptacles(rng, room)
    present = {place.kind for place in receptacles}
    appliance = _APPLIANCE.get(kind)
    if appliance is not None and appliance not in present:
        return None
    if kind == "examine" and (_LAMP not in room.things or not present & set(_LAMP_STANDS_ON)):
        return None
    targets = [
        thing
        for thing in room.things
        if habits.homes.get((room.kind, thing)) in present
        and (habits.homes[room.kind, thing] in OPENABLE) == closed
        and (kind not in _AFFORDANCE or thing in table.affords[_AFFORDANCE[kind]])
    ]
    if not targets:
        return None
    target = rng.choice(targets)
    goals = sorted(
        place
        for place in present
        if target in table.fits[place] and place not in (habits.homes[room.kind, target], appliance)
    )
    if not goals and kind != "examine":
        return None
    recep = "" if kind == "examine" else rng.choice(goals)
    toggle = _LAMP if kind == "examine" else ""
    places = _places_of_targets(rng, habits, room, receptacles, target, recep, closed, 1 + (kind == "puttwo"))
    if places is None:
        return None
    things = [_thing(rng, target, place) for place in places]
    if toggle:
        stands_on = [place for place in receptacles if place.kind in _LAMP_STANDS_ON]
        things.append(_thing(rng, _LAMP, rng.choice(stands_on)))
    things += _others(rng, habits, room, receptacles, target)
    return _Wish(
        kind=kind,
        room=room,
        receptacles=tuple(receptacles),
        target=target,
        recep=recep,
        toggle=toggle,
        closed=closed,
        things=tuple(things),
    )


def _places_of_targets(
    rng: random.Random,
    habits: Habits,
    room: Room,
    receptacles: Sequence[Receptacle],
    target: str,
    recep: str,
    closed: bool,
    num_targets: int,
) -> list[Receptacle] | None:
    fits = containment().fits
    home = habits.homes[room.kind, target]
    allowed = [
        place
        for place in receptacles
        if target in fits[place.kind] and place.kind != recep and place.openable == closed
    ]
    at_home = [place for place in allowed if place.kind == home]
    elsewhere = [place for place in allowed if place.kind != home]
    if not at_home:
        return None
    return [
        rng.choice(at_home if rng.random() < AT_HOME or not elsewhere else elsewhere)
        for _ in range(num_targets)
    ]


def _others(
    rng: random.Random, habits: Habits, room: Room, receptacles: Sequence[Receptacle], target: str
) -> Iterator[Thing]:
    fits = containment().fits
    kinds = [thing for thing in room.things if thing not in (target, _LAMP)]
    rng.shuffle(kinds)
    num_placed = 0
    for kind in kinds:
        possible = [place for place in receptacles if kind in fits[place.kind]]
        home = [place for place in possible if place.kind == habits.homes.get((room.kind, kind))]
        if not possible:
            continue
        yield _thing(rng, kind, rng.choice(home if home and rng.random() < AT_HOME else possible))
        num_placed += 1
        if num_placed == MAX_OTHERS:
            return


def _receptacles(rng: random.Random, room: Room) -> list[Receptacle]:
    """The room's receptacles, of each kind at most a few."""
    by_kind: dict[str, list[Receptacle]] = {}
    for place in _all_receptacles(room):
        by_kind.setdefault(place.kind, []).append(place)
    return [
        place
        for kind in sorted(by_kind)
        for place in rng.sample(by_kind[kind], min(MAX_OF_A_KIND, len(by_kind[kind])))
    ]


def _all_receptacles(room: Room) -> list[Receptacle]:
    fits = containment().fits
    places = [Receptacle(id=name, kind=_receptacle_kind(name)) for name in room.receptacles]
    listed = {place.kind for place in places}
    for kind, number in _FIXTURES.items():
        if kind in room.things and kind not in listed:
            rng = random.Random(f"fixture/{room.name}/{kind}")
            places += [Receptacle(id=_identifier(rng, kind), kind=kind) for _ in range(number)]
    return [place for place in places if place.kind in fits]


def _receptacle_kind(name: str) -> str:
    """`SinkBasin` of `Sink|-00.10|+01.00|-01.50|SinkBasin`, otherwise what stands first."""
    parts = name.split("|")
    return parts[-1] if parts[-1].endswith("Basin") else parts[0]


def _thing(rng: random.Random, kind: str, where: Receptacle) -> Thing:
    return Thing(id=_identifier(rng, kind), kind=kind, where=where)


def _identifier(rng: random.Random, kind: str) -> str:
    """A name with coordinates that no other thing has by any real chance."""
    return "|".join([kind, *(f"{rng.choice('+-')}{rng.randrange(1000) / 100:05.2f}" for _ in range(3))])


def _written(rng: random.Random, wish: _Wish, split: str) -> Game:
    pattern = goal(TASK_TYPES[wish.kind])
    names = {"obj": wish.target, "recep": wish.recep, "toggle": wish.toggle}
    sentence = rng.choice(pattern.sentences).format(**{part: name.lower() for part, name in names.items()})
    name = "-".join([wish.kind, wish.target, wish.recep or wish.toggle, wish.room.name]).lower()
    problem = write_problem(name, wish.receptacles, wish.things, pattern, containment(), **names)
    return Game(
        id=f"{split}/{name}",
        kind=wish.kind,
        split=split,
        room=wish.room.name,
        sentence=sentence,
        problem=problem,
        walkthrough=(),
        target=wish.target,
        target_in=wish.things[0].where.kind,
        target_closed=wish.closed,
    )


def _wins(engine: HouseEngine, game: Game, walkthrough: Sequence[str]) -> bool:
    engine.load(domain(), grammar(), game.problem)
    return all(engine.act(command) is not None for command in walkthrough) and engine.won


def _free(name: str, taken: set[str]) -> str:
    return (
        name
        if name not in taken
        else next(
            f"{name}-{number}" for number in range(2, len(taken) + 3) if f"{name}-{number}" not in taken
        )
    )
