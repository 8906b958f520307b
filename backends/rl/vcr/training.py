"""The loop of VCR and its base: act with noisy weights, keep what was seen, update by priority."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from backends.lab.reporter import Reporter
from backends.rl.pixels.episodes import EVALUATION_SEED
from backends.rl.pixels.game import Frame
from backends.rl.pixels.opening import open_plays
from backends.rl.pixels.priorities import Priorities
from backends.rl.pixels.stacks import NewestFrames, newest_stacks
from backends.rl.pixels.training import Loop, PixelTraining
from backends.rl.vcr.algorithm import Learner, Losses, Moments
from backends.rl.vcr.networks import RainbowNetwork
from backends.rl.vcr.presets import VcrConfig
from backends.rl.vcr.values import atoms_of, expected


class VcrTraining(PixelTraining[int]):
    """One training under way."""

    def __init__(self, config: VcrConfig, loop: Loop, report: Reporter) -> None:
        super().__init__(loop, open_plays, config.capacity, report)
        self.config = config
        self.learner = Learner(config, report.device)
        before = config.network.stack - 1
        self.priorities = Priorities(config.capacity, before, config.reach, config.alpha)
        self.newest = NewestFrames(config.network.stack)

    def act(self) -> int:
        """See `PixelTraining.act`: at random during the warm-up, then ever less."""
        stack = self.newest.see(self.plays.plays[0].frame)
        if float(torch.rand(())) < self._chance_of_random():
            return int(torch.randint(self.plays.num_actions, ()))
        network = self.learner.model.network
        network.head.draw_noise()
        return best_actions(network, stack[None], noisy=True)[0]

    def learn(self) -> Mapping[str, float]:
        """See `PixelTraining.learn`."""
        self.priorities.append(self.replay.count)
        if self.step < self.config.warmup:
            return {}
        for _ in range(self.config.updates):
            losses = self._update()
        if not self.is_telling:
            return {}
        return {
            "value_loss": float(losses.values_B.detach().mean()),
            "consistency": float(losses.consistency_B.detach().mean()),
            "latent_loss": float(losses.latents_B.detach().mean()),
        }

    def episode_ended(self) -> None:
        """See `PixelTraining.episode_ended`."""
        self.newest.begin()

    def evaluated_player(self) -> "GreedyPlayer":
        """See `PixelTraining.evaluated_player`."""
        return GreedyPlayer(self.learner.model.network, self.loop.episodes, self.config.evaluation_chance)

    def parts(self) -> dict[str, Any]:
        """See `PixelTraining.parts`."""
        return {
            "learner": self.learner.state(),
            "priorities": self.priorities.state(),
            "newest": self.newest.state(),
        }

    def take_parts(self, state: Mapping[str, Any]) -> None:
        """See `PixelTraining.take_parts`."""
        self.learner.restore(state["learner"])
        self.priorities.restore(state["priorities"])
        self.newest.restore(state["newest"])

    def _chance_of_random(self) -> float:
        """1 until the warm-up is over, then down to 0, where the noise of the weights explores alone."""
        if self.step < self.config.warmup:
            return 1.0
        left = self.config.explore_until - self.step
        return max(left / max(self.config.explore_until - self.config.warmup, 1), 0.0)

    def _update(self) -> Losses:
        config = self.config
        share = min(self.step / config.beta_steps, 1.0)
        beta = config.beta + (1 - config.beta) * share
        steps, weights = self.priorities.draw(config.batch, self.replay.count, beta)
        before = config.network.stack - 1
        begins = (steps - before).to(self.report.device)
        seen = self.replay.windows(begins, torch.zeros_like(begins), before + config.reach + 1)
        losses = self.learner.update(Moments.of(seen, config.network.stack), weights.to(self.report.device))
        self.priorities.update(steps, losses.priorities_B.cpu())
        return losses


@torch.no_grad()
def best_actions(network: RainbowNetwork, stacks_NCHW: Frame, *, noisy: bool) -> list[int]:
    """The actions of highest mean value."""
    config = network.config
    pixels = torch.from_numpy(stacks_NCHW).to(network.head.advantage_bias.device).float() / 255
    network.eval()
    log_p = network(pixels, noisy)
    actions: list[int] = expected(log_p, atoms_of(config.atoms, config.bound, log_p)).argmax(-1).tolist()
    return actions


class GreedyPlayer:
    """Takes the best action without noise, and now and then any."""

    def __init__(self, network: RainbowNetwork, games: int, chance: float) -> None:
        self._network = network
        self._chance = chance
        self._newest = [NewestFrames(network.config.stack) for _ in range(games)]
        self._draws = np.random.default_rng(EVALUATION_SEED)

    def act(self, frames_NCHW: Frame) -> list[int]:
        """See `GamePlayer.act`."""
        best = best_actions(self._network, newest_stacks(self._newest, frames_NCHW), noisy=False)
        any_action = self._draws.integers(self._network.config.num_actions, size=len(best)).tolist()
        slips = self._draws.random(len(best)) < self._chance
        return [any_action[game] if slips[game] else best[game] for game in range(len(best))]

    def episode_ends(self, game: int) -> None:
        """See `GamePlayer.episode_ends`."""
        self._newest[game].begin()
