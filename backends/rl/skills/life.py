"""The loop of both phases: act, remember episodes, update every second step.

A life is cut at the ends of episodes only: there it is told of, kept and stopped. What an episode needs of
chance follows from the seed and its number, the updates draw from torch's stream, which a checkpoint keeps;
so a life that goes on is the one that it would have been.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from backends.lab.checkpoint import load_checkpoint, random_state, restore_random_state, save_checkpoint
from backends.lab.reporter import Reporter
from backends.rl.environments.making import Environment
from backends.rl.skills.ddpg import DdpgAgent
from backends.rl.skills.objectives import DrawSkill
from backends.rl.skills.replay import Array, Batch, Episode, SkillReplay


class Purpose(Protocol):
    """What the agent's updates are rewarded for."""

    def reward(self, batch: Batch) -> Tensor:
        """The reward of each transition."""
        ...

    def learn(self, batch: Batch) -> Mapping[str, Tensor]:
        """What else is learnt from the batch, after its reward was taken."""
        ...

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        ...


class Task:
    """The purpose of finetuning: what the world pays, over n steps."""

    def reward(self, batch: Batch) -> Tensor:
        return batch.reward_B

    def learn(self, batch: Batch) -> Mapping[str, Tensor]:
        return {}

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """There is nothing to restore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeSettings:
    """How long, and how it begins: `first_steps` without updates, of random or of greedy actions."""

    steps: int
    first_steps: int = 4000
    first: Literal["random", "greedy"] = "random"
    skill_every: int = 50
    update_every: int = 2
    checkpoint_every: int = 50_000


@dataclass(kw_only=True)
class Life:
    """An agent in a world. `after_update` is told the number of each update, for what is refreshed by it."""

    environment: Environment
    agent: DdpgAgent
    replay: SkillReplay
    purpose: Purpose
    draw: DrawSkill
    seed: int
    after_update: Callable[[int], None] | None = None
    num_steps: int = 0
    num_updates: int = 0

    def live(self, settings: LifeSettings, report: Reporter) -> None:
        """Live to the end, or go on with what `report.checkpoints` holds.

        Raises:
            Stopped: The run was cancelled; a checkpoint was written first.
            LabFailure: A loss is not finite.
        """
        file = report.checkpoints / "life.safetensors"
        if file.exists():
            self._restore(load_checkpoint(file))
        kept = self.num_steps
        while self.num_steps < settings.steps:
            if report.cancelled():
                self._save(file)
                report.check_cancelled()
            values = self._episode(settings)
            report.metric(self.num_steps, **values)
            report.progress(min(self.num_steps, settings.steps), settings.steps)
            if self.num_steps - kept >= settings.checkpoint_every:
                self._save(file)
                kept = self.num_steps

    def _episode(self, settings: LifeSettings) -> dict[str, float]:
        number = self.replay.num_episodes
        stream = np.random.default_rng((self.seed, number))
        state, _ = self.environment.reset(seed=int(stream.integers(2**31)))
        states, actions, skills = [state], list[Array](), list[Array]()
        rewards, discounts, modes = list[float](), list[float](), list[int]()
        told: Mapping[str, Tensor] = {}
        ended = False
        while not ended:
            if len(actions) % settings.skill_every == 0:
                skill, mode = self.draw(len(actions), stream)
            action = self._action(state, skill, len(actions), settings, stream)
            state, reward, terminated, truncated, _ = self.environment.step(action)
            ended = terminated or truncated
            states.append(state)
            actions.append(action)
            rewards.append(float(reward))
            discounts.append(0.0 if terminated else 1.0)
            skills.append(skill)
            modes.append(mode)
            self.num_steps += 1
            if self._is_due(settings):
                told = self._update()
        self.replay.add(
            Episode(
                states_TO=np.asarray(states, dtype=np.float32),
                actions_TA=np.asarray(actions, dtype=np.float32),
                rewards_T=np.asarray(rewards, dtype=np.float32),
                discounts_T=np.asarray(discounts, dtype=np.float32),
                skills_TZ=np.asarray(skills, dtype=np.float32),
                modes_T=np.asarray(modes, dtype=np.float32),
            )
        )
        return {"return": sum(rewards), **{name: float(value) for name, value in told.items()}}

    def _action(
        self, state: Array, skill: Array, step: int, settings: LifeSettings, stream: np.random.Generator
    ) -> Array:
        shape = self.environment.action_space.shape
        assert shape is not None
        if self.num_steps < settings.first_steps and settings.first == "random":
            return stream.uniform(-1, 1, shape).astype(np.float32)
        greedy = self.num_steps < settings.first_steps
        noise = None if greedy else stream.normal(size=shape).astype(np.float32)
        return self.agent.act(state, skill, episode=self.replay.num_episodes, step=step, noise=noise)

    def _is_due(self, settings: LifeSettings) -> bool:
        begun = self.num_steps > settings.first_steps and self.replay.num_episodes > 0
        return begun and self.num_steps % settings.update_every == 0

    def _update(self) -> Mapping[str, Tensor]:
        batch = self.replay.sample(self.agent.settings.batch_size, self.agent.device)
        # The reward is of the representation as it was before this update learns it.
        reward_B = self.purpose.reward(batch)
        told = {**self.purpose.learn(batch), **self.agent.update(batch, reward_B)}
        self.num_updates += 1
        if self.after_update is not None:
            self.after_update(self.num_updates)
        return told

    def _save(self, file: Any) -> None:
        state = {
            "agent": self.agent.state(),
            "replay": self.replay.state(),
            "purpose": self.purpose.state(),
            "steps": self.num_steps,
            "updates": self.num_updates,
            "random": random_state(),
        }
        save_checkpoint(file, state)

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.agent.restore(state["agent"])
        self.replay.restore(state["replay"])
        self.purpose.restore(state["purpose"])
        self.num_steps, self.num_updates = state["steps"], state["updates"]
        restore_random_state(state["random"])


@torch.no_grad()
def evaluate(
    environment: Environment, agent: DdpgAgent, skill: Array, episodes: int, seed: int, report: Reporter
) -> list[float]:
    """The returns of greedy episodes with one skill, from seeds of their own."""
    returns = []
    for number in range(episodes):
        report.check_cancelled()
        state, _ = environment.reset(seed=int(np.random.default_rng((seed, number, 1)).integers(2**31)))
        total, step, ended = 0.0, 0, False
        while not ended:
            action = agent.act(state, skill, episode=-1, step=step, noise=None)
            state, reward, terminated, truncated, _ = environment.step(action)
            total, step, ended = total + float(reward), step + 1, terminated or truncated
        returns.append(total)
    return returns
