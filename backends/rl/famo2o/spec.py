"""The card of FamO2O, and what its jobs ask and answer."""

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, PublishedFigure, System


class TrainParams(JobParams):
    data: str = Field(
        "demo",
        description="Transitions: a .hdf5 file (D4RL), .npz, .safetensors, minari:ID, or demo (pendulum).",
    )
    environment: str | None = Field(
        None, description="Environment of the online phase; without it the data's own, if the data names one."
    )
    steps: int = Field(100_000, ge=1, le=10_000_000, description="Offline steps; the paper takes a million.")
    online_steps: int = Field(
        0, ge=0, le=10_000_000, description="Steps in the environment after that, one update each."
    )
    lowest: float = Field(1.0, ge=0, le=1000, description="Lowest coefficient: 1, or 8 on AntMaze.")
    highest: float = Field(5.0, gt=0, le=1000, description="Highest coefficient: 5, or 14 on AntMaze.")
    expectile: float = Field(0.9, gt=0, lt=1, description="IQL's expectile.")
    hidden: tuple[int, ...] = Field((256, 256), description="Widths of the hidden layers.")
    batch_size: int = Field(256, ge=1, le=65536, description="Transitions in a step.")
    episodes: int = Field(10, ge=1, le=1000, description="Episodes of the evaluation at the end.")


class TrainResult(JobResult):
    agent: str = Field(description="Where the trained family lies, from the run's artifacts folder on.")


class ReproduceParams(JobParams):
    seeds: int = Field(20, ge=2, le=1000, description="Bandits to draw.")
    pulls: int = Field(150, ge=1, le=100_000, description="Online pulls in each state.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="Mean reward of each way to choose the balance, with the half-width of its 95 % interval."
    )


SYSTEM = System(
    id="rl.famo2o",
    title="FamO2O: a family of policies, a balance by state",
    summary="Offline-to-online RL whose trust in the data is learnt for each state, on IQL.",
    paper=Paper(
        title="Train Once, Get a Family: State-Adaptive Balances for Offline-to-Online "
        "Reinforcement Learning",
        venue="NeurIPS",
        year=2023,
        arxiv="2310.17966",
        code="LeapLabTHU/FamO2O",
    ),
    branches=("reinforcement-learning/offline",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train the family offline, and go on in an environment if wanted.",
            params=TrainParams,
            result=TrainResult,
            entry="backends.rl.famo2o.jobs:train",
            effort="minutes",
            quick={"steps": 8, "online_steps": 6, "hidden": (16, 16), "batch_size": 32, "episodes": 1},
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="A balance for each state against every single one, in a contextual bandit.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.famo2o.reproduce:reproduce",
            effort="seconds",
        ),
    ),
    figures=(
        PublishedFigure(
            what="AntMaze after a million online steps: IQL, which FamO2O on IQL must not fall below",
            value=78.5,
            unit="normalised score",
            source="CORL's tables",
        ),
    ),
    extra="rl",
)
