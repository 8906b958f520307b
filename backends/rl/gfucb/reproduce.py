"""The small experiment: regret with the number of tasks, exactly and with networks."""

import math
from functools import partial
from statistics import fmean, stdev

import numpy as np
from pydantic import BaseModel

from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.curves import curve_picture
from backends.rl.gfucb.finite_class import FiniteClassUcb
from backends.rl.gfucb.learners import make_learner, make_world
from backends.rl.gfucb.neural_linear import NeuralSettings
from backends.rl.gfucb.simulation import play
from backends.rl.gfucb.spec import LearnerName, ReproduceParams, ReproduceResult
from backends.rl.gfucb.tasks import Floats

TASKS = (1, 2, 5, 10)
NETWORKS: tuple[LearnerName, ...] = ("shared", "independent", "greedy", "lagrangian", "linucb")
_BURN_IN = 1 / 3  # of the rounds, before which the slope of the regret is not taken


class Played(BaseModel):
    """One play, `late` the regret of a round in its last third, `curve` all up to each round; None is what
    only the exact learner has."""

    regret: float
    late: float
    slope: float
    found_truth: bool | None
    truth_in_set: bool | None
    curve: tuple[tuple[float, float], ...]


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Play the worlds of each seed with 1 to 10 tasks, and the networks on many tasks."""
    seeds = range(params.seed, params.seed + params.seeds)
    network_seeds = range(params.seed, params.seed + params.network_seeds)
    total = len(TASKS) * params.seeds + len(NETWORKS) * params.network_seeds
    exact: dict[int, list[Played]] = {count: [] for count in TASKS}
    networks: dict[LearnerName, list[Played]] = {name: [] for name in NETWORKS}
    done = 0
    for count in TASKS:
        for seed in seeds:
            part = report.part(f"{count} tasks, seed {seed}")
            play_exactly = partial(_play_exactly, params, count, seed, part)
            exact[count].append(part.kept("play", Played, play_exactly))
            done += 1
            report.progress(done, total)
    for name in NETWORKS:
        for seed in network_seeds:
            part = report.part(f"{name}, seed {seed}")
            play_networks = partial(_play_networks, params, name, seed, part)
            networks[name].append(part.kept("play", Played, play_networks))
            done += 1
            report.progress(done, total)
    return ReproduceResult(
        metrics={
            "regret_ratio_of_10_tasks_to_1": _mean_regret(exact[TASKS[-1]]) / _mean_regret(exact[TASKS[0]]),
            **_saved("saved_by_10_tasks", _regrets(exact[TASKS[0]]), _regrets(exact[TASKS[-1]])),
            **_saved(
                "saved_by_shared_network", _regrets(networks["independent"]), _regrets(networks["shared"])
            ),
            **_saved(
                "saved_late_by_shared_network", _late(networks["independent"]), _late(networks["shared"])
            ),
        },
        by_tasks=tuple(_exact_row(count, plays) for count, plays in exact.items()),
        networks=tuple(_network_row(name, plays) for name, plays in networks.items()),
        artifacts=(
            curve_picture(
                report,
                {f"{count} tasks": [one.curve for one in plays] for count, plays in exact.items()},
                "Regret of an average task: the mean of the worlds, between the lowest and the highest.",
                x="round",
                y="regret so far",
            ),
        ),
    )


def _saved(name: str, baseline: list[float], ours: list[float]) -> dict[str, float]:
    saved, half_width = paired_interval(baseline, ours)
    return {name: saved, f"{name}_half_width": half_width}


def _regrets(plays: list[Played]) -> list[float]:
    return [one.regret for one in plays]


def _mean_regret(plays: list[Played]) -> float:
    return fmean(_regrets(plays))


def _late(plays: list[Played]) -> list[float]:
    return [one.late for one in plays]


def _play_exactly(params: ReproduceParams, num_tasks: int, seed: int, part: Reporter) -> Played:
    world = make_world("features", num_tasks=num_tasks, num_arms=6, noise=1.0, seed=seed)
    learner = make_learner("exact", world, NeuralSettings(), scale=1.0, seed=seed)
    assert isinstance(learner, FiniteClassUcb)
    inside: list[bool] = []

    def heard(done: int) -> None:
        part.check_cancelled()
        part.progress(done, params.rounds)
        inside.append(learner.contains(0, world.heads_MR))

    regret_TM = play(world.tasks, learner, params.rounds, seed, heard)
    found = learner.best_representation == 0
    return _judged(regret_TM, found_truth=found, truth_in_set=all(inside))


def _play_networks(params: ReproduceParams, name: LearnerName, seed: int, part: Reporter) -> Played:
    world = make_world(
        "features", num_tasks=params.network_tasks, num_arms=10, width=10, features=4, noise=0.3, seed=seed
    )
    settings = NeuralSettings(updates=params.updates)
    learner = make_learner(name, world, settings, scale=1.0, seed=seed)

    def heard(done: int) -> None:
        part.check_cancelled()
        part.progress(done, params.rounds)

    return _judged(
        play(world.tasks, learner, params.rounds, seed, heard), found_truth=None, truth_in_set=None
    )


def _judged(regret_TM: Floats, *, found_truth: bool | None, truth_in_set: bool | None) -> Played:
    curve_T = regret_TM.cumsum(0).mean(1)
    return Played(
        regret=float(curve_T[-1]),
        late=float(regret_TM[-(len(regret_TM) // 3) :].mean()),
        slope=growth(curve_T),
        curve=tuple(enumerate(curve_T.tolist(), start=1)),
        found_truth=found_truth,
        truth_in_set=truth_in_set,
    )


def growth(curve_T: Floats) -> float:
    """The exponent p of a regret that grows like rounds to the power p, fitted after a burn-in."""
    start = math.ceil(len(curve_T) * _BURN_IN)
    rounds = np.arange(start, len(curve_T) + 1)
    return float(np.polyfit(np.log(rounds), np.log(np.maximum(curve_T[start - 1 :], 1e-9)), 1)[0])


def _exact_row(count: int, plays: list[Played]) -> dict[str, float]:
    regrets = [one.regret for one in plays]
    mean, half_width = mean_interval(regrets)
    return {
        "tasks": count,
        "regret": mean,
        "regret_half_width": half_width,
        "regret_deviation": stdev(regrets),
        "slope": fmean(one.slope for one in plays),
        "found_truth": fmean(one.found_truth is True for one in plays),
        "truth_in_set": fmean(one.truth_in_set is True for one in plays),
    }


def _network_row(name: str, plays: list[Played]) -> dict[str, float | str]:
    mean, half_width = mean_interval(_regrets(plays))
    late, late_half_width = mean_interval(_late(plays))
    return {
        "learner": name,
        "regret": mean,
        "regret_half_width": half_width,
        "late_regret": late,
        "late_regret_half_width": late_half_width,
    }
