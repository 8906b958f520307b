"""The loop of an agent that learns while it plays: steps, evaluations, and checkpoints to go on from.

Everything that the loop goes on from is kept: what the method keeps, replay, the game, random streams. So a
training that was stopped comes to the same end.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Generic

import torch

from backends.lab.checkpoint import load_checkpoint, random_state, restore_random_state, save_checkpoint
from backends.lab.errors import Stopped
from backends.lab.reporter import Reporter
from backends.rl.pixels.episodes import EVALUATION_SEED, GamePlayer, first_returns
from backends.rl.pixels.game import Action
from backends.rl.pixels.opening import Opening
from backends.rl.pixels.replay import PixelReplay


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """On what, how long, how often told and evaluated."""

    game: str
    profile: str
    seed: int
    steps: int
    log_every: int = 100
    evaluate_every: int | None = None
    episodes: int = 20
    checkpoint_every: int = 2500


@dataclass(frozen=True, slots=True)
class Point:
    """An evaluation: after so many steps in the game, the mean return of some episodes."""

    step: int
    mean_return: float


class PixelTraining(ABC, Generic[Action]):
    """One training under way, in one game."""

    def __init__(
        self,
        loop: Loop,
        opening: Opening[Action],
        capacity: int,
        report: Reporter,
        *,
        steers: bool = False,
    ) -> None:
        self.loop = loop
        self.report = report
        self._opening = opening
        self.plays = opening(loop.game, 1, loop.seed, loop.profile)
        levers = self.plays.num_actions if steers else None
        self.replay = PixelReplay(capacity, self.plays.frame_shape, device=report.device, levers=levers)
        self.step = 0
        self.curve: list[Point] = []
        self._returns: list[float] = []
        self._file = report.checkpoints / "training.safetensors"
        torch.manual_seed(loop.seed)  # the same first weights wherever the training is part of a longer job

    @abstractmethod
    def act(self) -> Action:
        """The action for what is seen now."""

    @abstractmethod
    def learn(self) -> Mapping[str, float]:
        """Update after a step; the losses, if the method learnt and they are to be told, else nothing."""

    @abstractmethod
    def evaluated_player(self) -> GamePlayer[Action]:
        """Who plays in evaluations."""

    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """What the method itself goes on from."""

    @abstractmethod
    def take_parts(self, state: Mapping[str, Any]) -> None:
        """Go on from `parts`."""

    @abstractmethod
    def episode_ended(self) -> None:
        """Hear that the next frame begins an episode."""

    @property
    def is_telling(self) -> bool:
        """Whether the losses of this step are told."""
        return self.step % self.loop.log_every == 0

    def run(self) -> None:
        """Train to the end, from the last checkpoint if there is one.

        Raises:
            Stopped: The run was cancelled; a checkpoint was written first.
        """
        if self._file.exists():
            self._restore(load_checkpoint(self._file))
        while self.step < self.loop.steps:
            if self.report.cancelled():
                self._save()
                raise Stopped("the run was cancelled")
            self._take_step()
            self.report.progress(self.step, self.loop.steps)
            at_end = self.step == self.loop.steps
            if at_end or (self.loop.evaluate_every and self.step % self.loop.evaluate_every == 0):
                self._evaluate()
            if at_end or self.step % self.loop.checkpoint_every == 0:
                self._save()

    def _take_step(self) -> None:
        frames, action = self.plays.frames, self.act()
        outcomes = self.plays.step([action])
        self.replay.append(frames, [action], outcomes)
        self.step += 1
        if outcomes[0].finished is not None:
            self._returns.append(outcomes[0].finished)
            self.episode_ended()
        if told := self.learn():
            played = {"played_return": fmean(self._returns)} if self._returns else {}
            self._returns.clear()
            self.report.metric(self.step, **told, **played)

    def _evaluate(self) -> None:
        plays = self._opening(self.loop.game, self.loop.episodes, EVALUATION_SEED, self.loop.profile)
        kept = random_state()  # how often a run is evaluated does not change it
        torch.manual_seed(EVALUATION_SEED)
        mean_return = fmean(first_returns(self.evaluated_player(), plays, self.report))
        restore_random_state(kept)
        self.curve.append(Point(self.step, mean_return))
        self.report.metric(self.step, mean_return=mean_return)

    def _save(self) -> None:
        state: dict[str, Any] = {
            "step": self.step,
            "curve": [[point.step, point.mean_return] for point in self.curve],
            "returns": list(self._returns),
            "replay": self.replay.state(),
            "plays": self.plays.state(),
            "parts": self.parts(),
            "random": random_state(),
        }
        save_checkpoint(self._file, state)

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.step = state["step"]
        self.curve = [Point(step, mean_return) for step, mean_return in state["curve"]]
        self._returns = list(state["returns"])
        self.replay.restore(state["replay"])
        self.plays.restore(state["plays"])
        self.take_parts(state["parts"])
        restore_random_state(state["random"])
