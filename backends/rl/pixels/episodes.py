"""Whole episodes of a player in many games side by side: what an evaluation is."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from backends.lab.reporter import Reporter
from backends.rl.pixels.game import Action, Frame, Steering
from backends.rl.pixels.opening import open_plays
from backends.rl.pixels.play import Plays

EVALUATION_SEED = 900_000
"""Evaluations see other episodes than training, the same ones each time."""


_Chosen = TypeVar("_Chosen", bound=int | Steering, covariant=True)


class GamePlayer(Protocol[_Chosen]):
    """Who acts in several games at once."""

    def act(self, frames_NCHW: Frame) -> Sequence[_Chosen]:
        """An action for each game, for what is seen in it."""
        ...

    def episode_ends(self, game: int) -> None:
        """Hear that the next frame of this game begins an episode."""
        ...


class RandomPlayer:
    """Draws actions evenly."""

    def __init__(self, num_actions: int, seed: int) -> None:
        self._num_actions = num_actions
        self._chance = np.random.default_rng(seed)

    def act(self, frames_NCHW: Frame) -> list[int]:
        """See `GamePlayer.act`."""
        actions: list[int] = self._chance.integers(self._num_actions, size=len(frames_NCHW)).tolist()
        return actions

    def episode_ends(self, game: int) -> None:
        """See `GamePlayer.episode_ends`."""


class RandomSteerer:
    """Draws every number of an action evenly from -1 to 1."""

    def __init__(self, levers: int, seed: int) -> None:
        self._levers = levers
        self._chance = np.random.default_rng(seed)

    def act(self, frames_NCHW: Frame) -> list[Steering]:
        """See `GamePlayer.act`."""
        drawn = self._chance.uniform(-1, 1, (len(frames_NCHW), self._levers))
        return [tuple(row) for row in drawn.tolist()]

    def episode_ends(self, game: int) -> None:
        """See `GamePlayer.episode_ends`."""


def evaluation_plays(game: str, profile: str, episodes: int) -> Plays[int]:
    """The plays that every evaluation of a game sees."""
    return open_plays(game, episodes, EVALUATION_SEED, profile)


def first_returns(player: GamePlayer[Action], plays: Plays[Action], report: Reporter) -> list[float]:
    """The return of the first episode of every play."""
    returns: dict[int, float] = {}
    while len(returns) < len(plays):
        report.check_cancelled()
        for number, outcome in enumerate(plays.step(player.act(plays.frames))):
            if outcome.finished is not None:
                player.episode_ends(number)
                returns.setdefault(number, outcome.finished)
    return [returns[number] for number in sorted(returns)]


def random_returns(game: str, profile: str, episodes: int, report: Reporter) -> list[float]:
    """What actions drawn evenly come to in the episodes of an evaluation."""
    plays = evaluation_plays(game, profile, episodes)
    return first_returns(RandomPlayer(plays.num_actions, EVALUATION_SEED), plays, report)
