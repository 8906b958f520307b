"""The small experiment: the bandit by iteration, and agents with OPER on pendulum data of mixed quality."""

from functools import partial
from statistics import fmean

import numpy as np
from pydantic import BaseModel

from backends.lab.errors import LabError
from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.rl.environments.mixtures import mixed_pendulum, pendulum_score
from backends.rl.offline_agents.arms import Arm, train_arm
from backends.rl.offline_agents.making import AgentChoice
from backends.rl.oper.bandit import bandit, bandit_priorities
from backends.rl.oper.jobs import advantage_priorities
from backends.rl.oper.spec import ReproduceParams, ReproduceResult
from backends.rl.samplers.advantages import ValueFit
from backends.rl.samplers.priorities import Standardisation, Weights, effective_share, standardised
from backends.rl.samplers.returns import return_priorities
from backends.rl.transitions.store import TransitionStore

ITERATIONS = 5
ARMS = ("uniform", "OPER-R", "OPER-A")


class ArmScore(BaseModel):
    """The final and the best normalised score of one training; neither stands for the other."""

    final: float
    best: float


class KeptWeights(BaseModel):
    weights: tuple[float, ...]


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Iterate on the bandit for each seed, then, if asked, train the agent with each arm on the same data.

    Raises:
        LabError: One seed was asked for, which gives no interval.
    """
    if params.seeds == 1:
        raise LabError("One seed gives no interval: --seeds 0, or 2 and more.")
    rows, metrics = _bandit_rows(params)
    scores: dict[str, list[ArmScore]] = {arm: [] for arm in ARMS}
    total = params.seeds * len(ARMS)
    for seed in range(params.seed, params.seed + params.seeds):
        store = mixed_pendulum(params.episodes, params.expert_share, seed)
        for arm in ARMS:
            priorities = _priorities(arm, store, params, seed, report)
            part = report.part(f"{arm}, seed {seed}")
            make = partial(_train, store, priorities, params, seed, part)
            scores[arm].append(part.kept("arm", ArmScore, make))
            report.progress(sum(map(len, scores.values())), total)
    if params.seeds == 0:
        return ReproduceResult(metrics=metrics, table=tuple(rows))
    for arm, found in scores.items():
        final, half_width = mean_interval([one.final for one in found])
        rows.append(
            {
                "experiment": "pendulum",
                "agent": params.agent,
                "arm": arm,
                "final": final,
                "final_half_width": half_width,
                "best": fmean(one.best for one in found),
            }
        )
        if arm != "uniform":
            base = [one.final for one in scores["uniform"]]
            gain, width = paired_interval([one.final for one in found], base)
            key = f"gain_{params.agent}_{arm.replace('-', '_').lower()}"
            metrics |= {key: gain, f"{key}_half_width": width}
    return ReproduceResult(metrics=metrics, table=tuple(rows))


def _bandit_rows(
    params: ReproduceParams,
) -> tuple[list[dict[str, float | str | None]], dict[str, float]]:
    """Mean return, deviation and effective share after each iteration, over seeds."""
    stores = [bandit(seed) for seed in range(params.seed, params.seed + params.bandits)]
    iterated = [(store, bandit_priorities(store, ITERATIONS)) for store in stores]
    rows: list[dict[str, float | str | None]] = []
    metrics: dict[str, float] = {"bandit_return_0": fmean(float(store.reward.mean()) for store in stores)}
    for number in range(1, ITERATIONS + 1):
        reached = [(store, found[number - 1]) for store, found in iterated if len(found) >= number]
        returns = [float((weights * store.reward).mean()) for store, weights in reached]
        mean, half_width = mean_interval(returns)
        metrics |= {f"bandit_return_{number}": mean, f"bandit_return_{number}_half_width": half_width}
        rows.append(
            {
                "experiment": "bandit",
                "iteration": number,
                "return": mean,
                "return_half_width": half_width,
                "deviation": fmean(float(weights.std()) for _, weights in reached),
                "effective_share": fmean(effective_share(weights) for _, weights in reached),
            }
        )
    return rows, metrics


def _priorities(
    arm: str, store: TransitionStore, params: ReproduceParams, seed: int, report: Reporter
) -> Weights | None:
    match arm:
        case "uniform":
            return None
        case "OPER-R":
            return return_priorities(store)
        case _:
            part = report.part(f"weights, seed {seed}")

            def make() -> KeptWeights:
                fit = ValueFit(steps=params.fit_steps, hidden=(64, 64), rate=1e-3)
                raw = advantage_priorities(
                    store, fit, iterations=4, seeds=range(seed, seed + 1), discount=0.99, report=part
                )
                return KeptWeights(weights=tuple(standardised(raw, Standardisation(2.0)).tolist()))

            return np.array(part.kept("weights", KeptWeights, make).weights)


def _train(
    store: TransitionStore,
    priorities: Weights | None,
    params: ReproduceParams,
    seed: int,
    part: Reporter,
) -> ArmScore:
    arm = Arm(
        choice=AgentChoice(name=params.agent, hidden=(64, 64), steps=params.steps),
        priorities=priorities,
        decoupled=True,
        evaluate_every=max(params.steps // 4, 1),
        watch_every=None,
    )
    trained = train_arm(store, arm, seed, part, lambda policy: pendulum_score(policy, 50, 10_000)).trained
    return ArmScore(final=trained.final["score"], best=trained.best["score"])
