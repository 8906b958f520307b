"""The small experiment: cloning pendulum data of which a tenth is the expert's, however it is balanced."""

from functools import partial
from statistics import fmean

import numpy as np
from pydantic import BaseModel

from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.rl.environments.mixtures import mixed_pendulum, pendulum_score
from backends.rl.evaluation.curves import curve_picture
from backends.rl.offline_agents.arms import Arm, train_arm
from backends.rl.offline_agents.making import AgentChoice
from backends.rl.red.jobs import balance
from backends.rl.red.spec import Balance, ReproduceParams, ReproduceResult
from backends.rl.red.two_stages import train_two_stages
from backends.rl.samplers.priorities import Weights
from backends.rl.transitions.store import TransitionStore

ARMS: dict[str, Balance] = {"uniform": "uniform", "ReD": "return", "inverse": "inverse", "DeReD": "return"}


class ArmScore(BaseModel):
    final: float
    best: float
    expert_share: float
    curve: tuple[tuple[float, float], ...]


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Clone with each balance and seed, and compare pairs of the same data."""
    found: dict[str, list[ArmScore]] = {arm: [] for arm in ARMS}
    for seed in range(params.seed, params.seed + params.seeds):
        store = mixed_pendulum(params.episodes, params.expert_share, seed)
        for arm in ARMS:
            part = report.part(f"{arm}, seed {seed}")
            make = partial(_train, arm, store, params, seed, part)
            found[arm].append(part.kept("arm", ArmScore, make))
            report.progress(sum(map(len, found.values())), params.seeds * len(ARMS))
    metrics: dict[str, float] = {}
    uniform = [one.final for one in found["uniform"]]
    for arm, scores in found.items():
        if arm != "uniform":
            gain, half_width = paired_interval([one.final for one in scores], uniform)
            metrics |= {f"gain_{arm.lower()}": gain, f"gain_{arm.lower()}_half_width": half_width}
    curves = {arm: [score.curve for score in scores] for arm, scores in found.items()}
    about = "Scores over training: the mean of the seeds, between the lowest and the highest."
    picture = curve_picture(report, curves, about, x="step", y="normalised score")
    table = tuple(_row(arm, scores) for arm, scores in found.items())
    return ReproduceResult(metrics=metrics, table=table, artifacts=(picture,))


def _train(arm: str, store: TransitionStore, params: ReproduceParams, seed: int, part: Reporter) -> ArmScore:
    weights = balance(store, ARMS[arm])
    setting = Arm(
        choice=AgentChoice(name="bc", hidden=(64, 64), steps=params.steps),
        priorities=None if arm == "DeReD" else weights,
        evaluate_every=max(params.steps // 4, 1),
    )
    score = partial(pendulum_score, episodes=50, seed=10_000)
    if arm == "DeReD":
        assert weights is not None
        trained = train_two_stages(
            store, setting, max(params.steps // 5, 1), weights, seed, part, score
        ).trained
    else:
        trained = train_arm(store, setting, seed, part, score).trained
    return ArmScore(
        final=trained.final["score"],
        best=trained.best["score"],
        expert_share=_expert_share(store, params, weights),
        curve=tuple((step, found["score"]) for step, found in trained.history),
    )


def _expert_share(store: TransitionStore, params: ReproduceParams, weights: Weights | None) -> float:
    """How many of the drawn transitions are the expert's, which come first."""
    experts = round(params.episodes * params.expert_share)
    is_expert = store.episode_id < experts
    return float(np.average(is_expert, weights=weights))


def _row(arm: str, scores: list[ArmScore]) -> dict[str, float | str | None]:
    final, half_width = mean_interval([one.final for one in scores])
    return {
        "arm": arm,
        "final": final,
        "final_half_width": half_width,
        "best": fmean(one.best for one in scores),
        "expert_share": fmean(one.expert_share for one in scores),
    }
