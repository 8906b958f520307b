"""A household as the engine reads it: a PDDL problem, written in the order that its parser accepts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from games.text.alfworld.official import Containment, Goal

# The rules speak of these kinds even where a room has none of them.
_KINDS_IN_RULES = {"Knife": "otype", "ButterKnife": "otype", "Microwave": "rtype", "Fridge": "rtype"}
_SINK = "SinkBasin"
OPENABLE = frozenset({"Fridge", "Cabinet", "Microwave", "Drawer", "Safe"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Receptacle:
    """A place where things can be."""

    id: str
    """As the simulator writes it."""
    kind: str

    @property
    def openable(self) -> bool:
        return self.kind in OPENABLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """Something that lies in a receptacle."""

    id: str
    kind: str
    where: Receptacle


def mangled(identifier: str) -> str:
    """A simulator's identifier as the problem writes it."""
    for mark, word in (("|", "_bar_"), ("-", "_minus_"), ("+", "_plus_"), (".", "_dot_"), (",", "_comma_")):
        identifier = identifier.replace(mark, word)
    return identifier


def write_problem(
    name: str,
    receptacles: Sequence[Receptacle],
    things: Sequence[Thing],
    goal: Goal,
    containment: Containment,
    *,
    obj: str,
    recep: str,
    toggle: str,
) -> str:
    """The problem with everything closed and the agent in the middle of the room."""
    places = {receptacle.id: f"loc_bar_{number}" for number, receptacle in enumerate(receptacles, start=1)}
    start = f"loc_bar_{len(places) + 1}"
    receptacle_kinds = {receptacle.kind for receptacle in receptacles}
    thing_kinds = {thing.kind for thing in things}
    types = {f"{kind}Type": "rtype" for kind in receptacle_kinds | {_SINK}}
    types |= {f"{kind}Type": "otype" for kind in thing_kinds}
    types |= {f"{kind}Type": sort for kind, sort in _KINDS_IN_RULES.items()}
    objects = [
        "agent1 - agent",
        *(f"{kind} - {sort}" for kind, sort in sorted(types.items())),
        *(f"{place} - location" for place in [*places.values(), start]),
        *(f"{mangled(receptacle.id)} - receptacle" for receptacle in receptacles),
        *(f"{mangled(thing.id)} - object" for thing in things),
    ]
    facts = [
        "= (total-cost) 0",
        f"atLocation agent1 {start}",
        *_facts_of_receptacles(receptacles, places),
        *(
            f"canContain {kind}Type {thing}Type"
            for kind in sorted(receptacle_kinds)
            for thing in sorted(thing_kinds & containment.fits[kind])
        ),
        *_facts_of_things(things, places, containment),
    ]
    goal_text = goal.pddl.format(obj=obj, recep=recep, toggle=toggle)
    return (
        f"(define (problem {re.sub('[^A-Za-z0-9-]', '_', name)})\n(:domain alfred)\n(:objects\n"
        + "\n".join(objects)
        + "\n)\n(:init\n"
        + "\n".join(f"({fact})" for fact in facts)
        + "\n)\n"
        + re.sub(r"\s+", " ", goal_text).strip()
        + "\n"
    )


def _facts_of_receptacles(receptacles: Iterable[Receptacle], places: dict[str, str]) -> Iterable[str]:
    for receptacle in receptacles:
        identifier = mangled(receptacle.id)
        yield f"receptacleAtLocation {identifier} {places[receptacle.id]}"
        yield f"receptacleType {identifier} {receptacle.kind}Type"
        if receptacle.openable:
            yield f"openable {identifier}"


def _facts_of_things(
    things: Iterable[Thing], places: dict[str, str], containment: Containment
) -> Iterable[str]:
    for thing in things:
        identifier = mangled(thing.id)
        yield f"objectType {identifier} {thing.kind}Type"
        yield f"inReceptacle {identifier} {mangled(thing.where.id)}"
        yield f"objectAtLocation {identifier} {places[thing.where.id]}"
        if thing.kind in containment.affords["Toggleable"]:
            yield f"toggleable {identifier}"
        else:
            yield f"pickupable {identifier}"
        for what in ("Cleanable", "Heatable", "Coolable", "Sliceable"):
            if thing.kind in containment.affords[what]:
                yield f"{what.lower()} {identifier}"
