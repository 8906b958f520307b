"""What the night tells each seat, and which deals a seat must still hold possible.

Merlin sees Evil but Mordred; Percival sees Merlin and Morgana without telling them apart; Evil sees
Evil but Oberon; Oberon and the servants see nothing. Everybody knows which roles are in play.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.setup import Setup

GOOD_ROLES = frozenset(Role) - EVIL_ROLES


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What one seat knows for certain about who is who."""

    seat: int
    role: Role
    evil: frozenset[int] | None = None
    """The Evil seats shown to this seat, itself among them if it is Evil; None if it was shown nothing."""
    merlin_candidates: frozenset[int] = frozenset()
    """Percival only: the seats that showed themselves as Merlin, one or two."""
    known_roles: Mapping[int, Role] = field(default_factory=dict)
    """Roles known exactly: the own one, and those of the other Evil seats under `evil_know_roles`."""
    lady: Mapping[int, Side] = field(default_factory=dict)
    """What the Lady of the Lake has told this seat."""


def seen_by_merlin(setup: Setup) -> frozenset[Role]:
    """The roles whose seats Merlin is shown."""
    return _ALL_BUT_MORDRED if setup.rules.merlin_sees_oberon else _ALL_BUT_MORDRED - {Role.OBERON}


ACTS_WITH_EVIL = EVIL_ROLES - {Role.OBERON}
_ALL_BUT_MORDRED = EVIL_ROLES - {Role.MORDRED}


def knowledge_of(setup: Setup, roles: tuple[Role, ...], seat: int) -> Knowledge:
    """What this seat knows after the night, the roles being dealt by seat (seat 1 first)."""
    role = roles[seat - 1]
    known = {seat: role}
    if role is Role.MERLIN:
        return Knowledge(seat, role, _seats_of(roles, seen_by_merlin(setup)), _NOBODY, known)
    if role is Role.PERCIVAL:
        return Knowledge(seat, role, None, _seats_of(roles, _SHOWN_TO_PERCIVAL), known)
    if role in ACTS_WITH_EVIL:
        evil = _seats_of(roles, ACTS_WITH_EVIL)
        if setup.rules.evil_know_roles:
            known = {mate: roles[mate - 1] for mate in sorted(evil)}
        return Knowledge(seat, role, evil, _NOBODY, known)
    return Knowledge(seat, role, None, _NOBODY, known)


_SHOWN_TO_PERCIVAL = frozenset({Role.MERLIN, Role.MORGANA})
_NOBODY: frozenset[int] = frozenset()


def _seats_of(roles: tuple[Role, ...], wanted: frozenset[Role]) -> frozenset[int]:
    return frozenset([seat for seat, role in enumerate(roles, start=1) if role in wanted])


def knowledge_to_json(knowledge: Knowledge) -> dict[str, Any]:
    """The data of a `knowledge` event: what was not shown is absent, seats are sorted."""
    data: dict[str, Any] = {"role": knowledge.role.value}
    if knowledge.evil is not None:
        data["evil"] = sorted(knowledge.evil)
    if knowledge.merlin_candidates:
        data["merlin_candidates"] = sorted(knowledge.merlin_candidates)
    if len(knowledge.known_roles) > 1:
        data["roles_of"] = {str(seat): role.value for seat, role in sorted(knowledge.known_roles.items())}
    return data


def knowledge_from_json(seat: int, data: Mapping[str, Any]) -> Knowledge:
    """Read what `knowledge_to_json` wrote."""
    role = Role(data["role"])
    known = {int(mate): Role(name) for mate, name in data.get("roles_of", {}).items()}
    return Knowledge(
        seat,
        role,
        evil=frozenset(data["evil"]) if "evil" in data else None,
        merlin_candidates=frozenset(data.get("merlin_candidates", ())),
        known_roles=known or {seat: role},
    )


def possible_roles(setup: Setup, knowledge: Knowledge) -> tuple[frozenset[Role], ...]:
    """The roles that each seat (seat 1 first) may have, given what one seat knows.

    Every fact of the night and of the Lady concerns one seat at a time, so these sets together with
    the roles in play say all that the seat knows.
    """
    return tuple(_possible_roles_at(setup, knowledge, seat) for seat in setup.seats)


def _possible_roles_at(setup: Setup, knowledge: Knowledge, seat: int) -> frozenset[Role]:
    if seat in knowledge.known_roles:
        return frozenset({knowledge.known_roles[seat]})
    possible = frozenset(setup.roles)
    if knowledge.role is Role.PERCIVAL:
        is_candidate = seat in knowledge.merlin_candidates
        possible &= _SHOWN_TO_PERCIVAL if is_candidate else possible - _SHOWN_TO_PERCIVAL
    elif knowledge.evil is not None:
        shown = seen_by_merlin(setup) if knowledge.role is Role.MERLIN else ACTS_WITH_EVIL
        possible &= shown if seat in knowledge.evil else possible - shown
    if seat in knowledge.lady:
        possible &= EVIL_ROLES if knowledge.lady[seat] is Side.EVIL else GOOD_ROLES
    return possible


def consistent_assignments(setup: Setup, knowledge: Knowledge | None = None) -> Iterator[tuple[Role, ...]]:
    """Every way to seat the roles that fits this knowledge, each once, in a fixed order; all without it."""
    anything = frozenset(setup.roles)
    possible = possible_roles(setup, knowledge) if knowledge else (anything,) * setup.num_players
    in_play = [role for role in Role if role in anything]
    left = Counter(setup.roles)
    seated: list[Role] = []

    def seat_the_rest() -> Iterator[tuple[Role, ...]]:
        if len(seated) == len(possible):
            yield tuple(seated)
            return
        for role in in_play:
            if left[role] and role in possible[len(seated)]:
                left[role] -= 1
                seated.append(role)
                yield from seat_the_rest()
                seated.pop()
                left[role] += 1

    return seat_the_rest()
