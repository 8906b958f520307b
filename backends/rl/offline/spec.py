"""The card of the offline agents, and what their jobs ask and answer."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Preset, System

Agent = Literal["bc", "td3", "td3_bc", "awac", "iql", "cql", "one_step"]


class OfflineParams(JobParams):
    """What training one agent and comparing several share."""

    data: str = Field(
        "demo",
        description="Transitions: a .hdf5 file (D4RL), .npz, .safetensors, minari:ID, or demo (pendulum).",
    )
    batch_size: int = Field(256, ge=1, le=65536, description="Transitions in a step.")
    layer_norm: bool = Field(False, description="LayerNorm in the critics, SEEM's cure of divergence.")
    hidden: tuple[int, ...] = Field((256, 256), description="Widths of the hidden layers.")
    discount: float = Field(0.99, ge=0, lt=1, description="Discount of later rewards.")
    decoupled: bool = Field(
        True, description="Priorities for the policy alone (OPER's advice); otherwise for the values too."
    )
    environment: str | None = Field(
        None, description="Environment to evaluate in; without it the data's own, if the data names one."
    )
    evaluations: int = Field(5, ge=1, le=1000, description="How often to evaluate.")
    episodes: int = Field(10, ge=1, le=1000, description="Episodes of an evaluation.")


class TrainParams(OfflineParams):
    agent: Agent = Field("td3_bc", description="Agent to train; td3 is TD3+BC without its pull to the data.")
    steps: int = Field(100_000, ge=1, le=10_000_000, description="Training steps; papers take a million.")
    strength: float | None = Field(
        None,
        gt=0,
        description="Balance of values against the data: alpha of TD3+BC (2.5), beta of IQL (3), 1/lambda of "
        "AWAC (1), CQL's weight (5), one-step RL's temperature (1).",
    )
    expectile: float = Field(0.7, gt=0, lt=1, description="IQL's expectile; 0.9 on AntMaze.")
    rewards: Literal["plain", "span", "minus_one"] = Field(
        "plain",
        description="Rewards as they are, scaled so that returns span 1000 (IQL, locomotion), or minus one "
        "(AntMaze).",
    )
    best_percent: float | None = Field(
        None, gt=0, le=100, description="Train on the best so many percent of the episodes only."
    )
    priorities: str | None = Field(
        None,
        description="Priorities of the transitions: return (ReD, OPER-R), or a priorities.safetensors of "
        "rl.oper weigh or rl.red weigh.",
    )
    reweight: bool = Field(False, description="Multiply losses by the priorities instead of resampling.")


class TrainResult(JobResult):
    agent: str = Field(description="Where the trained agent lies, from the run's artifacts folder on.")
    diverged_at: int | None = Field(
        description="The step at which training ended because the values had diverged; null if they did not."
    )
    remarks: tuple[str, ...] = Field(description="What should be known about the data.")


class CompareParams(OfflineParams):
    agents: tuple[Agent, ...] = Field(("bc", "td3_bc", "iql"), min_length=1, description="Agents to compare.")
    priorities: tuple[str, ...] = Field(
        ("uniform",),
        min_length=1,
        description="Kinds of priorities: uniform, return (ReD, OPER-R), or files of rl.oper weigh or rl.red "
        "weigh, which are called file1, file2, ... Gains are told beside the first.",
    )
    seeds: int = Field(3, ge=1, le=100, description="Trainings of each agent.")
    steps: int = Field(20_000, ge=1, le=10_000_000, description="Steps of a training.")


class CompareResult(JobResult):
    unit: str = Field(description="What scores are: normalised, if the data knows reference returns.")
    table: tuple[dict[str, float | str], ...] = Field(
        description="A row an agent and kind of priorities: how many seeds diverged, and of the others the "
        "interquartile mean of the final score with its stratified bootstrap interval, and of the best one."
    )
    remarks: tuple[str, ...] = Field(description="What should be known about the data.")


class EvaluateParams(JobParams):
    agent: Path = Field(description="The agent.safetensors that train wrote.")
    environment: str = Field("Pendulum-v1", description="Environment to play in, as gymnasium names it.")
    episodes: int = Field(20, ge=2, le=10_000, description="Episodes to play.")


class EvaluateResult(JobResult):
    returns: tuple[float, ...] = Field(description="The return of each episode.")


SYSTEM = System(
    id="rl.offline",
    title="Offline agents",
    summary="Trains BC, TD3+BC, AWAC, IQL, CQL or one-step RL on logged transitions.",
    branches=("reinforcement-learning/offline",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train an offline agent on logged transitions, watched for divergence.",
            params=TrainParams,
            result=TrainResult,
            entry="backends.rl.offline.jobs:train",
            effort="minutes",
            quick={"steps": 12, "hidden": (16, 16), "batch_size": 32, "episodes": 1, "evaluations": 1},
        ),
        Job(
            name="compare",
            kind="analyse",
            summary="Train several agents on the same logged transitions, over seeds, with intervals.",
            params=CompareParams,
            result=CompareResult,
            entry="backends.rl.offline.compare:compare",
            effort="minutes",
            quick={
                "agents": ("bc", "td3_bc"),
                "seeds": 2,
                "steps": 8,
                "hidden": (16, 16),
                "batch_size": 32,
                "episodes": 1,
                "evaluations": 1,
            },
        ),
        Job(
            name="evaluate",
            kind="evaluate",
            summary="Play episodes with a trained agent.",
            params=EvaluateParams,
            result=EvaluateResult,
            entry="backends.rl.offline.jobs:evaluate",
            effort="seconds",
        ),
    ),
    presets=(
        Preset(
            name="critics",
            summary="Twin critics for 17 numbers of state and 6 of action: twice the 72,193 of TD3.",
            build="backends.rl.offline.presets:critics",
            inputs=((23,),),
            parameters=144_386,
        ),
    ),
    extra="rl",
)
