"""The card of OAP, and what its jobs ask and answer."""

from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, PublishedFigure, System


class TrainParams(JobParams):
    episodes: int = Field(50, ge=2, le=10_000, description="Episodes of pendulum data.")
    expert_share: float = Field(0.1, ge=0, le=1, description="Share of expert episodes in it.")
    steps: int = Field(30_000, ge=1, le=10_000_000, description="Training steps; the paper takes a million.")
    rounds: int = Field(3, ge=1, le=1000, description="How often to ask; the paper asks ten times.")
    budget: int = Field(1500, ge=0, le=10_000_000, description="Questions in all; the paper's are 100,000.")
    oracle: Literal["futures", "data", "random"] = Field(
        "futures",
        description="Who answers: what the expert would reach from either action, one who always prefers the "
        "data (a control), or a coin (a control).",
    )
    mistakes: float = Field(0.0, ge=0, le=1, description="Share of answers that are wrong.")
    mode: Literal["reweight", "replace"] = Field(
        "reweight", description="Change how strongly the data binds, or what it binds to."
    )
    encourage: float = Field(2.0, ge=0, le=100, description="Weight where the data's action is preferred.")
    suppress: float = Field(0.2, ge=0, le=100, description="Weight where the policy's action is preferred.")
    hidden: tuple[int, ...] = Field((256, 256), description="Widths of the hidden layers.")
    batch_size: int = Field(256, ge=1, le=65536, description="Transitions in a step.")


class TrainResult(JobResult):
    agent: str = Field(description="Where the trained agent lies, from the run's artifacts folder on.")


class ReproduceParams(JobParams):
    seeds: int = Field(50, ge=2, le=10_000, description="Worlds of the probe.")
    encourage: float = Field(4.0, ge=0, le=100, description="Weight where the data's action is preferred.")
    suppress: float = Field(0.2, ge=0, le=100, description="Weight where the policy's action is preferred.")
    share: float = Field(0.3, gt=0, lt=1, description="Share of the states that are asked about.")


class ReproduceResult(JobResult):
    table: tuple[dict[str, float | str | None], ...] = Field(
        description="Mean regret of each way of asking, with the half-width of its 95 % interval."
    )


SYSTEM = System(
    id="rl.oap",
    title="OAP: offline RL with action preferences",
    summary="Asks whose action is better where the policy leaves its data, and binds it accordingly.",
    paper=Paper(
        title="Boosting Offline Reinforcement Learning with Action Preference Query",
        venue="ICML",
        year=2023,
        arxiv="2306.03362",
    ),
    branches=("reinforcement-learning/offline",),
    jobs=(
        Job(
            name="train",
            kind="train",
            summary="Train TD3+BC on pendulum data, asking an oracle about actions while it learns.",
            params=TrainParams,
            result=TrainResult,
            entry="backends.rl.oap.session:train",
            effort="minutes",
            quick={
                "steps": 9,
                "rounds": 3,
                "budget": 30,
                "episodes": 4,
                "hidden": (16, 16),
                "batch_size": 32,
            },
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="What asking about which states, and changing what, does to the regret, in closed form.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.oap.reproduce:reproduce",
            effort="seconds",
        ),
    ),
    figures=(
        PublishedFigure(
            what="D4RL locomotion, nine tasks, 100,000 questions (TD3+BC: 76.5 by CORL)",
            value=82.3,
            unit="normalised score",
            source="quoted by a follow-up, not seen in the paper",
        ),
        PublishedFigure(
            what="D4RL AntMaze, six tasks, 100,000 questions (TD3+BC: 19.3 by CORL)",
            value=48.6,
            unit="normalised score",
            source="quoted by a follow-up, not seen in the paper",
        ),
    ),
    extra="rl",
)
