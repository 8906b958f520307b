"""The whole truth about a game in progress: what the rules read and write, and no player may see."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.setup import MAX_ATTEMPTS, Setup

Phase = Literal["propose", "bid", "talk", "vote", "quest", "evil_talk", "shoot", "lady", "end"]
"""What the game waits for."""

EndReason = Literal["three_fails", "five_rejections", "merlin_shot", "merlin_survived", "three_successes"]


@dataclass(frozen=True, slots=True)
class Ending:
    winner: Side
    reason: EndReason


ENDINGS: dict[EndReason, Ending] = {
    "three_fails": Ending(Side.EVIL, "three_fails"),
    "five_rejections": Ending(Side.EVIL, "five_rejections"),
    "merlin_shot": Ending(Side.EVIL, "merlin_shot"),
    "merlin_survived": Ending(Side.GOOD, "merlin_survived"),
    "three_successes": Ending(Side.GOOD, "three_successes"),
}


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
    forced: tuple[bool, ...]  # by attempt - 1, as is silent; `Rules.is_forced` and `Rules.is_silent`
    silent: tuple[bool, ...]
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


class Position(Protocol):
    """What can be read off a `State` and off a `live_table.LiveTable` alike: enough to say what is legal."""

    @property
    def secrets(self) -> Secrets: ...
    @property
    def phase(self) -> Phase: ...
    @property
    def quest(self) -> int: ...
    @property
    def attempt(self) -> int: ...
    @property
    def leader(self) -> int: ...
    @property
    def team(self) -> tuple[int, ...] | None: ...
    @property
    def floor(self) -> Floor: ...
    @property
    def successes(self) -> int: ...
    @property
    def lady_holders(self) -> tuple[int, ...]: ...
    @property
    def ending(self) -> Ending | None: ...


def secrets_of(setup: Setup, roles: tuple[Role, ...]) -> Secrets:
    """Look up once what the rules ask for at every step."""
    merlin = roles.index(Role.MERLIN) + 1 if Role.MERLIN in roles else None
    attempts, rules = range(1, MAX_ATTEMPTS + 1), setup.rules
    return Secrets(
        setup=setup,
        roles=roles,
        seats=tuple(setup.seats),
        team_sizes=setup.team_sizes,
        fails_required=setup.all_fails_required,
        forced=tuple([rules.is_forced(attempt) for attempt in attempts]),
        silent=tuple([rules.is_silent(attempt) for attempt in attempts]),
        evil=frozenset([seat for seat, role in enumerate(roles, start=1) if role in EVIL_ROLES]),
        shooter=None if merlin is None else roles.index(setup.assassin) + 1,
        merlin=merlin,
    )
