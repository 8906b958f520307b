"""What the installed packages of ALFWorld bring: rules, wording, rooms, what fits where.

Only files are read. Importing `alfworld` itself would make a folder in the user's home and set an environment
variable, and nothing of it is needed.
"""

import json
import re
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from games.errors import GameError

INSTALL = "pip install 'nimue[alfworld]'"
RoomKind = Literal["kitchen", "livingroom", "bedroom", "bathroom"]
ROOM_KINDS: tuple[RoomKind, ...] = get_args(RoomKind)

_FIRST_PLAN: dict[RoomKind, int] = {"kitchen": 0, "livingroom": 200, "bedroom": 300, "bathroom": 400}
_PLANS_OF_A_KIND = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """A room of the simulator that ALFWorld was recorded in."""

    kind: RoomKind
    number: int
    receptacles: tuple[str, ...]
    """As the simulator names them, such as `Cabinet|+00.68|+00.50|-02.20`."""
    things: tuple[str, ...]
    """Kinds of everything else that stands or lies there."""

    @property
    def name(self) -> str:
        return f"{self.kind}{self.number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Containment:
    """What fits where, and what can be done to what."""

    fits: Mapping[str, frozenset[str]]
    """Kinds of things by kind of receptacle."""
    affords: Mapping[str, frozenset[str]]
    """Kinds of things by `Heatable`, `Coolable`, `Cleanable`, `Sliceable`, `Toggleable`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """A task type's goal."""

    pddl: str
    """With places for `{obj}`, `{recep}` and `{toggle}`; it closes the whole problem."""
    sentences: tuple[str, ...]


def require_engine() -> None:
    """Raises:
    GameError: a package that plays ALFWorld is not installed.
    """
    missing = [name for name in ("textworld", "fast_downward", "alfworld") if find_spec(name) is None]
    if missing:
        raise GameError(
            f"ALFWorld needs the TextWorld engine, and {', '.join(missing)} is not installed: "
            f"{INSTALL} (it compiles two libraries, so a C and a C++ compiler must be there)"
        )


@lru_cache(maxsize=1)
def domain() -> str:
    """The rules of household games in PDDL."""
    return (_package() / "data" / "alfred.pddl").read_text()


@lru_cache(maxsize=1)
def grammar() -> str:
    """The wording of household games, with the goal's sentence still to be filled in."""
    return (_package() / "data" / "alfred.twl2").read_text()


@lru_cache(maxsize=1)
def containment() -> Containment:
    table = runpy.run_path(str(_package() / "gen" / "constants.py"))
    return Containment(
        fits={kind: frozenset(things) for kind, things in table["VAL_RECEPTACLE_OBJECTS"].items()},
        affords={what: frozenset(things) for what, things in table["VAL_ACTION_OBJECTS"].items()},
    )


def goal(task_type: str) -> Goal:
    """The goal of a task type by ALFWorld's name, such as `pick_and_place_simple`."""
    return _goals()[task_type]


def rooms(kind: RoomKind) -> tuple[Room, ...]:
    """All thirty rooms of a kind."""
    first = _FIRST_PLAN[kind]
    return tuple(_room(kind, first + number) for number in range(1, _PLANS_OF_A_KIND + 1))


def _room(kind: RoomKind, plan: int) -> Room:
    layouts = _package() / "gen" / "layouts"
    receptacles = json.loads((layouts / f"FloorPlan{plan}-openable.json").read_text())
    things = json.loads((layouts / f"FloorPlan{plan}-objects.json").read_text())
    number = int(re.sub(r"^[234](?=\d\d$)", "", str(plan)))
    return Room(
        kind=kind, number=number, receptacles=tuple(sorted(receptacles)), things=tuple(sorted(things))
    )


@lru_cache(maxsize=1)
def _goals() -> dict[str, Goal]:
    table = runpy.run_path(str(_package() / "gen" / "goal_library.py"))["gdict"]
    return {
        task_type: Goal(pddl=entry["pddl"].replace("#", "-"), sentences=tuple(entry["templates"]))
        for task_type, entry in table.items()
    }


@lru_cache(maxsize=1)
def _package() -> Path:
    require_engine()
    found = find_spec("alfworld")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent
