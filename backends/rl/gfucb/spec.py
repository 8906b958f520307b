"""The card of GFUCB, and what its jobs ask and answer."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.lab.contract import Job, JobParams, JobResult, Paper, System

WorldName = Literal["features", "digits"]
ProcessLearnerName = Literal["joint", "independent", "tabular", "greedy"]
LearnerName = Literal["exact", "exact_independent", "shared", "independent", "greedy", "lagrangian", "linucb"]


class SimulateParams(JobParams):
    world: WorldName = Field(
        "features",
        description="Arms of random features out of a finite class, or pictures of digits with a price list "
        "for each task.",
    )
    learner: LearnerName = Field(
        "exact",
        description="GFUCB exactly (one for all tasks, or one each), networks with a bonus (trunk shared, or "
        "one each), without a bonus, GFUCB by gradient, or LinUCB on the bare arms.",
    )
    tasks: int = Field(5, ge=1, le=200, description="Bandits that are played side by side.")
    arms: int = Field(6, ge=2, le=100, description="Arms that each shows in a round.")
    rounds: int = Field(150, ge=1, le=100_000, description="Rounds to play.")
    noise: float = Field(1.0, ge=0, le=100, description="Standard deviation of a reward about its mean.")
    scale: float = Field(1.0, gt=0, le=100, description="Factor on the theoretical β of a confidence set.")
    bonus: float = Field(0.5, ge=0, le=100, description="β of the bonus in the features of a network.")
    updates: int = Field(12, ge=0, le=1000, description="Steps of Adam after a round.")


class SimulateResult(JobResult):
    regret: float = Field(
        ge=0, description="What was lost beside the best arms, summed, for an average task."
    )
    regret_by_task: tuple[float, ...] = Field(description="The same for every task.")


class SuggestParams(JobParams):
    log: Path = Field(
        description="A CSV file of what was tried: columns task, reward, and the numbers that describe the "
        "arm, in any further columns."
    )
    arms: Path = Field(description="A CSV file of the arms to choose from: column task and those numbers.")
    bonus: float = Field(0.5, ge=0, le=100, description="How much an arm gains by being little known.")
    updates: int = Field(1000, ge=1, le=100_000, description="Steps of Adam on the log.")


class Suggestion(JobResult):
    chosen: dict[str, int] = Field(description="For each task the row to try, counted from 1 below the head.")
    expected: dict[str, float] = Field(description="The reward that is predicted of it.")
    bonus: dict[str, float] = Field(description="What its being little known added.")


class ReproduceParams(JobParams):
    rounds: int = Field(150, ge=20, le=10_000, description="Rounds of a play.")
    seeds: int = Field(10, ge=2, le=100, description="Worlds in which each number of tasks is played.")
    network_tasks: int = Field(20, ge=1, le=200, description="Tasks of the comparison of networks.")
    network_seeds: int = Field(3, ge=2, le=100, description="Worlds of the comparison of networks.")
    updates: int = Field(4, ge=0, le=1000, description="Steps of Adam after a round.")


class ReproduceResult(JobResult):
    by_tasks: tuple[dict[str, float], ...] = Field(
        description="A row a number of tasks, the exact learner: regret of an average task, half-width of "
        "its 95 % interval, standard deviation, the slope of log regret by log rounds, and how often the "
        "true representation came out as the best and the truth stayed in the confidence set."
    )
    networks: tuple[dict[str, float | str], ...] = Field(
        description="A row a learner on many tasks: regret of an average task, that of a round in the last "
        "third, and their half-widths."
    )


class SimulateProcessesParams(JobParams):
    learner: ProcessLearnerName = Field(
        "joint",
        description="GFUCB for all tasks at once, the same for every task alone, that with every state and "
        "action for itself, or the joint fit without optimism.",
    )
    tasks: int = Field(5, ge=1, le=50, description="Processes that are played side by side.")
    states: int = Field(10, ge=2, le=50, description="States.")
    actions: int = Field(4, ge=2, le=20, description="Actions in each.")
    features: int = Field(3, ge=1, le=20, description="Numbers in the features that tasks share.")
    representations: int = Field(16, ge=1, le=64, description="Candidates for them, of which one is true.")
    steps: int = Field(4, ge=1, le=20, description="Steps of an episode.")
    episodes: int = Field(60, ge=1, le=10_000, description="Episodes to play in each task.")
    noise: float = Field(0.1, ge=0, le=10, description="Standard deviation of a reward about its mean.")
    scale: float = Field(1.0, ge=0, le=100, description="Factor on the theoretical β of every step.")


class SimulateProcessesResult(SimulateResult):
    best_return: float = Field(description="What the best policies come to on average, for an episode.")


class ReproduceProcessesParams(JobParams):
    episodes: int = Field(40, ge=6, le=10_000, description="Episodes of a play.")
    seeds: int = Field(6, ge=2, le=100, description="Worlds in which each learner plays.")
    tasks: tuple[int, ...] = Field((1, 2, 5, 10), description="Numbers of tasks that share.", min_length=1)
    scales: tuple[float, ...] = Field(
        (0.1, 10.0), description="Further factors on β, with the highest number of tasks."
    )


class ReproduceProcessesResult(JobResult):
    table: tuple[dict[str, float | str], ...] = Field(
        description="A row a learner and number of tasks: regret of an average task and of an episode in the "
        "last third, with half-widths of 95 % intervals, and how often the true representation promised most."
    )


SYSTEM = System(
    id="rl.gfucb",
    title="GFUCB: bandits that share what they learn",
    summary="Plays many tasks at once, bandits or processes, and learns the representation they share.",
    paper=Paper(
        title="Provable General Function Class Representation Learning in Multitask Bandits and MDPs",
        venue="NeurIPS",
        year=2022,
        arxiv="2205.15701",
    ),
    branches=("reinforcement-learning/theory",),
    jobs=(
        Job(
            name="simulate",
            kind="evaluate",
            summary="Play simulated bandit tasks with a learner and count the regret.",
            params=SimulateParams,
            result=SimulateResult,
            entry="backends.rl.gfucb.jobs:simulate",
            effort="seconds",
        ),
        Job(
            name="suggest",
            kind="predict",
            summary="Choose what to try next in each of several related tasks, from a log of what was tried.",
            params=SuggestParams,
            result=Suggestion,
            entry="backends.rl.gfucb.jobs:suggest",
            effort="seconds",
        ),
        Job(
            name="reproduce",
            kind="reproduce",
            summary="Measure how regret falls with the number of tasks that share a representation.",
            params=ReproduceParams,
            result=ReproduceResult,
            entry="backends.rl.gfucb.reproduce:reproduce",
            effort="minutes",
        ),
        Job(
            name="simulate_processes",
            kind="evaluate",
            summary="Play simulated decision processes that share features, and count the regret.",
            params=SimulateProcessesParams,
            result=SimulateProcessesResult,
            entry="backends.rl.gfucb.mdps.jobs:simulate_processes",
            effort="seconds",
        ),
        Job(
            name="reproduce_processes",
            kind="reproduce",
            summary="Measure how regret falls with the number of decision processes that share features.",
            params=ReproduceProcessesParams,
            result=ReproduceProcessesResult,
            entry="backends.rl.gfucb.mdps.reproduce:reproduce_processes",
            effort="minutes",
        ),
    ),
    extra="rl",
)
