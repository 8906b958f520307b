"""The card of OPER, and what its jobs ask and answer."""

from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, PublishedFigure, System


class WeighParams(JobParams):
    data: str = Field(description="Transitions: a .hdf5 file (D4RL), .npz, .safetensors, or minari:ID.")
    kind: Literal["advantage", "return"] = Field(
        "advantage", description="Weigh by iterated advantages (OPER-A) or by the episode's return (OPER-R)."
    )
    iterations: int = Field(4, ge=1, le=20, description="Iterations of OPER-A; the paper takes 3 to 5.")
    steps: int = Field(
        1_000_000, ge=1, le=10_000_000, description="Steps of the values' fit in each iteration of OPER-A."
    )
    sigma: float = Field(
        2.0, gt=0, le=100, description="Deviation of OPER-A's weights: 2 locomotion, 5 AntMaze, 0.5 kitchen."
    )
    floor: float = Field(0.1, ge=0, le=1, description="Least weight of OPER-A, as a share of the mean one.")
    base: float = Field(0.0, ge=0, le=100, description="Added to OPER-R's shares: 0, or 0.2 for AntMaze.")
    several_steps: int = Field(1, ge=1, le=100, description="Steps of the return; kitchen and pen take 5.")
    seeds: int = Field(3, ge=1, le=20, description="Fits of OPER-A whose weights are averaged.")
    discount: float = Field(0.99, ge=0, lt=1, description="Discount of later rewards.")


class WeighResult(JobResult):
    weights: str = Field(description="Where the priorities lie, from the run's artifacts folder on.")
    uniform: bool = Field(description="Whether there was nothing to prefer, so that all weights are one.")
    best_episodes: tuple[int, ...] = Field(description="The episodes of the highest mean weight, best first.")


class ReproduceParams(JobParams):
    bandits: int = Field(10, ge=2, le=1000, description="Seeds of the bandit.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float], ...] = Field(
        description="A row an iteration: mean return of the behaviour with the half-width of its 95 % "
        "interval, deviation of the weights, effective share of the transitions."
    )


AgentName = Literal["bc", "td3_bc", "iql"]


class ReproduceAgentsParams(JobParams):
    agents: tuple[AgentName, ...] = Field(("bc", "td3_bc"), description="Agents to train.", min_length=1)
    seeds: int = Field(4, ge=2, le=100, description="Trainings of each agent with each kind of priorities.")
    steps: int = Field(1000, ge=100, le=1_000_000, description="Training steps of each agent.")
    fit_steps: int = Field(3000, ge=10, le=1_000_000, description="Steps of the values' fit an iteration.")
    episodes: int = Field(50, ge=10, le=1000, description="Episodes of pendulum data.")
    expert_share: float = Field(0.1, gt=0, lt=1, description="Share of expert episodes in it.")


class ReproduceAgentsResult(JobResult):
    table: tuple[dict[str, float | str], ...] = Field(
        description="A row an agent and kind of priorities: the interquartile mean over seeds of the final "
        "normalised score with its stratified bootstrap interval, and of the best one."
    )


SYSTEM = System(
    id="rl.oper",
    title="OPER: offline prioritised resampling",
    summary="Weighs logged transitions so that the behaviour an offline policy is bound to is better.",
    paper=Paper(
        title="Decoupled Prioritized Resampling for Offline RL",
        venue="TNNLS",
        year=2024,
        arxiv="2306.05412",
        code="yueyang130/OPER",
    ),
    branches=("reinforcement-learning/offline",),
    jobs=(
        Job(
            name="weigh",
            kind="prepare",
            summary="Compute priorities of a data set, for rl.offline train --priorities FILE.",
            params=WeighParams,
            result=WeighResult,
            entry="backends.rl.oper.jobs:weigh",
            effort="minutes",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="The returns of the bandit's behaviour, iteration by iteration, beside the authors'.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.oper.reproduce:reproduce",
            effort="seconds",
        ),
        Job(
            name="reproduce_agents",
            kind="reproduce",
            summary="Train agents on pendulum data of mixed quality, uniformly and with priorities.",
            params=ReproduceAgentsParams,
            result=ReproduceAgentsResult,
            entry="backends.rl.oper.reproduce_agents:reproduce_agents",
            effort="minutes",
        ),
    ),
    figures=tuple(
        PublishedFigure(
            what=f"Bandit: mean return of the behaviour after {iteration} iterations",
            value=value,
            unit="reward",
            source="the authors' notebook, run again",
        )
        for iteration, value in enumerate((2.69, 3.77, 4.39, 4.72, 4.89), start=1)
    ),
    extra="rl",
)
