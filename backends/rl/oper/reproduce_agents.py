"""Agents with OPER: mixed pendulum data, learnt from uniformly and with either kind of priorities."""

from functools import partial
from typing import Literal

import numpy as np
from pydantic import BaseModel

from backends.lab.intervals import paired_interval
from backends.lab.reporter import Reporter
from backends.rl.environments.mixtures import mixed_pendulum, pendulum_score
from backends.rl.evaluation.curves import curve_picture
from backends.rl.offline_agents.arms import Arm, train_arm
from backends.rl.offline_agents.comparison import ArmScore, finals, over_seeds
from backends.rl.offline_agents.making import AgentChoice
from backends.rl.oper.jobs import advantage_priorities
from backends.rl.oper.spec import AgentName, ReproduceAgentsParams, ReproduceAgentsResult
from backends.rl.samplers.advantages import ValueFit
from backends.rl.samplers.priorities import Standardisation, Weights, standardised
from backends.rl.samplers.returns import return_priorities
from backends.rl.transitions.store import TransitionStore

Kind = Literal["uniform", "oper_r", "oper_a"]
KINDS: tuple[Kind, ...] = ("uniform", "oper_r", "oper_a")


class KeptWeights(BaseModel):
    """Priorities that were fitted once."""

    weights: tuple[float, ...]


def reproduce_agents(params: ReproduceAgentsParams, report: Reporter) -> ReproduceAgentsResult:
    """Train every agent with every kind of priorities on the data of each seed."""
    agents = tuple(dict.fromkeys(params.agents))
    found: dict[tuple[AgentName, Kind], list[ArmScore]] = {
        (agent, kind): [] for agent in agents for kind in KINDS
    }
    total = params.seeds * len(found)
    for seed in range(params.seed, params.seed + params.seeds):
        store = mixed_pendulum(params.episodes, params.expert_share, seed)
        for kind in KINDS:
            priorities = _priorities(kind, store, params, seed, report)
            for agent in agents:
                part = report.part(f"{agent}, {kind}, seed {seed}")
                make = partial(_train, store, priorities, agent, params, seed, part)
                found[agent, kind].append(part.kept("arm", ArmScore, make))
                report.progress(sum(map(len, found.values())), total)
    metrics: dict[str, float] = {}
    for agent in agents:
        base = finals(found[agent, "uniform"])
        for kind in KINDS[1:]:
            gain, half_width = paired_interval(finals(found[agent, kind]), base)
            metrics |= {f"{agent}_gain_{kind}": gain, f"{agent}_gain_{kind}_half_width": half_width}
    rows = tuple(
        {"agent": agent, "priorities": kind, **over_seeds(scores)} for (agent, kind), scores in found.items()
    )
    curves = {
        f"{agent}, {kind}": [score.curve for score in scores] for (agent, kind), scores in found.items()
    }
    about = "Scores over training: the mean of the seeds, between the lowest and the highest."
    picture = curve_picture(report, curves, about, x="step", y="normalised score", name="agents.png")
    return ReproduceAgentsResult(metrics=metrics, table=rows, artifacts=(picture,))


def _priorities(
    kind: Kind, store: TransitionStore, params: ReproduceAgentsParams, seed: int, report: Reporter
) -> Weights | None:
    match kind:
        case "uniform":
            return None
        case "oper_r":
            return return_priorities(store)
        case "oper_a":
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
    agent: AgentName,
    params: ReproduceAgentsParams,
    seed: int,
    part: Reporter,
) -> ArmScore:
    arm = Arm(
        choice=AgentChoice(name=agent, hidden=(64, 64), steps=params.steps),
        priorities=priorities,
        decoupled=True,
        evaluate_every=max(params.steps // 4, 1),
        watch_every=None,
    )
    trained = train_arm(store, arm, seed, part, lambda policy: pendulum_score(policy, 50, 10_000)).trained
    return ArmScore.of(trained)
