"""The jobs of the offline agents: train one on a person's data, and play with it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backends.lab.checkpoint import load_weights
from backends.lab.contract import Artifact
from backends.lab.errors import LabError
from backends.lab.reporter import Reporter
from backends.rl.environments.episodes import episode_returns
from backends.rl.environments.making import make_environment, widths
from backends.rl.environments.mixtures import mixed_pendulum
from backends.rl.evaluation.aggregates import mean
from backends.rl.evaluation.bootstrap import estimate
from backends.rl.evaluation.curves import plot_curves
from backends.rl.offline.spec import EvaluateParams, EvaluateResult, TrainParams, TrainResult
from backends.rl.offline_agents.arms import Arm, Score, TrainedArm, train_arm
from backends.rl.offline_agents.making import AgentChoice, load_agent, save_agent
from backends.rl.samplers.priorities import Weights, mean_one
from backends.rl.samplers.returns import return_priorities
from backends.rl.transitions.opening import open_transitions
from backends.rl.transitions.store import TransitionStore

_AT_ONCE = 10  # environments that are played side by side


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Train an agent, evaluate it where there is an environment, and write it with its curves."""
    store = _prepared(params)
    for remark in store.remarks:
        report.log(f"{store.name}: {remark}.")
    arm = Arm(
        choice=AgentChoice(
            name=params.agent,
            hidden=params.hidden,
            layer_norm=params.layer_norm,
            strength=params.strength,
            expectile=params.expectile,
            steps=params.steps,
        ),
        priorities=None if params.priorities is None else named_priorities(params.priorities, store),
        decoupled=params.decoupled,
        reweight=params.reweight,
        batch_size=params.batch_size,
        discount=params.discount,
        evaluate_every=max(params.steps // params.evaluations, 1),
    )
    found = train_arm(
        store, arm, params.seed, report, policy_score(params.environment, params.episodes, store)
    )
    path = report.artifact_path("agent.safetensors")
    save_agent(path, found.saved.agent, arm.choice, found.saved.scaling, params.discount, "rl.offline")
    kept = report.artifact(path, f"{params.agent} after {found.trained.steps} steps on {store.name}.")
    return TrainResult(
        metrics=_metrics(found),
        artifacts=(kept, *_pictures(found, report)),
        agent=kept.path,
        diverged_at=found.trained.diverged_at,
        remarks=store.remarks,
    )


def evaluate(params: EvaluateParams, report: Reporter) -> EvaluateResult:
    """Play episodes; the mean return comes with a bootstrap interval."""
    environments = [make_environment(params.environment) for _ in range(min(_AT_ONCE, params.episodes))]
    saved = load_agent(params.agent, *widths(environments[0]))
    returns: list[float] = []
    while len(returns) < params.episodes:
        report.check_cancelled()
        some = min(len(environments), params.episodes - len(returns))
        found = episode_returns(
            environments, lambda obs: saved.policy(obs).numpy(), some, params.seed + len(returns)
        )
        returns += found.tolist()
        report.progress(len(returns), params.episodes)
    interval = estimate(returns, mean)
    metrics = {
        "mean_return": interval.value,
        "mean_return_low": interval.low,
        "mean_return_high": interval.high,
    }
    return EvaluateResult(metrics=metrics, returns=tuple(returns))


def open_data(name: str, seed: int) -> TransitionStore:
    """A person's data, or for `demo` a mixture of our own."""
    return mixed_pendulum(50, 0.5, seed) if name == "demo" else open_transitions(name)


def _prepared(params: TrainParams) -> TransitionStore:
    """The data, with its episodes chosen and its rewards changed as asked."""
    store = open_data(params.data, params.seed)
    if params.best_percent is not None:
        store = store.top_episodes(params.best_percent)
    match params.rewards:
        case "plain":
            return store
        case "span":
            return store.scaled_by_returns()
        case "minus_one":
            return store.with_rewards(1.0, -1.0)


def named_priorities(name: str, store: TransitionStore) -> Weights:
    """Priorities by `return`, or those of a file.

    Raises:
        LabError: There is nothing to prefer, or the file's do not fit the data.
    """
    match name:
        case "return":
            weights = return_priorities(store)
            if weights is None:
                raise LabError(f"{store.name}: all episodes have one return; there is nothing to prefer.")
            return weights
        case file:
            kept, _ = load_weights(Path(file))
            if "weights" not in kept:
                raise LabError(f"{file} holds no priorities; rl.oper weigh and rl.red weigh write some.")
            weights = kept["weights"].double().numpy()
            if len(weights) != len(store):
                raise LabError(f"{file} weighs {len(weights)} transitions; {store.name} has {len(store)}.")
            return mean_one(weights)


def policy_score(environment: str | None, episodes: int, store: TransitionStore) -> Score | None:
    """How policies are scored: by normalised score where the data knows references, else by return.

    They play in the environment that was asked for, or in the data's own; None if neither is known.

    Raises:
        LabError: The environment does not fit the data.
    """
    name = environment or store.environment
    if name is None:
        return None
    environments = [make_environment(name) for _ in range(min(_AT_ONCE, episodes))]
    if widths(environments[0]) != (store.obs_dim, store.action_dim):
        there = widths(environments[0])
        raise LabError(
            f"{name} has states and actions of {there[0]} and {there[1]} numbers; {store.name} has "
            f"{store.obs_dim} and {store.action_dim}."
        )

    def score(policy: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> float:
        returned = float(episode_returns(environments, policy, episodes, 10_000).mean())
        return returned if store.reference is None else store.reference.score(returned)

    return score


def _metrics(found: TrainedArm) -> dict[str, float]:
    """Final and best apart: the best of many evaluations flatters."""
    trained = found.trained
    metrics = {"steps": float(trained.steps)}
    metrics |= {f"final_{name}": value for name, value in trained.final.items()}
    metrics |= {f"best_{name}": value for name, value in trained.best.items()}
    if trained.excitation:
        _, excitation, excess = trained.excitation[-1]
        metrics |= {"excitation": excitation, "value_over_largest_return": excess}
    return metrics


def _pictures(found: TrainedArm, report: Reporter) -> tuple[Artifact, ...]:
    trained, made = found.trained, []
    if trained.history:
        path = report.artifact_path("score.png")
        curve = [(float(step), values["score"]) for step, values in trained.history]
        plot_curves({found.saved.choice.name: [curve]}, path, x="step", y="score")
        made.append(report.artifact(path, "The score of the evaluations over training."))
    if trained.excitation:
        path = report.artifact_path("divergence.png")
        values = [(float(step), excess) for step, _, excess in trained.excitation]
        measure = [(float(step), excitation) for step, excitation, _ in trained.excitation]
        arms = {"mean |Q| over the largest return": [values], "normalised SEEM": [measure]}
        plot_curves(arms, path, x="step", y="")
        made.append(report.artifact(path, "How large the values are, and whether they excite themselves."))
    return tuple(made)
