"""The whole truth about a game in progress: what the rules read and write, and no player may see."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from games.avalon.draws import Deal
from games.avalon.roles import EVIL_ROLES, Role, Side
from games.avalon.setup import Setup


class Phase(StrEnum):
    """What the game waits for."""

    PROPOSE = "propose"
    BID = "bid"
    TALK = "talk"
    VOTE = "vote"
    QUEST = "quest"
    EVIL_TALK = "evil_talk"
    SHOOT = "shoot"
    LADY = "lady"
    END = "end"

    # As for `Role`: a phase is looked up at every step.
    __hash__ = str.__hash__


EndReason = Literal["three_fails", "five_rejections", "merlin_shot", "merlin_survived", "three_successes"]


@dataclass(frozen=True, slots=True)
class Ending:
    winner: Side
    reason: EndReason


@dataclass(frozen=True, slots=True)
class QuestResult:
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
    """What stays fixed through a game: the setup, the deal, and lookups made from them once."""

    setup: Setup
    deal: Deal
    seats: tuple[int, ...]
    team_sizes: tuple[int, ...]  # by quest - 1, as is fails_required
    fails_required: tuple[int, ...]
    evil: frozenset[int]
    shooter: int | None  # None where nobody assassinates, that is, without Merlin
    merlin: int | None


@dataclass(frozen=True, slots=True)
class State:
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
        return self.secrets.deal.roles

    def role_of(self, seat: int) -> Role:
        return self.secrets.deal.roles[seat - 1]


def secrets_of(setup: Setup, deal: Deal) -> Secrets:
    """Look up once what the rules ask for at every step."""
    roles = deal.roles
    merlin = roles.index(Role.MERLIN) + 1 if Role.MERLIN in roles else None
    return Secrets(
        setup=setup,
        deal=deal,
        seats=tuple(setup.seats),
        team_sizes=setup.team_sizes,
        fails_required=setup.all_fails_required,
        evil=frozenset([seat for seat, role in enumerate(roles, start=1) if role in EVIL_ROLES]),
        shooter=None if merlin is None else roles.index(setup.assassin) + 1,
        merlin=merlin,
    )
