"""The card of Self-Reference, and what its jobs ask and answer."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, Preset, PublishedFigure, System

RetrievalName = Literal["nearest", "random", "none"]
ScaleName = Literal["small", "published"]


class PretrainParams(JobParams):
    world: str = Field(
        "noisy_room-calm",
        description="Where to live, whatever its task: noisy_room-calm, noisy_room-corner, urlb-walker_walk "
        "and its seven kin, or an environment of gymnasium with vectors as states and actions.",
    )
    retrieval: RetrievalName = Field(
        "nearest", description="What is recalled: the nearest segments, random ones, or none (plain CIC)."
    )
    scale: ScaleName = Field("small", description="Networks and batches: for a laptop, or as published.")
    steps: int = Field(10_000, ge=400, le=10_000_000, description="Steps to live; the paper's are 2,000,000.")


class FinetuneParams(PretrainParams):
    weights: Path | None = Field(
        None, description="The .safetensors file that pretrain wrote; without one, DDPG learns from nothing."
    )
    steps: int = Field(3_000, ge=400, le=10_000_000, description="Steps to learn; the paper's are 100,000.")
    episodes: int = Field(10, ge=1, le=1000, description="Episodes of the evaluation at the end.")


class PretrainResult(JobResult):
    weights: str = Field(description="Where weights and memory lie, from the run's artifacts folder on.")


class FinetuneResult(PretrainResult):
    mean_return: float = Field(description="Mean return of the evaluation's episodes.")


class ReproduceParams(JobParams):
    updates: int = Field(
        200, ge=20, le=100_000, description="Batches of the stream in which a drifting reward is predicted."
    )
    pretrain_steps: int = Field(1_400, ge=1_200, le=1_000_000, description="Steps of pretraining.")
    finetune_steps: int = Field(600, ge=400, le=1_000_000, description="Steps of finetuning on each task.")
    seeds: int = Field(3, ge=2, le=100, description="How many times each arm predicts.")
    peer_seeds: int = Field(
        3, ge=0, le=100, description="How many times each agent lives, at least 2; 0 leaves the agents out."
    )
    episodes: int = Field(3, ge=1, le=100, description="Episodes of an evaluation.")


class ReproduceResult(JobResult):
    probe: tuple[dict[str, float | str], ...] = Field(
        description="A row an arm: mean squared error of the predicted reward over the second half of a "
        "stream in which the reward of a place falls with each visit, and half-width of its 95 % interval."
    )
    peers: tuple[dict[str, float | str], ...] = Field(
        description="A row an arm: scores of both tasks of the noisy room after pretraining and finetuning "
        "(1 is the goal all the time), their interquartile mean with its 95 % interval, and seconds."
    )


SYSTEM = System(
    id="rl.self_reference",
    title="Self-Reference: agents that recall their own past",
    summary="Hands an unsupervised agent segments of its own past that its state brings to mind.",
    paper=Paper(
        title="Augmenting Unsupervised Reinforcement Learning with Self-Reference",
        venue="arXiv",
        year=2023,
        arxiv="2311.09692",
    ),
    branches=("reinforcement-learning/unsupervised",),
    jobs=(
        Job(
            name="pretrain",
            kind="train",
            summary="Let an agent that recalls practise skills in a world without rewards.",
            params=PretrainParams,
            result=PretrainResult,
            entry="backends.rl.self_reference.jobs:pretrain",
            effort="minutes",
            quick={"steps": 400},
        ),
        Job(
            name="finetune",
            kind="train",
            summary="Let an agent that recalls, pretrained or fresh, learn a task.",
            params=FinetuneParams,
            result=FinetuneResult,
            entry="backends.rl.self_reference.jobs:finetune_job",
            effort="minutes",
            quick={"steps": 400, "episodes": 1},
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Predict a drifting reward with and without a memory, and compare agents with CIC.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.self_reference.reproduce:reproduce",
            effort="minutes",
        ),
    ),
    presets=(
        Preset(
            name="walker",
            summary="What is added for URLB's walker at the published scale: memory, query and attention.",
            build="backends.rl.self_reference.presets:walker",
            inputs=((24,), (64,)),
        ),
        Preset(
            name="tiny",
            summary="The same for the noisy room.",
            build="backends.rl.self_reference.presets:tiny",
            inputs=((2,), (8,)),
        ),
    ),
    figures=(
        PublishedFigure(
            what="URLB, interquartile mean of normalised returns, the best combination",
            value=86,
            unit="%",
            source="abstract",
        ),
        PublishedFigure(
            what="URLB, optimality gap, the best combination", value=16, unit="%", source="abstract"
        ),
    ),
    extra="rl",
)
