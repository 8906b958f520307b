"""The card of VCR, and what its jobs ask and answer."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, Preset, PublishedFigure, System
from backends.rl.pixels.answers import GamePlayed, GameTrained

MethodName = Literal["rainbow", "spr", "vcr", "vcr_only"]
PresetName = Literal["tiny", "atari"]
ControlMethodName = Literal["drq", "spr", "vcr_only", "vcr"]
ControlPresetName = Literal["tiny", "suite"]


class TrainParams(JobParams):
    game: str = Field(
        "noisy_catch",
        description="Game to learn: catch, windy_catch, noisy_catch, or an Atari game as ALE/Pong.",
    )
    preset: PresetName = Field(
        "tiny", description="Sizes and rates: tiny for Catch, atari as published, for frames of 84 pixels."
    )
    method: MethodName = Field(
        "vcr",
        description="What teaches the latent model: nothing (rainbow), latents (spr), latents and values "
        "(vcr), or values only.",
    )
    distance: Literal["ce", "mse", "kl_softmax"] = Field(
        "ce",
        description="How values are compared: their distributions, their means, or the ranking of actions.",
    )
    teach_head: bool = Field(False, description="Let the value consistency change the value head too.")
    steps: int = Field(2000, ge=2, le=10_000_000, description="Steps in the game; Atari-100k has 100,000.")
    evaluate_every: int | None = Field(
        None, ge=1, description="Steps between evaluations; without it only at the end."
    )
    episodes: int = Field(100, ge=1, le=10_000, description="Episodes of an evaluation.")
    log_every: int = Field(100, ge=1, le=100_000, description="Steps between two reports of the losses.")


class EvaluateParams(JobParams):
    weights: Path = Field(description="The .safetensors file that train wrote.")
    episodes: int = Field(100, ge=2, le=10_000, description="Episodes to play; the base's papers have 100.")


class TrainControlParams(JobParams):
    game: str = Field(
        "noisy_slide",
        description="Game to steer: slide, reach, noisy_slide, noisy_reach, or a task of the control suite: "
        "finger_spin, cartpole_swingup, reacher_easy, cheetah_run, walker_walk, ball_in_cup_catch.",
    )
    preset: ControlPresetName = Field(
        "tiny", description="Sizes and rates: tiny for Reach, suite as DrQ has them, for frames of 84 pixels."
    )
    method: ControlMethodName = Field(
        "vcr_only",
        description="What teaches the latent model: nothing (drq), latents (spr), values only, or both "
        "(vcr).",
    )
    teach_values: bool = Field(False, description="Let the value consistency change the values too.")
    steps: int = Field(
        2000,
        ge=2,
        le=10_000_000,
        description="Actions to take; the suite's 100,000 steps are 12,500 to 50,000 of them, by the task.",
    )
    evaluate_every: int | None = Field(
        None, ge=1, description="Actions between evaluations; without it only at the end."
    )
    episodes: int = Field(10, ge=1, le=10_000, description="Episodes of an evaluation.")
    log_every: int = Field(100, ge=1, le=100_000, description="Actions between two reports of the losses.")


class EvaluateControlParams(JobParams):
    weights: Path = Field(description="The .safetensors file that train_control wrote.")
    episodes: int = Field(10, ge=2, le=10_000, description="Episodes to play; DrQ's paper has 10.")


class ComparisonParams(JobParams):
    """What both experiments ask; each names its games and methods, and how long it takes."""

    games: tuple[str, ...] = Field(description="Small games to learn.", min_length=1)
    methods: tuple[str, ...] = Field(description="What is compared.", min_length=1)
    steps: int = Field(ge=100, description="Steps in the game for each training.")
    evaluations: int = Field(4, ge=1, le=1000, description="Evaluations on the way, evenly apart.")
    seeds: int = Field(3, ge=2, le=100, description="Trainings of each method in each game.")
    episodes: int = Field(50, ge=10, le=10_000, description="Episodes of an evaluation.")


class ReproduceControlParams(ComparisonParams):
    games: tuple[str, ...] = Field(
        ("slide",), description="Small games to steer: slide, reach, noisy_slide, noisy_reach."
    )
    methods: tuple[ControlMethodName, ...] = Field(
        ("drq", "spr", "vcr_only"), description="What is compared; drq must be there."
    )
    steps: int = Field(800, ge=500, le=1_000_000, description="Actions of each training.")


class ReproduceParams(ComparisonParams):
    games: tuple[str, ...] = Field(
        ("noisy_catch",), description="Small games to learn: catch, windy_catch, noisy_catch."
    )
    methods: tuple[MethodName, ...] = Field(
        ("rainbow", "spr", "vcr"), description="What is compared; rainbow must be there."
    )
    steps: int = Field(1000, ge=100, le=1_000_000, description="Steps in the game for each training.")
    evaluations: int = Field(6, ge=1, le=1000, description="Evaluations on the way, evenly apart.")
    episodes: int = Field(100, ge=10, le=10_000, description="Episodes of an evaluation.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="A row a method: the interquartile mean over seeds and games of the mean return over "
        "training and of the final one, with stratified bootstrap intervals, and seconds a training."
    )


SYSTEM = System(
    id="rl.vcr",
    title="VCR: imagined states with the right values",
    summary="Learns games from few frames, its latent model taught by the values of actions.",
    paper=Paper(
        title="Value-Consistent Representation Learning for Data-Efficient Reinforcement Learning",
        venue="AAAI",
        year=2023,
        arxiv="2206.12542",
    ),
    branches=("reinforcement-learning/world-models",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Learn a game from its pixels with VCR or what it stands on.",
            params=TrainParams,
            result=GameTrained,
            entry="backends.rl.vcr.jobs:train",
            effort="minutes",
            quick={"game": "catch", "steps": 212, "log_every": 4, "episodes": 4},
        ),
        Job(
            name="evaluate",
            kind="evaluate",
            summary="Play episodes with a network that train wrote.",
            params=EvaluateParams,
            result=GamePlayed,
            entry="backends.rl.vcr.jobs:evaluate",
            effort="seconds",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Compare VCR with the latent loss and with neither on a small game, over seeds.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.vcr.reproduce:reproduce",
            effort="minutes",
        ),
        Job(
            name="train_control",
            kind="train",
            summary="Learn to steer a game from its pixels with VCR's continuous form or DrQ.",
            params=TrainControlParams,
            result=GameTrained,
            entry="backends.rl.vcr.control.jobs:train_control",
            effort="minutes",
            quick={"game": "reach", "steps": 408, "log_every": 4, "episodes": 2},
        ),
        Job(
            name="evaluate_control",
            kind="evaluate",
            summary="Steer episodes with a network that train_control wrote.",
            params=EvaluateControlParams,
            result=GamePlayed,
            entry="backends.rl.vcr.control.jobs:evaluate_control",
            effort="seconds",
        ),
        Job(
            name="reproduce_control",
            kind="reproduce",
            summary="Compare VCR's continuous form with the latent loss and with neither, over seeds.",
            params=ReproduceControlParams,
            result=ReproduceResult,
            entry="backends.rl.vcr.control.reproduce:reproduce_control",
            effort="minutes",
        ),
    ),
    figures=(
        PublishedFigure(
            what="Atari-100k, interquartile mean of the base, SPR (VCR's own figure was not recovered)",
            value=0.337,
            unit="human-normalised score",
            source="the paper of rliable, second-hand",
        ),
    ),
    presets=(
        Preset(
            name="atari",
            summary="The published base with its latent model, for 18 actions.",
            build="backends.rl.vcr.presets:atari_network",
            inputs=((4, 84, 84), (18,)),
        ),
        Preset(
            name="tiny",
            summary="For Catch in frames of 10 pixels.",
            build="backends.rl.vcr.presets:tiny_network",
            inputs=((6, 10, 10), (3,)),
        ),
        Preset(
            name="suite",
            summary="DrQ with a latent model, for six levers as the walker and the cheetah have.",
            build="backends.rl.vcr.control.presets:suite_network",
            inputs=((9, 84, 84), (6,)),
        ),
        Preset(
            name="tiny_control",
            summary="For Reach in frames of 16 pixels.",
            build="backends.rl.vcr.control.presets:tiny_network",
            inputs=((3, 16, 16), (2,)),
        ),
    ),
    extra="rl",
)
