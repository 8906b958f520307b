"""Who believed what when: what language models noted of others, else what they should have believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from games.avalon.beliefs import beliefs_of, public_beliefs
from games.avalon.events import Event
from games.avalon.metrics.exposure import BeliefsOf, Moment, moments_of, views_over_time
from games.avalon.metrics.recorded import RecordedGame
from games.avalon.roles import Side
from games.avalon.view import View

Source = Literal["notes", "posterior"]
_NOTES = ("note", "probe")


@dataclass(frozen=True, slots=True)
class NotedBeliefs:
    """What a seat last wrote down about the others."""

    evil_N: NDArray[np.float64]
    merlin_N: NDArray[np.float64]
    """All zero where the note does not say how likely each seat is Merlin."""


def noted_beliefs(view: View) -> NotedBeliefs | None:
    """The seat's latest note or probe, as probabilities; None before the first."""
    noted = next((event for event in reversed(view.events) if _tells_beliefs(event)), None)
    if noted is None:
        return None
    evil_N = np.zeros(view.setup.num_players)
    merlin_N = np.zeros(view.setup.num_players)
    evil_N[view.seat - 1] = view.role.side is Side.EVIL
    for player in noted.data["players"]:
        evil_N[player["seat"] - 1] = player["evil"] / 100
        merlin_N[player["seat"] - 1] = player.get("merlin", 0) / 100
    return NotedBeliefs(evil_N, merlin_N)


def _tells_beliefs(event: Event) -> bool:
    return event.type in _NOTES and bool(event.data.get("players"))


def writes_notes(game: RecordedGame, seat: int) -> bool:
    """Whether a seat ever noted what it believes."""
    return any(event.seat == seat and _tells_beliefs(event) for event in game.events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """How likely one seat held each seat to be Evil, over time.

    Shape (moments, seats); NaN where it told nothing.
    """

    seat: int
    source: Source
    evil_TN: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Beliefs over a whole game; sequences run over `moments`."""

    moments: tuple[Moment, ...]
    public_TN: NDArray[np.float64]
    """The probability that each seat is Evil, to whom has only seen the table."""
    true_set_T: NDArray[np.float64]
    """The public probability of the true Evil set."""
    exposure_T: NDArray[np.float64] | None
    """Merlin exposure: the mean of what Evil should put on the true Merlin; None without Merlin."""
    observers: tuple[Observer, ...]


def course_of(game: RecordedGame) -> Course:
    """All beliefs at the night and after every vote, quest and look of the Lady."""
    moments = moments_of(game)
    seen = {seat: views_over_time(game, seat, moments) for seat in game.setup.seats}
    posteriors = {seat: [beliefs_of(view) for view in views] for seat, views in seen.items()}
    public = [public_beliefs(view) for view in seen[1]]
    merlin = game.merlin
    exposure = (
        None
        if merlin is None
        else np.array(
            [
                np.mean([posteriors[seat][place].merlin_N[merlin - 1] for seat in sorted(game.evil)])
                for place in range(len(moments))
            ]
        )
    )
    return Course(
        moments=tuple(moments),
        public_TN=np.array([posterior.evil_N for posterior in public]),
        true_set_T=np.array([posterior.evil_sets().get(game.evil, 0.0) for posterior in public]),
        exposure_T=exposure,
        observers=tuple(
            _noting(game, seat, views)
            if writes_notes(game, seat)
            else Observer(
                seat=seat,
                source="posterior",
                evil_TN=np.array([posterior.evil_N for posterior in posteriors[seat]]),
            )
            for seat, views in seen.items()
        ),
    )


def _noting(game: RecordedGame, seat: int, views: Sequence[View]) -> Observer:
    nothing = np.full(game.setup.num_players, np.nan)
    noted = [noted_beliefs(view) for view in views]
    return Observer(
        seat=seat,
        source="notes",
        evil_TN=np.array([nothing if beliefs is None else beliefs.evil_N for beliefs in noted]),
    )


def best_known_beliefs(game: RecordedGame) -> BeliefsOf:
    """A seat's own notes where it takes any, and otherwise what it should believe: for honesty."""
    noting = {seat for seat in game.setup.seats if writes_notes(game, seat)}
    return lambda view: noted_beliefs(view) if view.seat in noting else beliefs_of(view)
