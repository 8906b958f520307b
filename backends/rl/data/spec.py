"""The card of the data jobs, and what they ask and answer."""

from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, System


class CollectParams(JobParams):
    environment: str = Field(
        "Pendulum-v1",
        description="Environment: Pendulum-v1, point_maze-umaze, point_maze-medium, or any of gymnasium's "
        "with continuous actions (Hopper-v5, HalfCheetah-v5 need mujoco).",
    )
    kind: Literal["random", "medium", "expert", "medium-expert", "mixed", "replay"] = Field(
        "mixed",
        description="Whose actions: random ones, a noisy expert's, the expert's, halves of these two, a "
        "share of expert episodes among random ones, or all that SAC lived through while it learnt.",
    )
    transitions: int = Field(10_000, ge=10, le=10_000_000, description="How many transitions.")
    expert_share: float = Field(0.1, ge=0, le=1, description="Share of the expert in mixed data.")
    train_steps: int = Field(
        20_000,
        ge=100,
        le=10_000_000,
        description="Steps of SAC where the expert has to be learnt, and of replay data.",
    )
    out: str | None = Field(
        None, description="Write it here as well: a name ending in .npz or .hdf5, or minari:ID."
    )


class CollectResult(JobResult):
    data: str = Field(description="Where the data lies, from the run's artifacts folder on.")


class DescribeParams(JobParams):
    data: str = Field(description="Transitions: a .hdf5 file (D4RL), .npz, .safetensors, or minari:ID.")


class DescribeResult(JobResult):
    environment: str | None = Field(description="The environment that the data names; null if none.")
    remarks: tuple[str, ...] = Field(description="What should be known before using it.")


class ConvertParams(JobParams):
    data: str = Field(description="Transitions: a .hdf5 file (D4RL), .npz, .safetensors, or minari:ID.")
    out: str = Field(description="What to write: a name ending in .npz, .hdf5 or .safetensors, or minari:ID.")


class ConvertResult(JobResult):
    written: str = Field(description="What was written.")


SYSTEM = System(
    id="rl.data",
    title="Offline data",
    summary="Makes logged transitions of any quality, describes them, and converts D4RL, Minari and npz.",
    branches=("reinforcement-learning/offline",),
    jobs=(
        Job(
            name="collect",
            kind="prepare",
            summary="Make offline data: random, medium, expert, mixed or replay.",
            params=CollectParams,
            result=CollectResult,
            entry="backends.rl.data.jobs:collect",
            effort="minutes",
        ),
        Job(
            name="describe",
            kind="analyse",
            summary="Tell what a data set holds: episodes, returns, boundaries, and what to beware of.",
            params=DescribeParams,
            result=DescribeResult,
            entry="backends.rl.data.jobs:describe",
            effort="seconds",
        ),
        Job(
            name="convert",
            kind="prepare",
            summary="Carry data from one format to another.",
            params=ConvertParams,
            result=ConvertResult,
            entry="backends.rl.data.jobs:convert",
            effort="seconds",
        ),
    ),
    extra="rl",
)
