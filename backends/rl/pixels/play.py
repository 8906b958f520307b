"""A game played without end: episodes follow each other, each from a seed of its own.

Because an episode is a function of its seed and the actions, where a play stands is said by the number of
the episode and the actions since it began. That is what a checkpoint keeps, for every game alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np

from backends.lab.batches import generator_for
from backends.rl.pixels.game import Action, Frame, PixelGame


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action led to. `finished` is the return of the episode that it ended, if it ended one."""

    reward: float
    terminal: bool
    finished: float | None


class Play(Generic[Action]):
    """One game under way; `frame` is what the player sees now.

    With `same_start` all episodes begin from one seed, as in the released code of STORM.
    """

    def __init__(self, game: PixelGame[Action], seed: int, *, same_start: bool = False) -> None:
        self.game = game
        self._seed = seed
        self._same_start = same_start
        self.frame: Frame
        self._begin(0)

    def step(self, action: Action) -> Outcome:
        """Act; where the episode is over, the next one has begun when this returns."""
        self._actions.append(action)
        seen = self.game.step(action)
        self._return += seen.reward
        self.frame = seen.frame
        if not seen.over:
            return Outcome(seen.reward, seen.terminal, None)
        finished = self._return
        self._begin(self._episode + 1)
        return Outcome(seen.reward, seen.terminal, finished)

    def state(self) -> dict[str, Any]:
        """Where the play stands, as plain values."""
        return {"episode": self._episode, "actions": list(self._actions)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Play the episode again up to where `state` was taken."""
        self._begin(state["episode"])
        for action in state["actions"]:
            self.step(action)

    def _begin(self, episode: int) -> None:
        self._episode = episode
        self._actions: list[Action] = []
        self._return = 0.0
        start = 0 if self._same_start else episode
        self.frame = self.game.begin(generator_for(self._seed, start).initial_seed() % 2**31)


class Plays(Generic[Action]):
    """Several games of one kind side by side, for players that act for all of them at once."""

    def __init__(self, plays: Sequence[Play[Action]]) -> None:
        self.plays = tuple(plays)
        self.num_actions = plays[0].game.num_actions
        self.frame_shape = plays[0].game.frame_shape

    def __len__(self) -> int:
        return len(self.plays)

    @property
    def frames(self) -> Frame:
        """What the players see now: games, channels, height, width."""
        return np.stack([play.frame for play in self.plays])

    def step(self, actions: Sequence[Action]) -> list[Outcome]:
        """Act in every game."""
        return [play.step(action) for play, action in zip(self.plays, actions, strict=True)]

    def state(self) -> list[dict[str, Any]]:
        """Where the plays stand."""
        return [play.state() for play in self.plays]

    def restore(self, state: Sequence[Mapping[str, Any]]) -> None:
        """Bring the plays to where `state` was taken."""
        for play, kept in zip(self.plays, state, strict=True):
            play.restore(kept)
