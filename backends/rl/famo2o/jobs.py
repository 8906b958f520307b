"""The training of FamO2O: a family offline, then one update for each step in the environment."""

from copy import deepcopy
from typing import Any

import numpy as np
import torch

from backends.lab.checkpoint import (
    load_checkpoint,
    random_state,
    restore_random_state,
    save_checkpoint,
    save_weights,
)
from backends.lab.errors import LabError
from backends.lab.reporter import Reporter
from backends.rl.constraints.family import CoefficientRange
from backends.rl.environments.episodes import episode_returns
from backends.rl.environments.making import Environment, make_environment, widths
from backends.rl.environments.mixtures import mixed_pendulum
from backends.rl.famo2o.agent import FamilyConfig, FamilyIQL
from backends.rl.famo2o.spec import TrainParams, TrainResult
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.iql import IQLConfig
from backends.rl.offline_agents.training import OfflineTraining, Streams, train_offline
from backends.rl.samplers.index_stream import IndexStream
from backends.rl.transitions.opening import open_transitions
from backends.rl.transitions.store import StateScaling, TransitionStore

DISCOUNT = 0.99


def train(params: TrainParams, report: Reporter) -> TrainResult:
    """Train offline, then online, and write the family.

    Raises:
        LabError: The range is empty, or there is no environment to go on in.
    """
    if params.lowest > params.highest:
        raise LabError(f"--lowest {params.lowest} lies above --highest {params.highest}.")
    store = mixed_pendulum(50, 0.5, params.seed) if params.data == "demo" else open_transitions(params.data)
    environment = _environment(params, store)
    scaling = StateScaling.of(store)
    torch.manual_seed(params.seed)
    config = FamilyConfig(
        iql=IQLConfig(expectile=params.expectile, hidden=params.hidden),
        range=CoefficientRange(params.lowest, params.highest),
    )
    agent = FamilyIQL(store.obs_dim, store.action_dim, config).to(report.device)
    stream = IndexStream(
        size=len(store), batch_size=params.batch_size, seed=params.seed, device=report.device
    )
    data = TransitionTensors.of(store, discount=DISCOUNT, scaling=scaling, device=report.device)
    offline = report.part("offline")
    train_offline(agent, data, Streams(values=stream), OfflineTraining(steps=params.steps), offline)
    metrics = {"steps": float(params.steps)}
    if environment is not None:
        metrics |= _score("offline", agent, scaling, environment, store, params)
    if environment is not None and params.online_steps > 0:
        go_online(agent, store, scaling, environment, params, report.part("online"))
        metrics |= _score("online", agent, scaling, environment, store, params)
    path = report.artifact_path("family.safetensors")
    about = {"system": "rl.famo2o", "range": f"{params.lowest} {params.highest}"}
    save_weights(path, agent.state_dict(), about)
    kept = report.artifact(path, f"A family of policies from {params.lowest} to {params.highest}.")
    return TrainResult(metrics=metrics, artifacts=(kept,), agent=kept.path)


def go_online(
    agent: FamilyIQL,
    store: TransitionStore,
    scaling: StateScaling,
    environment: Environment,
    params: TrainParams,
    report: Reporter,
) -> None:
    """Act and learn step by step; batches mix the data and what was lived uniformly.

    An environment's state cannot be kept, so a resumed run goes on from the end of the last whole episode.
    """
    file = report.checkpoints / "online.safetensors"
    agent.online = True
    old = TransitionTensors.of(store, discount=DISCOUNT, scaling=scaling, device=report.device)
    rows = torch.cat(
        [
            old.rows,
            torch.zeros(params.online_steps, old.rows.shape[1], device=report.device),
        ]
    )
    lived = TransitionTensors(rows, store.obs_dim, store.action_dim)
    step, episode = 0, 0
    if file.exists():
        state = load_checkpoint(file)
        step, episode = state["step"], state["episode"]
        rows[len(store) :] = state["rows"].to(rows.device)
        agent.restore(state["agent"])
        restore_random_state(state["random"])
    kept = _state(agent, rows[len(store) :], step, episode)
    obs, _ = environment.reset(seed=params.seed + episode)
    while step < params.online_steps:
        if report.cancelled():
            save_checkpoint(file, kept)
            report.check_cancelled()
        scaled = torch.from_numpy(scaling(np.asarray(obs, np.float32))[None]).to(report.device)
        action = agent.act(scaled, deterministic=False)[0].cpu().numpy()
        following, reward, terminal, timeout, _ = environment.step(action)
        end = [float(reward), 0.0 if terminal else DISCOUNT]  # a timeout goes on bootstrapping
        then = scaling(np.asarray(following, np.float32))
        parts = (scaled[0].cpu().numpy(), action, then, action, end)
        values = [np.asarray(part, dtype=np.float32) for part in parts]
        rows[len(store) + step] = torch.from_numpy(np.concatenate(values))
        obs, step = following, step + 1
        index = torch.randint(len(store) + step, (params.batch_size,), device=report.device)
        batch = lived.batch(index)
        told = agent.critic_step(batch) | agent.actor_step(batch)
        report.progress(step, params.online_steps)
        if step % 100 == 0 or step == params.online_steps:
            report.metric(step, **{name: float(value) for name, value in told.items()})
        if terminal or timeout:
            episode += 1
            obs, _ = environment.reset(seed=params.seed + episode)
            kept = _state(agent, rows[len(store) :], step, episode)
    save_checkpoint(file, _state(agent, rows[len(store) :], step, episode))


def _state(agent: FamilyIQL, rows: torch.Tensor, step: int, episode: int) -> dict[str, Any]:
    """What a resumed run needs, copied: the agent goes on learning."""
    return {
        "step": step,
        "episode": episode,
        "rows": rows.clone(),
        "agent": deepcopy(agent.state()),
        "random": random_state(),
    }


def _environment(params: TrainParams, store: TransitionStore) -> Environment | None:
    name = params.environment or store.environment
    if name is None:
        if params.online_steps > 0:
            raise LabError(f"{store.name} names no environment to go on in; give --environment.")
        return None
    environment = make_environment(name)
    if widths(environment) != (store.obs_dim, store.action_dim):
        raise LabError(f"{name} has other states or actions than {store.name}.")
    return environment


def _score(
    phase: str,
    agent: FamilyIQL,
    scaling: StateScaling,
    environment: Environment,
    store: TransitionStore,
    params: TrainParams,
) -> dict[str, float]:
    device = next(agent.parameters()).device

    def policy(obs: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> np.ndarray[Any, Any]:
        return agent.act(torch.from_numpy(scaling(obs)).to(device)).cpu().numpy()

    returned = float(episode_returns([environment], policy, params.episodes, 10_000).mean())
    return {f"{phase}_score": returned if store.reference is None else store.reference.score(returned)}
