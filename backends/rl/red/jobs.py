"""The jobs of ReD: weigh data by return, and train in DeReD's two stages."""

import numpy as np
import torch

from backends.lab.checkpoint import save_weights
from backends.lab.errors import LabError
from backends.lab.reporter import Reporter
from backends.rl.environments.mixtures import mixed_pendulum
from backends.rl.offline_agents.arms import Arm
from backends.rl.offline_agents.making import AgentChoice, save_agent
from backends.rl.red.spec import Balance, TrainParams, TrainResult, WeighParams, WeighResult
from backends.rl.red.two_stages import train_two_stages
from backends.rl.samplers.priorities import Weights, effective_share
from backends.rl.samplers.returns import return_priorities, reward_priorities
from backends.rl.transitions.opening import open_transitions
from backends.rl.transitions.store import TransitionStore


def weigh(params: WeighParams, report: Reporter) -> WeighResult:
    """Weigh data and write the weights."""
    store = open_transitions(params.data)
    for remark in store.remarks:
        report.log(f"{store.name}: {remark}.")
    found = balance(store, params.balance, params.base)
    if found is None:
        report.log(f"{store.name}: there is nothing to prefer; weights stay uniform.")
    weights = np.ones(len(store)) if found is None else found
    path = report.artifact_path("priorities.safetensors")
    save_weights(path, {"weights": torch.from_numpy(weights)}, {"data": store.name, "kind": params.balance})
    artifact = report.artifact(path, f"Weights of {len(store)} transitions by {params.balance}, mean one.")
    metrics = {
        "effective_share": effective_share(weights),
        "mean_return": float(store.return_of_episode.mean()),
        "mean_return_weighted": float((weights * store.return_of_episode).mean()),
    }
    return WeighResult(metrics=metrics, artifacts=(artifact,), weights=artifact.path, uniform=found is None)


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Train in two stages and write the agent.

    Raises:
        LabError: All episodes have one return, so that the second stage has nothing to prefer.
    """
    store = mixed_pendulum(50, 0.1, params.seed) if params.data == "demo" else open_transitions(params.data)
    weights = return_priorities(store, params.base)
    if weights is None:
        raise LabError(
            f"{store.name}: all episodes have one return; DeReD's second stage has nothing to prefer."
        )
    choice = AgentChoice(name=params.agent, hidden=params.hidden, steps=params.steps)
    arm = Arm(choice=choice, batch_size=params.batch_size)
    found = train_two_stages(
        store, arm, params.second_steps, weights, params.seed, report, freeze=params.freeze
    )
    path = report.artifact_path("agent.safetensors")
    save_agent(path, found.saved.agent, choice, found.saved.scaling, arm.discount, "rl.red")
    kept = report.artifact(path, f"{params.agent} in two stages on {store.name}.")
    metrics = {
        "steps": float(params.steps + found.trained.steps),
        "effective_share": effective_share(weights),
    }
    return TrainResult(metrics=metrics, artifacts=(kept,), agent=kept.path)


def balance(store: TransitionStore, kind: Balance, base: float = 0.0) -> Weights | None:
    """The weights of a kind; None where all transitions are equal by it."""
    match kind:
        case "uniform":
            return None
        case "return":
            return return_priorities(store, base)
        case "inverse":
            return return_priorities(store, base, inverse=True)
        case "reward":
            return reward_priorities(store)
