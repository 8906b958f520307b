"""The loop of DrQ: act by the policy, keep what was seen, one update a step."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from backends.lab.reporter import Reporter
from backends.rl.pixels.game import Frame, Steering
from backends.rl.pixels.opening import open_steered_plays
from backends.rl.pixels.stacks import NewestFrames, newest_stacks
from backends.rl.pixels.training import Loop, PixelTraining
from backends.rl.vcr.control.algorithm import ControlLearner, Steps
from backends.rl.vcr.control.networks import ControlWithModel
from backends.rl.vcr.control.presets import ControlConfig


class ControlTraining(PixelTraining[Steering]):
    """One training under way."""

    def __init__(self, config: ControlConfig, loop: Loop, report: Reporter) -> None:
        super().__init__(loop, open_steered_plays, config.capacity, report, steers=True)
        self.config = config
        self.learner = ControlLearner(config, report.device)
        self.newest = NewestFrames(config.network.stack)

    def act(self) -> Steering:
        """See `PixelTraining.act`: at random during the warm-up, then as the policy draws."""
        stack = self.newest.see(self.plays.plays[0].frame)
        if self.step < self.config.warmup:
            return tuple(torch.empty(self.plays.num_actions).uniform_(-1, 1).tolist())
        return steered_by(self.learner.model, stack[None], draw=True)[0]

    def learn(self) -> Mapping[str, float]:
        """See `PixelTraining.learn`."""
        if self.step < self.config.warmup:
            return {}
        stack = self.config.network.stack
        seen = self.replay.sample(self.config.batch, stack + self.config.jumps)
        told = self.learner.update(Steps.of(seen, stack))
        return {name: float(loss) for name, loss in told.items()} if self.is_telling else {}

    def episode_ended(self) -> None:
        """See `PixelTraining.episode_ended`."""
        self.newest.begin()

    def evaluated_player(self) -> "SteeringPlayer":
        """See `PixelTraining.evaluated_player`."""
        return SteeringPlayer(self.learner.model, self.loop.episodes)

    def parts(self) -> dict[str, Any]:
        """See `PixelTraining.parts`."""
        return {"learner": self.learner.state(), "newest": self.newest.state()}

    def take_parts(self, state: Mapping[str, Any]) -> None:
        """See `PixelTraining.take_parts`."""
        self.learner.restore(state["learner"])
        self.newest.restore(state["newest"])


@torch.no_grad()
def steered_by(model: ControlWithModel, stacks_NCHW: Frame, *, draw: bool) -> list[Steering]:
    """What the policy does: its mean, or a draw."""
    pixels = torch.from_numpy(stacks_NCHW).to(model.predictor.weight.device).float() / 255
    convolved = model.network.convolutions(pixels)
    actions: Tensor = model.policy.drawn(convolved)[0] if draw else model.policy(convolved)[0].tanh()
    return [tuple(row) for row in actions.tolist()]


class SteeringPlayer:
    """Does what the policy does on average."""

    def __init__(self, model: ControlWithModel, games: int) -> None:
        self._model = model
        self._newest = [NewestFrames(model.network.config.stack) for _ in range(games)]

    def act(self, frames_NCHW: Frame) -> list[Steering]:
        """See `GamePlayer.act`."""
        return steered_by(self._model, newest_stacks(self._newest, frames_NCHW), draw=False)

    def episode_ends(self, game: int) -> None:
        """See `GamePlayer.episode_ends`."""
        self._newest[game].begin()
