"""The job of OPER: priorities of a person's data, as a file."""

import numpy as np
import torch

from backends.lab.checkpoint import save_weights
from backends.lab.reporter import Reporter
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.oper.spec import WeighParams, WeighResult
from backends.rl.samplers.advantages import BehaviourValues, ValueFit, iterate, mean_of
from backends.rl.samplers.priorities import Standardisation, Weights, effective_share, mean_one, standardised
from backends.rl.samplers.returns import return_priorities
from backends.rl.transitions.opening import open_transitions
from backends.rl.transitions.store import StateScaling, TransitionStore, several_steps

_TOLD = 10  # episodes named in the result


def weigh(params: WeighParams, report: Reporter) -> WeighResult:
    """Weigh data and write the priorities."""
    store = open_transitions(params.data)
    for remark in store.remarks:
        report.log(f"{store.name}: {remark}.")
    found = _weights(params, store, report)
    if found is None:
        report.log(
            f"{store.name}: all episodes have one return, so nothing is preferred; weights stay uniform."
        )
    weights = np.ones(len(store)) if found is None else found
    path = report.artifact_path("priorities.safetensors")
    save_weights(path, {"weights": torch.from_numpy(weights)}, {"data": store.name, "kind": params.kind})
    artifact = report.artifact(path, f"Priorities of {len(store)} transitions by {params.kind}, mean one.")
    by_episode = np.bincount(store.episode_id, weights=weights) / np.bincount(store.episode_id)
    metrics = {
        "effective_share": effective_share(weights),
        "deviation": float(weights.std()),
        "highest": float(weights.max()),
        "transitions": float(len(store)),
        "episodes": float(store.num_episodes),
        "mean_return": float(store.episode_returns.mean()),
        "mean_return_weighted": float((weights * store.return_of_episode).mean()),
    }
    return WeighResult(
        metrics=metrics,
        artifacts=(artifact,),
        weights=artifact.path,
        uniform=found is None,
        best_episodes=tuple(np.argsort(-by_episode, kind="stable")[:_TOLD].tolist()),
    )


def _weights(params: WeighParams, store: TransitionStore, report: Reporter) -> Weights | None:
    if params.kind == "return":
        return return_priorities(store, params.base)
    raw = advantage_priorities(
        store,
        ValueFit(steps=params.steps),
        iterations=params.iterations,
        seeds=range(params.seed, params.seed + params.seeds),
        discount=params.discount,
        count=params.several_steps,
        report=report,
    )
    return standardised(raw, Standardisation(params.sigma, params.floor))


def advantage_priorities(
    store: TransitionStore,
    fit: ValueFit,
    *,
    iterations: int,
    seeds: range,
    discount: float,
    report: Reporter,
    count: int = 1,
) -> Weights:
    """OPER-A before it is standardised: the last iteration's weights, averaged over seeds."""
    steps = several_steps(store, count, discount, bootstrap_at_timeouts=False) if count > 1 else None
    data = TransitionTensors.of(
        store, discount=discount, scaling=StateScaling.of(store), device=report.device, steps=steps
    )
    uniform = mean_one(np.ones(len(store)))
    several = []
    for seed in seeds:
        part = report.part(f"values, seed {seed}")
        found = iterate(uniform, BehaviourValues(data, fit, seed, part), iterations)
        if len(found) < iterations:
            report.log(
                f"Seed {seed} stops after {len(found)} iterations: the next leaves too few transitions."
            )
        several.append(found[-1] if found else uniform)
    return mean_of(several)
