"""The card of MOSS, and what its jobs ask and answer."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, Preset, PublishedFigure, System

ObjectiveName = Literal["moss", "cic", "explore", "control", "random"]
SkillModeName = Literal["sign", "half", "same", "discrete"]
ScaleName = Literal["small", "published"]

WORLDS = (
    "noisy_room-calm, noisy_room-corner, urlb-walker_walk and its seven kin, or an environment of gymnasium "
    "with vectors as states and actions."
)


class PretrainParams(JobParams):
    world: str = Field("noisy_room-calm", description=f"Where to live, whatever its task: {WORLDS}")
    objective: ObjectiveName = Field(
        "moss",
        description="MOSS's mixture by time; CIC; MOSS that only explores or only controls; or a mode drawn "
        "at random.",
    )
    skill_mode: SkillModeName = Field("sign", description="How a skill tells its mode; the paper's is sign.")
    partitions: float = Field(
        1.5, ge=1, le=100, description="Parts of an episode, which explore and control by turns."
    )
    scale: ScaleName = Field("small", description="Networks and batches: for a laptop, or as published.")
    steps: int = Field(10_000, ge=400, le=10_000_000, description="Steps to live; the paper's are 2,000,000.")


class PretrainResult(JobResult):
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class FinetuneParams(JobParams):
    weights: Path | None = Field(
        None, description="The .safetensors file that pretrain wrote; without one, DDPG learns from nothing."
    )
    world: str = Field("noisy_room-calm", description=f"The task: {WORLDS}")
    skill: float = Field(
        0.5, ge=-1, le=1, description="The skill to act with, in all its numbers; 1 explores, -1 controls."
    )
    scale: ScaleName = Field("small", description="Networks and batches, as those of the weights.")
    steps: int = Field(3_000, ge=400, le=10_000_000, description="Steps to learn; the paper's are 100,000.")
    episodes: int = Field(10, ge=1, le=1000, description="Episodes of the evaluation at the end.")


class FinetuneResult(JobResult):
    mean_return: float = Field(description="Mean return of the evaluation's episodes.")
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")


class ReproduceParams(JobParams):
    pretrain_steps: int = Field(5_000, ge=1_200, le=1_000_000, description="Steps of pretraining.")
    finetune_steps: int = Field(1_500, ge=400, le=1_000_000, description="Steps of finetuning on each task.")
    seeds: int = Field(3, ge=2, le=100, description="How many times each arm lives.")
    episodes: int = Field(3, ge=1, le=100, description="Episodes of an evaluation.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="A row an arm: scores of both tasks (1 is the goal all the time), their interquartile "
        "mean with the limits of its 95 % interval, and what pretraining visited by mode: entropy over a "
        "grid of 100 cells in nats, and the share of time in the half that shakes."
    )


SYSTEM = System(
    id="rl.moss",
    title="MOSS: a mixture of surprises",
    summary="Pretrains a controller without rewards, by seeking and avoiding surprise.",
    paper=Paper(
        title="A Mixture of Surprises for Unsupervised Reinforcement Learning",
        venue="NeurIPS",
        year=2022,
        arxiv="2210.06702",
        code="LeapLabTHU/MOSS",
    ),
    branches=("reinforcement-learning/unsupervised",),
    jobs=(
        Job(
            name="pretrain",
            kind="train",
            summary="Let an agent practise skills in a world without rewards.",
            params=PretrainParams,
            result=PretrainResult,
            entry="backends.rl.moss.jobs:pretrain",
            effort="minutes",
            quick={"steps": 400},
        ),
        Job(
            name="finetune",
            kind="train",
            summary="Let a pretrained agent, or a fresh one, learn a task.",
            params=FinetuneParams,
            result=FinetuneResult,
            entry="backends.rl.moss.jobs:finetune_job",
            effort="minutes",
            quick={"steps": 400, "episodes": 1},
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare MOSS with CIC and with no pretraining on two tasks.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.moss.reproduce:reproduce",
            effort="minutes",
        ),
    ),
    presets=(
        Preset(
            name="walker",
            summary="Actor, critics and CIC's networks for URLB's walker, as published.",
            build="backends.rl.moss.presets:walker",
            inputs=((24,), (64,)),
            parameters=1_148_934 + 2_200_578 + 3_569_856,
        ),
        Preset(
            name="tiny",
            summary="The same for the noisy room.",
            build="backends.rl.moss.presets:tiny",
            inputs=((2,), (8,)),
        ),
    ),
    figures=(
        PublishedFigure(
            what="quadruped stand after 100,000 steps of finetuning (CIC: 717)",
            value=911,
            unit="return",
            source="table of the authors' repository",
        ),
        PublishedFigure(
            what="quadruped walk after 100,000 steps of finetuning (CIC: 460)",
            value=635,
            unit="return",
            source="table of the authors' repository",
        ),
        PublishedFigure(
            what="walker run after 100,000 steps of finetuning (CIC: 535)",
            value=531,
            unit="return",
            source="table of the authors' repository",
        ),
    ),
    extra="rl",
)
