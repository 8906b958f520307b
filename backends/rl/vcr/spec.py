"""The card of VCR, and what its jobs ask and answer."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, Preset, PublishedFigure, System
from backends.rl.pixels.answers import GamePlayed, GameTrained

MethodName = Literal["rainbow", "spr", "vcr", "vcr_only"]
PresetName = Literal["tiny", "atari"]


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


class ReproduceParams(JobParams):
    games: tuple[str, ...] = Field(
        ("noisy_catch",), description="Small games to learn: catch, windy_catch, noisy_catch."
    )
    methods: tuple[MethodName, ...] = Field(
        ("rainbow", "spr", "vcr"), description="What is compared; rainbow must be there."
    )
    steps: int = Field(1000, ge=100, le=1_000_000, description="Steps in the game for each training.")
    evaluations: int = Field(6, ge=1, le=1000, description="Evaluations on the way, evenly apart.")
    seeds: int = Field(3, ge=2, le=100, description="Trainings of each method in each game.")
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
    ),
    extra="rl",
)
