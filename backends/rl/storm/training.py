"""STORM's loop: play a step, teach the world model once, teach the agent once in dreams."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal

import torch
from torch import nn, optim

from backends.lab.reporter import Reporter
from backends.rl.pixels.opening import open_plays
from backends.rl.pixels.training import Loop, PixelTraining
from backends.rl.storm.actor_critic import AgentLoss
from backends.rl.storm.imagination import imagine
from backends.rl.storm.model import WorldModel, WorldModelLoss
from backends.rl.storm.player import Player
from backends.rl.storm.presets import StormConfig, new_agent

Precision = Literal["fp32", "bf16"]


class StormTraining(PixelTraining[int]):
    """One training under way."""

    def __init__(
        self, config: StormConfig, loop: Loop, report: Reporter, precision: Precision = "fp32"
    ) -> None:
        super().__init__(loop, open_plays, config.capacity, report)
        self.config = config
        self.precision = precision
        self.world = WorldModel(config.world).to(report.device)
        self.agent = new_agent(config).to(report.device)
        self.player = Player(config, self.world, self.agent)
        self.world_optimiser = optim.Adam(self.world.parameters(), lr=config.world_rate, fused=True)
        self.agent_optimiser = optim.Adam(
            [*self.agent.actor.parameters(), *self.agent.critic.parameters()],
            lr=config.agent_rate,
            eps=config.agent_epsilon,
            fused=True,
        )

    def act(self) -> int:
        """See `PixelTraining.act`: at random until there is something to have learnt from."""
        if not self._is_ready:
            return int(torch.randint(self.plays.num_actions, ()))
        with self._autocast():
            return self.player.act(self.plays.frames)[0]

    def learn(self) -> Mapping[str, float]:
        """See `PixelTraining.learn`."""
        if not self._is_ready or self.step % self.config.train_every:
            return {}
        world, agent = self.teach_world(), self.teach_agent()
        if not self.is_telling:
            return {}
        return {
            "reconstruction": float(world.reconstruction.detach()),
            "reward_loss": float(world.reward.detach()),
            "termination_loss": float(world.termination.detach()),
            "divergence": float(world.divergence.detach()),
            "policy_loss": float(agent.policy.detach()),
            "value_loss": float(agent.value.detach()),
            "entropy": float(agent.entropy.detach()),
            "spread": float(agent.spread),
        }

    def teach_world(self) -> WorldModelLoss:
        """One update of the world model."""
        seen = self.replay.sample(self.config.batch, self.config.length)
        self.world.train()
        with self._autocast():
            loss = self.world.loss(seen)
        _descend(self.world_optimiser, loss.total, self.world, self.config.world_clip)
        return loss

    def teach_agent(self) -> AgentLoss:
        """One update of the agent, in fresh dreams."""
        config = self.config
        context = self.replay.sample(config.dreams, config.context)
        with self._autocast():
            dreams = imagine(
                self.world,
                lambda states, _: self.agent.act(states),
                context.pixels_BLCHW,
                context.actions_BL,
                config.horizon,
            )
            loss = self.agent.loss(dreams)
        _descend(self.agent_optimiser, loss.total, self.agent, config.agent_clip)
        self.agent.follow_slowly()
        return loss

    def episode_ended(self) -> None:
        """See `PixelTraining.episode_ended`: the memory goes on."""

    def evaluated_player(self) -> Player:
        """See `PixelTraining.evaluated_player`: one that remembers nothing yet."""
        return Player(self.config, self.world, self.agent)

    def parts(self) -> dict[str, Any]:
        """See `PixelTraining.parts`."""
        return {
            "world": self.world.state_dict(),
            "agent": self.agent.state_dict(),
            "world_optimiser": self.world_optimiser.state_dict(),
            "agent_optimiser": self.agent_optimiser.state_dict(),
            "player": self.player.state(),
        }

    def take_parts(self, state: Mapping[str, Any]) -> None:
        """See `PixelTraining.take_parts`."""
        self.world.load_state_dict(state["world"])
        self.agent.load_state_dict(state["agent"])
        self.world_optimiser.load_state_dict(state["world_optimiser"])
        self.agent_optimiser.load_state_dict(state["agent_optimiser"])
        self.player.restore(state["player"])

    @property
    def _is_ready(self) -> bool:
        return len(self.replay) >= self.config.warmup

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(self.report.device, torch.bfloat16, enabled=self.precision == "bf16")


def _descend(optimiser: optim.Optimizer, loss: torch.Tensor, module: nn.Module, clip: float) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(module.parameters(), clip)
    optimiser.step()
