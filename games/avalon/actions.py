"""What a seat can be asked for, and what it can answer."""

from dataclasses import dataclass
from typing import Literal

DecisionKind = Literal["propose", "speak", "bid", "vote", "card", "inspect", "evil_talk", "shoot"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer the game waits for. All pending decisions are independent and may be taken at once."""

    id: str  # "q2a1/vote/3": unique in a game, the same in every replay
    kind: DecisionKind
    seat: int


@dataclass(frozen=True, slots=True)
class Propose:
    """Name a team; `speech` is what the leader says with it (empty where the table does not talk)."""

    team: tuple[int, ...]
    speech: str = ""


@dataclass(frozen=True, slots=True)
class Speak:
    """Say something to the table (or, for `evil_talk`, to the Evil seats). Empty means to pass."""

    text: str


@dataclass(frozen=True, slots=True)
class Bid:
    """How much a seat wants to speak next, 0 (not at all) to 4."""

    eagerness: int


@dataclass(frozen=True, slots=True)
class Vote:
    approve: bool


@dataclass(frozen=True, slots=True)
class Card:
    fail: bool


@dataclass(frozen=True, slots=True)
class Inspect:
    """Use the Lady of the Lake on a seat."""

    target: int


@dataclass(frozen=True, slots=True)
class Shoot:
    """The Assassin names the seat taken for Merlin."""

    target: int


@dataclass(frozen=True, slots=True)
class HoldFire:
    """The Assassin keeps the one shot for later (only where `assassin_window` is `after_every_quest`)."""


Action = Propose | Speak | Bid | Vote | Card | Inspect | Shoot | HoldFire
