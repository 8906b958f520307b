"""Pretraining without a task and finetuning on one, after URLB, at the published scale and at a small one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
import torch
from torch import Tensor, nn

from backends.lab.reporter import Reporter
from backends.rl.environments.making import Environment, widths
from backends.rl.skills.ddpg import DdpgAgent, DdpgSettings, PlainContext
from backends.rl.skills.life import Life, LifeSettings, Task, evaluate
from backends.rl.skills.objectives import DrawSkill, Surprise, SurpriseSettings
from backends.rl.skills.replay import Array, SkillReplay

MakeEncoder = Callable[[int, int], nn.Module]
"""From the numbers in a state and in a skill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """All settings that go with the size of an experiment.

    `first_steps` begin pretraining with random actions, `greedy_steps` begin finetuning without updates.
    """

    ddpg: DdpgSettings
    surprise: SurpriseSettings
    first_steps: int
    greedy_steps: int
    skill_every: int


PUBLISHED = Scale(
    ddpg=DdpgSettings(), surprise=SurpriseSettings(), first_steps=4000, greedy_steps=4000, skill_every=50
)
SMALL = Scale(
    ddpg=DdpgSettings(width=64, batch_size=128, rate=1e-3, capacity=50_000),
    surprise=SurpriseSettings(skills=8, width=64, rate=1e-3),
    first_steps=600,
    greedy_steps=200,
    skill_every=10,
)
SCALES: Mapping[str, Scale] = {"small": SMALL, "published": PUBLISHED}


@dataclass(frozen=True, slots=True)
class ConstantSkill:
    """What finetuning acts with: the same number everywhere, 0.5 as published."""

    size: int
    value: float = 0.5

    def __call__(self, step: int, stream: np.random.Generator) -> tuple[Array, int]:
        return np.full(self.size, self.value, dtype=np.float32), 0


def make_agent(
    environment: Environment, scale: Scale, encoder: MakeEncoder, seed: int, device: str
) -> tuple[DdpgAgent, SkillReplay]:
    """A fresh agent with an empty memory; with one seed the same weights whatever came before."""
    torch.manual_seed(seed)
    states, actions = widths(environment)
    skills = scale.surprise.skills
    agent = DdpgAgent(encoder(states, skills), actions, scale.ddpg, device)
    replay = SkillReplay(
        scale.ddpg.capacity,
        states=states,
        actions=actions,
        skills=skills,
        num_steps=scale.ddpg.num_steps,
        gamma=scale.ddpg.gamma,
    )
    return agent, replay


def pretrained_life(
    environment: Environment,
    scale: Scale,
    draw: DrawSkill,
    *,
    moss: bool,
    encoder: MakeEncoder = PlainContext,
    seed: int,
    device: str,
) -> Life:
    """The life of an agent that is rewarded by surprise, yet to be lived.

    `moss` measures surprise from states to next states and without its mean, CIC's way is the other.
    """
    agent, replay = make_agent(environment, scale, encoder, seed, device)
    settings = replace(scale.surprise, minus_mean=moss, among_next_states=not moss)
    purpose = Surprise(widths(environment)[0], settings, device)
    return Life(environment=environment, agent=agent, replay=replay, purpose=purpose, draw=draw, seed=seed)


def pretraining(scale: Scale, steps: int) -> LifeSettings:
    """How long pretraining is and how it begins; it leaves half of a short one for updates."""
    return LifeSettings(
        steps=steps, first_steps=min(scale.first_steps, steps // 2), skill_every=scale.skill_every
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finetuned:
    """An agent after finetuning, its returns in evaluation, and before, by step, those of its episodes."""

    agent: DdpgAgent
    returns: tuple[float, ...]
    curve: tuple[tuple[float, float], ...]

    @property
    def mean_return(self) -> float:
        return fmean(self.returns)


def finetuned_life(
    environment: Environment,
    scale: Scale,
    weights: Mapping[str, Tensor] | None,
    *,
    skill: float = 0.5,
    encoder: MakeEncoder = PlainContext,
    seed: int,
    device: str,
) -> Life:
    """The life of an agent that is rewarded by its task, from a pretrained one's weights or from none."""
    agent, replay = make_agent(environment, scale, encoder, seed, device)
    if weights is not None:
        agent.begin_from(weights)
    draw = ConstantSkill(scale.surprise.skills, skill)
    return Life(environment=environment, agent=agent, replay=replay, purpose=Task(), draw=draw, seed=seed)


def finetune(
    life: Life, scale: Scale, steps: int, episodes: int, report: Reporter, *, fresh: bool
) -> Finetuned:
    """Live it, and evaluate without noise; a fresh agent begins with random actions."""
    first = min(scale.greedy_steps, steps // 2)
    settings = LifeSettings(
        steps=steps, first_steps=first, first="random" if fresh else "greedy", skill_every=scale.skill_every
    )
    life.live(settings, report)
    skill, _ = life.draw(0, np.random.default_rng(0))
    returns = evaluate(life.environment, life.agent, skill, episodes, life.seed, report)
    return Finetuned(agent=life.agent, returns=tuple(returns), curve=returns_by_step(life.replay))


def returns_by_step(replay: SkillReplay) -> tuple[tuple[float, float], ...]:
    """The return of each episode that is remembered, after how many remembered steps it ended."""
    episode = replay.column("episode")
    lengths = episode.bincount()
    returns = episode.bincount(weights=replay.column("reward").double())
    remembered = lengths > 0
    ends = lengths.cumsum(0).double()
    return tuple(zip(ends[remembered].tolist(), returns[remembered].tolist(), strict=True))
