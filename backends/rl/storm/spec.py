"""The card of STORM, and what its jobs ask and answer."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, Preset, PublishedFigure, System
from backends.rl.pixels.answers import GamePlayed, GameTrained

PresetName = Literal["tiny", "atari"]
ProfileName = Literal["iris", "storm", "spr"]
ArmName = Literal["storm", "likeliest token", "sees the frame", "fixed returns"]


class TrainParams(JobParams):
    game: str = Field(
        "windy_catch",
        description="Game to learn: catch, windy_catch, noisy_catch, catch64, or an Atari game as ALE/Pong.",
    )
    profile: ProfileName = Field(
        "iris", description="How Atari is seen: iris (no sticky actions), or storm as the released code did."
    )
    preset: PresetName = Field(
        "tiny", description="Sizes and rates: tiny for frames of 10 pixels, atari as published, for 64."
    )
    steps: int = Field(
        1200, ge=2, le=10_000_000, description="Steps in the game; the paper has 102,000 for Atari."
    )
    train_every: int = Field(
        1, ge=1, le=1000, description="Steps in the game for each update; the paper has 1."
    )
    drawing: Literal["sample", "mode"] = Field(
        "sample", description="How a frame's token is drawn: at random, or the likeliest, as an ablation."
    )
    returns: Literal["paper", "fixed"] = Field(
        "paper",
        description="The lambda-return: as in the released code, or with the next state's value.",
    )
    act_on_seen: bool = Field(
        False, description="Act on the token of the frame that is seen, not of the one that was expected."
    )
    precision: Literal["fp32", "bf16"] = Field("fp32", description="Precision of the products.")
    evaluate_every: int | None = Field(
        None, ge=1, description="Steps between evaluations; without it only at the end."
    )
    episodes: int = Field(20, ge=1, le=10_000, description="Episodes of an evaluation.")
    log_every: int = Field(100, ge=1, le=100_000, description="Steps between two reports of the losses.")


class EvaluateParams(JobParams):
    weights: Path = Field(description="The .safetensors file that train wrote.")
    episodes: int = Field(20, ge=2, le=10_000, description="Episodes to play; the paper has 20.")


class ImagineParams(JobParams):
    weights: Path = Field(description="The .safetensors file that train wrote.")
    dreams: int = Field(64, ge=1, le=4096, description="How many dreams are compared with what happened.")
    horizon: int = Field(8, ge=1, le=40, description="Steps to imagine.")
    actions: tuple[int, ...] = Field(
        (), description="Actions to imagine, by number, as in 'what if'; without any, the agent's own."
    )
    strips: int = Field(4, ge=1, le=32, description="Dreams to draw, each below what really happened.")


class ImagineResult(JobResult):
    steps: tuple[dict[str, float | None], ...] = Field(
        description="A row a step: error of a pixel, share of balls in the right column where there is a "
        "ball, mean imagined and real reward."
    )
    rewards_foreseen: float | None = Field(
        description="Share of rewarded steps whose reward was foreseen to within a half."
    )
    ends_foreseen: float | None = Field(description="Share of steps whose end or going on was foreseen.")


class ReproduceParams(JobParams):
    steps: int = Field(1500, ge=100, le=1_000_000, description="Steps in the game for each training.")
    train_every: int = Field(1, ge=1, le=100, description="Steps in the game for each update.")
    seeds: int = Field(3, ge=2, le=100, description="Trainings of each arm.")
    evaluations: int = Field(6, ge=1, le=1000, description="Evaluations on the way, evenly apart.")
    episodes: int = Field(200, ge=10, le=10_000, description="Episodes of an evaluation.")
    arms: tuple[ArmName, ...] = Field(
        ("storm", "likeliest token"), description="What is compared; storm must be there."
    )


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="A row an arm: mean return with the half-width of its 95 % interval, and what its dreams "
        "foresee: balls in the right column, rewards, error of a pixel."
    )


SYSTEM = System(
    id="rl.storm",
    title="STORM: dreaming with a stochastic transformer",
    summary="Learns a world model from pixels, then learns to play in its dreams.",
    paper=Paper(
        title="STORM: Efficient Stochastic Transformer based World Models for Reinforcement Learning",
        venue="NeurIPS",
        year=2023,
        arxiv="2310.09615",
        code="weipu-zhang/STORM",
    ),
    branches=("reinforcement-learning/world-models",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Learn a game from its pixels: a world model, and an agent in its dreams.",
            params=TrainParams,
            result=GameTrained,
            entry="backends.rl.storm.jobs:train",
            effort="minutes",
            quick={"game": "catch", "steps": 160, "train_every": 2, "log_every": 4, "episodes": 2},
        ),
        Job(
            name="evaluate",
            kind="evaluate",
            summary="Play episodes with an agent that train wrote.",
            params=EvaluateParams,
            result=GamePlayed,
            entry="backends.rl.storm.jobs:evaluate",
            effort="seconds",
        ),
        Job(
            name="imagine",
            kind="analyse",
            summary="Imagine what follows some steps of a game, draw it, and compare it with what happens.",
            params=ImagineParams,
            result=ImagineResult,
            entry="backends.rl.storm.jobs:imagine",
            effort="seconds",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare STORM with its ablations on a small windy game, over seeds.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.storm.reproduce:reproduce",
            effort="minutes",
        ),
    ),
    figures=(
        PublishedFigure(
            what="Atari-100k, mean human-normalised score of 26 games, one with a demonstration",
            value=126.7,
            unit="%",
            source="the paper",
        ),
        PublishedFigure(
            what="Atari-100k, the same from the released scores, all games without demonstrations",
            value=122.2,
            unit="%",
            source="computed from the released scores of five seeds",
        ),
    ),
    presets=(
        Preset(
            name="atari",
            summary="The published world model, for 18 actions.",
            build="backends.rl.storm.presets:atari_world",
            inputs=((8, 3, 64, 64), (8, 18)),
            parameters=16_513_155,
        ),
        Preset(
            name="tiny",
            summary="For frames of 10 pixels, tests and laptops.",
            build="backends.rl.storm.presets:tiny_world",
            inputs=((4, 3, 10, 10), (4, 3)),
        ),
    ),
    extra="rl",
)
