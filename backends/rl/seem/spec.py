"""The card of SEEM, and what its jobs ask and answer."""

from pathlib import Path

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, PublishedFigure, System


class MazeParams(JobParams):
    layer_norm: bool = Field(False, description="Put LayerNorm into the critic: the cure.")
    steps: int = Field(800, ge=20, le=100_000, description="Gradient steps on the whole walk.")
    rate: float = Field(0.02, gt=0, le=10, description="Learning rate of gradient descent.")
    discount: float = Field(0.99, ge=0, lt=1, description="Discount of later rewards.")


class MazeResult(JobResult):
    crash: int | None = Field(description="The step at which |Q| passed a million; null if it did not.")
    forecast_by_line: float | None = Field(
        description="The crash as told by the line through 1/|Q| from half to three quarters of the way."
    )
    forecast_by_measure: float | None = Field(
        description="The crash as told by one eigenvalue, three quarters of the way."
    )


class DiagnoseParams(JobParams):
    agent: Path = Field(description="The agent.safetensors of an offline training (rl.offline train).")
    data: str = Field(
        description="Transitions it was trained on: a .hdf5 file (D4RL), .npz, .safetensors, or minari:ID."
    )
    points: int = Field(512, ge=8, le=4096, description="Transitions to measure at.")


class DiagnoseResult(JobResult):
    verdict: str = Field(description="What the measure says of this critic, in a sentence.")
    suggestion: str = Field(description="What to do about it, in a sentence.")


class ReproduceParams(JobParams):
    seeds: int = Field(20, ge=2, le=1000, description="Walks, each with and without LayerNorm.")
    steps: int = Field(800, ge=100, le=100_000, description="Gradient steps of each training.")
    rate: float = Field(0.02, gt=0, le=10, description="Learning rate of gradient descent.")
    discount: float = Field(0.99, ge=0, lt=1, description="Discount of later rewards.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="A row a training: the highest |Q|, the step of the crash, how straight 1/|Q| fell "
        "before it (R squared), the two forecasts, the first and the highest eigenvalue."
    )


SYSTEM = System(
    id="rl.seem",
    title="SEEM: will these values diverge?",
    summary="Tells from a kernel matrix whether an offline critic diverges and when; LayerNorm cures it.",
    paper=Paper(
        title="Understanding, Predicting and Better Resolving Q-Value Divergence in Offline-RL",
        venue="NeurIPS",
        year=2023,
        arxiv="2310.04411",
        code="yueyang130/SEEM",
    ),
    branches=("reinforcement-learning/offline",),
    jobs=(
        Job(
            name="diagnose",
            kind="analyse",
            summary="Judge whether the values of an offline run diverge, and say what to do.",
            params=DiagnoseParams,
            result=DiagnoseResult,
            entry="backends.rl.seem.diagnosis:diagnose",
            effort="seconds",
        ),
        Job(
            name="maze",
            kind="analyse",
            summary="Train one critic in the toy maze, and forecast its crash.",
            params=MazeParams,
            result=MazeResult,
            entry="backends.rl.seem.reproduce:maze",
            effort="seconds",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Who diverges in the toy maze with and without LayerNorm, and how early it is told.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.seem.reproduce:reproduce",
            effort="minutes",
        ),
    ),
    figures=(
        PublishedFigure(
            what="|Q| of two layers before its crash: power of the steps that are left",
            value=-1.0,
            unit="exponent",
            source="theorem 3, as quoted in reviews of the paper",
        ),
    ),
    extra="rl",
)
