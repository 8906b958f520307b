"""The card of ReD, and what its jobs ask and answer."""

from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, System

Balance = Literal["uniform", "return", "inverse", "reward"]


class WeighParams(JobParams):
    data: str = Field(description="Transitions: a .hdf5 file (D4RL), .npz, .safetensors, or minari:ID.")
    balance: Balance = Field(
        "return",
        description="Prefer episodes of high return (ReD), of low return (a control), or high rewards.",
    )
    base: float = Field(0.0, ge=0, le=100, description="Added to the shares: 0, or 0.2 for AntMaze.")


class WeighResult(JobResult):
    weights: str = Field(description="Where the weights lie, from the run's artifacts folder on.")
    uniform: bool = Field(description="Whether there was nothing to prefer, so that all weights are one.")


class TrainParams(JobParams):
    data: str = Field(
        "demo", description="Transitions as for weigh, or demo (pendulum, a tenth of it the expert's)."
    )
    agent: Literal["bc", "td3_bc", "awac", "iql", "cql"] = Field("td3_bc", description="Agent to train.")
    steps: int = Field(100_000, ge=1, le=10_000_000, description="Steps of the first stage, drawn uniformly.")
    second_steps: int = Field(
        10_000, ge=1, le=10_000_000, description="Steps of the second stage, drawn by return."
    )
    hidden: tuple[int, ...] = Field((256, 256), description="Widths of the hidden layers.")
    batch_size: int = Field(256, ge=1, le=65536, description="Transitions in a step.")
    freeze: bool = Field(True, description="Keep the lower layers as they are in the second stage.")
    base: float = Field(0.0, ge=0, le=100, description="Added to the shares: 0, or 0.2 for AntMaze.")


class TrainResult(JobResult):
    agent: str = Field(description="Where the trained agent lies, from the run's artifacts folder on.")


class ReproduceParams(JobParams):
    seeds: int = Field(6, ge=2, le=100, description="Seeds, each with its own data.")
    steps: int = Field(4000, ge=100, le=1_000_000, description="Training steps of each agent.")
    episodes: int = Field(50, ge=10, le=1000, description="Episodes of pendulum data.")
    expert_share: float = Field(0.1, gt=0, lt=1, description="Share of expert episodes in it.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="A row an arm: mean final normalised score with the half-width of its 95 % "
        "interval, mean best score, and the share of expert transitions among those drawn."
    )


SYSTEM = System(
    id="rl.red",
    title="ReD: return-based data rebalance",
    summary="Draws transitions in proportion to their episode's return; DeReD for the last layers only.",
    paper=Paper(
        title="Boosting Offline Reinforcement Learning via Data Rebalancing",
        venue="NeurIPS Offline RL workshop",
        year=2022,
        arxiv="2210.09241",
    ),
    branches=("reinforcement-learning/offline",),
    jobs=(
        Job(
            name="weigh",
            kind="prepare",
            summary="Rebalance a data set by return, for rl.offline train --priorities FILE.",
            params=WeighParams,
            result=WeighResult,
            entry="backends.rl.red.jobs:weigh",
            effort="seconds",
        ),
        Job(
            name="train",
            kind="train",
            summary="Train an agent in DeReD's two stages: all of it uniformly, its last layers by return.",
            params=TrainParams,
            result=TrainResult,
            entry="backends.rl.red.jobs:train",
            effort="minutes",
            quick={"steps": 8, "second_steps": 6, "hidden": (16, 16), "batch_size": 32},
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Cloning on mixed data: uniform, by return, by inverse return, and DeReD.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.red.reproduce:reproduce",
            effort="minutes",
        ),
    ),
    extra="rl",
)
