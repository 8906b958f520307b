"""The small experiment on processes: regret with the number of tasks that share, and of each for itself."""

from collections.abc import Iterator
from functools import partial
from statistics import fmean

import numpy as np
from pydantic import BaseModel

from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.curves import curve_picture
from backends.rl.gfucb.mdps.jobs import make_process_world, process_learners
from backends.rl.gfucb.mdps.play import play_episodes
from backends.rl.gfucb.spec import (
    ProcessLearnerName,
    ReproduceProcessesParams,
    ReproduceProcessesResult,
    SimulateProcessesParams,
)


class PlayedProcesses(BaseModel):
    """One play, `late` the regret of an episode in its last third, `curve` all up to each episode."""

    regret: float
    late: float
    found_truth: float
    curve: tuple[tuple[float, float], ...]


class Arm(BaseModel):
    """Who plays how many tasks, with what factor on β."""

    learner: ProcessLearnerName
    tasks: int
    scale: float

    def __str__(self) -> str:
        return f"{self.learner}, {self.tasks} tasks, β times {self.scale:g}"


def reproduce_processes(params: ReproduceProcessesParams, report: Reporter) -> ReproduceProcessesResult:
    """Play the worlds of each seed with every arm."""
    arms = list(_arms(params))
    plays: list[list[PlayedProcesses]] = []
    seeds = range(params.seed, params.seed + params.seeds)
    for number, arm in enumerate(arms):
        found = []
        for done, seed in enumerate(seeds):
            part = report.part(f"{arm}, seed {seed}")
            found.append(part.kept("play", PlayedProcesses, partial(_play, params, arm, seed, part)))
            report.progress(number * len(seeds) + done + 1, len(arms) * len(seeds))
        plays.append(found)
    fewest, most = 0, len(params.tasks) - 1
    regrets = [[one.regret for one in found] for found in plays]
    metrics = {"regret_ratio_of_most_tasks_to_fewest": fmean(regrets[most]) / fmean(regrets[fewest])}
    others = {str(arm.learner): number for number, arm in enumerate(arms) if arm.learner != "joint"}
    for name, number in {"fewest_tasks": fewest, **others}.items():
        saved, half_width = paired_interval(regrets[number], regrets[most])
        metrics |= {f"saved_beside_{name}": saved, f"saved_beside_{name}_half_width": half_width}
    rows = tuple(_row(arm, found) for arm, found in zip(arms, plays, strict=True))
    curves = {
        str(arm): [one.curve for one in found]
        for arm, found in zip(arms, plays, strict=True)
        if arm.learner != "joint" or arm.scale == arms[0].scale
    }
    about = "Regret of an average task: the mean of the worlds, between the lowest and the highest."
    picture = curve_picture(report, curves, about, x="episode", y="regret so far", name="processes.png")
    return ReproduceProcessesResult(metrics=metrics, table=rows, artifacts=(picture,))


def _arms(params: ReproduceProcessesParams) -> Iterator[Arm]:
    scale = SimulateProcessesParams().scale
    counts = sorted(set(params.tasks))
    for count in counts:
        yield Arm(learner="joint", tasks=count, scale=scale)
    for learner in ("independent", "tabular"):
        yield Arm.model_validate({"learner": learner, "tasks": counts[-1], "scale": scale})
    yield Arm(learner="greedy", tasks=counts[-1], scale=0.0)
    for further in params.scales:
        yield Arm(learner="joint", tasks=counts[-1], scale=further)


def _play(params: ReproduceProcessesParams, arm: Arm, seed: int, part: Reporter) -> PlayedProcesses:
    asked = SimulateProcessesParams(
        seed=seed, learner=arm.learner, tasks=arm.tasks, scale=arm.scale, episodes=params.episodes
    )
    world = make_process_world(asked)
    learners = process_learners(asked, world)

    def heard(done: int) -> None:
        part.check_cancelled()
        part.progress(done, params.episodes)

    regret_EM = play_episodes(world.tasks, learners, params.episodes, seed, heard)
    starts = np.zeros(arm.tasks // len(learners), dtype=np.int64)
    return PlayedProcesses(
        regret=float(regret_EM.sum(0).mean()),
        late=float(regret_EM[-(params.episodes // 3) :].mean()),
        found_truth=fmean(learner.promise(starts).representation == 0 for learner in learners),
        curve=tuple(enumerate(regret_EM.cumsum(0).mean(1).tolist(), start=1)),
    )


def _row(arm: Arm, found: list[PlayedProcesses]) -> dict[str, float | str]:
    regret, half_width = mean_interval([one.regret for one in found])
    late, late_half_width = mean_interval([one.late for one in found])
    return {
        "learner": arm.learner,
        "tasks": arm.tasks,
        "scale": arm.scale,
        "regret": regret,
        "regret_half_width": half_width,
        "late_regret": late,
        "late_regret_half_width": late_half_width,
        "found_truth": fmean(one.found_truth for one in found),
    }
