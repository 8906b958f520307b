"""The whole truth about a game in progress: what the rules read and write, and no player may see."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.setup import Setup

Phase = Literal["propose", "bid", "talk", "vote", "quest", "evil_talk", "shoot", "lady", "end"]
"""What the game waits for."""

EndReason = Literal["three_fails", "five_rejections", "merlin_shot", "merlin_survived", "three_successes"]


@dataclass(frozen=True, slots=True)
class Ending:
    winner: Side
    reason: EndReason


class QuestResult(NamedTuple):
    """A played quest. Quests that were never played, such as after five rejections, have none."""

    quest: int
    attempt: int
    leader: int
    team: tuple[int, ...]
    fails: int
    required: int
    success: bool


@dataclass(frozen=True, slots=True)
class Floor:
    """Who has spoken and who still will, within one attempt or one talk of the Evil seats."""

    queue: tuple[int, ...] = ()
    spoken: tuple[int, ...] = ()
    mentioned: frozenset[int] = frozenset()
    """The seats that the last speech named (they break ties between bids)."""


SILENCE = Floor()


@dataclass(frozen=True, slots=True)
class Secrets:
    """What stays fixed through a game: the setup, who has which role, and lookups made from them once."""

    setup: Setup
    roles: tuple[Role, ...]
    seats: tuple[int, ...]
    team_sizes: tuple[int, ...]  # by quest - 1, as is fails_required
    fails_required: tuple[int, ...]
    evil: frozenset[int]
    shooter: int | None  # None where nobody assassinates, that is, without Merlin
    merlin: int | None


class State(NamedTuple):  # not a dataclass: one is made at every step, and a tuple is quicker to make
    """One moment of a game. Immutable: `rules.apply` answers with the next one."""

    secrets: Secrets
    phase: Phase
    quest: int
    attempt: int
    leader: int
    team: tuple[int, ...] | None
    """The team on the table; in phase PROPOSE a tentative one that the leader may still change."""
    floor: Floor
    successes: int
    fails: int
    quests: tuple[QuestResult, ...]
    lady_holders: tuple[int, ...]
    """Every seat that has held the Lady of the Lake, the present holder last; empty without her."""
    shot_spent: bool
    ending: Ending | None

    @property
    def setup(self) -> Setup:
        return self.secrets.setup

    @property
    def roles(self) -> tuple[Role, ...]:
        """By seat, seat 1 first."""
        return self.secrets.roles

    def role_of(self, seat: int) -> Role:
        return self.secrets.roles[seat - 1]


def secrets_of(setup: Setup, roles: tuple[Role, ...]) -> Secrets:
    """Look up once what the rules ask for at every step."""
    merlin = roles.index(Role.MERLIN) + 1 if Role.MERLIN in roles else None
    return Secrets(
        setup=setup,
        roles=roles,
        seats=tuple(setup.seats),
        team_sizes=setup.team_sizes,
        fails_required=setup.all_fails_required,
        evil=frozenset([seat for seat, role in enumerate(roles, start=1) if role in EVIL_ROLES]),
        shooter=None if merlin is None else roles.index(setup.assassin) + 1,
        merlin=merlin,
    )
