"""Who believed what when, and how near Evil came to Merlin (specification 4.4).

Beliefs come from a function of a seat's view: the exact posterior, or whatever reads a language model's
notes and probes out of the view's events. A moment is the night, and every vote, quest and look of the
Lady; talk makes moments too where it is asked for.

Merlin exposure     at a moment: mean over the Evil seats of the probability they put on the true Merlin
chance              1 / (number of Good seats): Evil that knows each other and nothing more
concealment         shots that missed Merlin / shots taken, against 1 - 1 / (number of Good seats), the
                    survival of a Merlin who is shot at blindly (Oberon, whom the shooter does not know,
                    is passed over: the true chance is a little higher with him)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from games.avalon.events import Event, EventType
from games.avalon.metrics.counted import Mean, Share
from games.avalon.metrics.recorded import RecordedGame
from games.avalon.view import View, Viewer


class Beliefs(Protocol):
    """What a seat believes; arrays by seat, seat 1 first."""

    @property
    def evil_N(self) -> NDArray[np.float64]:
        """The probability that each seat is Evil."""

    @property
    def merlin_N(self) -> NDArray[np.float64]:
        """The probability that each seat is Merlin."""


BeliefsOf = Callable[[View], Beliefs | None]
"""None where the seat has told nothing of what it believes."""

BOARD_MOMENTS: frozenset[EventType] = frozenset({"vote", "quest", "lady"})
TALK_MOMENTS: frozenset[EventType] = BOARD_MOMENTS | {"speech"}


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant after an event; `event` is its place among the game's events."""

    event: int
    type: EventType
    quest: int
    attempt: int
    seat: int | None

    @property
    def label(self) -> str:
        """ "night", "2.1" for a vote, "Q2" for a quest."""
        if self.type == "knowledge":
            return "night"
        return f"Q{self.quest}" if self.type == "quest" else f"{self.quest}.{self.attempt}"


def moments_of(game: RecordedGame, at: frozenset[EventType] = BOARD_MOMENTS) -> list[Moment]:
    """The night, then every public event of these types before the end."""
    moments: list[Moment] = []
    last_of_night = max(place for place, event in enumerate(game.events) if event.type == "knowledge")
    for place, event in enumerate(game.events):
        if event.type == "end":
            break
        is_public_moment = event.type in at and event.visible_to == "all"
        if place == last_of_night or is_public_moment:
            moments.append(Moment(place, event.type, event.quest, event.attempt, event.seat))
    return moments


def views_over_time(game: RecordedGame, seat: int, moments: Sequence[Moment]) -> list[View]:
    """What the seat saw at each moment."""
    viewer = Viewer(seat)
    places = iter(moments)
    due = next(places, None)
    views = []
    for place, event in enumerate(game.events):
        viewer.observe(event)
        if due is not None and place == due.event:
            views.append(viewer.view())
            due = next(places, None)
    return views


@dataclass(frozen=True, slots=True)
class Exposure:
    """Merlin exposure at one moment; None where no Evil seat told a belief."""

    moment: Moment
    value: float | None
    by_seat: dict[int, float]
    """The probability that each Evil seat put on the true Merlin."""


def exposure_over_time(
    game: RecordedGame, beliefs_of: BeliefsOf, at: frozenset[EventType] = BOARD_MOMENTS
) -> list[Exposure]:
    """Merlin exposure at every moment; empty for a game without Merlin."""
    merlin = game.merlin
    if merlin is None:
        return []
    moments = moments_of(game, at)
    put: list[dict[int, float]] = [{} for _ in moments]
    for seat in sorted(game.evil):
        for believed, seen in zip(put, views_over_time(game, seat, moments), strict=True):
            beliefs = beliefs_of(seen)
            if beliefs is not None:
                believed[seat] = float(beliefs.merlin_N[merlin - 1])
    return [
        Exposure(moment, sum(believed.values()) / len(believed) if believed else None, believed)
        for moment, believed in zip(moments, put, strict=True)
    ]


def chance_of_hit(game: RecordedGame) -> float:
    """The hit rate of a shot at a Good seat drawn blindly."""
    return 1 / (game.setup.num_players - len(game.evil))


@dataclass(frozen=True, slots=True)
class Concealment:
    """How often Merlin survived the shot, and how often blind shots would have missed."""

    survived: Share
    survived_by_chance: Mean

    @property
    def gain(self) -> float | None:
        """Survival beyond chance; below zero where Merlin gave himself away."""
        rate, chance = self.survived.rate, self.survived_by_chance.value
        return None if rate is None or chance is None else rate - chance


def concealment_of(games: Iterable[RecordedGame]) -> Concealment:
    """Over all games in which the shot was taken."""
    survived, by_chance = Share(), Mean()
    for game in games:
        if game.table.shot is not None:
            survived = survived.counting(game.table.shot[1] != game.merlin)
            by_chance = by_chance.counting(1 - chance_of_hit(game))
    return Concealment(survived, by_chance)


def speeches_of(game: RecordedGame) -> list[tuple[int, Event]]:
    """Everything said to the whole table, with its place among the events; passes are left out."""
    return [
        (place, event)
        for place, event in enumerate(game.events)
        if event.type == "speech" and event.visible_to == "all" and event.data["text"].strip()
    ]
