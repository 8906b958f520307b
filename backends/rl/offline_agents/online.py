"""SAC in an environment: where experts have to be learnt, and where all that it lives through is the data."""

import numpy as np
import torch
from numpy.typing import NDArray

from backends.lab.reporter import Reporter
from backends.rl.environments.making import Environment, widths
from backends.rl.environments.scripted import Policy
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.cql import CQL, CQLConfig
from backends.rl.transitions.store import TransitionStore, make_store

_RANDOM_STEPS = 1000  # before the first update
_BATCH = 256
_DISCOUNT = 0.99


def learn_online(
    environment: Environment,
    name: str,
    steps: int,
    seed: int,
    report: Reporter,
    hidden: tuple[int, ...] = (256, 256),
) -> tuple[Policy, TransitionStore]:
    """Train SAC for so many steps, one update each; its greedy policy, and every transition in order."""
    obs_dim, action_dim = widths(environment)
    torch.manual_seed(seed)
    agent = CQL(obs_dim, action_dim, CQLConfig(weight=0.0, entropy_in_target=True, hidden=hidden))
    agent.to(report.device)
    # Laid out as TransitionTensors has it; the unused next action stays zero.
    rows = torch.zeros(steps, 2 * obs_dim + 2 * action_dim + 2, device=report.device)
    lived = TransitionTensors(rows, obs_dim, action_dim)
    ends = np.zeros(steps, np.bool_)
    chance = np.random.default_rng(seed)
    obs, _ = environment.reset(seed=seed)
    for step in range(steps):
        report.check_cancelled()
        if step < _RANDOM_STEPS:
            action = chance.uniform(-1, 1, action_dim).astype(np.float32)
        else:
            seen = torch.from_numpy(np.asarray(obs, np.float32)[None]).to(report.device)
            action = agent.act(seen, deterministic=False)[0].cpu().numpy()
        following, reward, terminal, timeout, _ = environment.step(action)
        end = [float(reward), 0.0 if terminal else _DISCOUNT]
        values = [
            np.asarray(part, dtype=np.float32) for part in (obs, action, following, np.zeros(action_dim), end)
        ]
        rows[step] = torch.from_numpy(np.concatenate(values))
        ends[step] = terminal or timeout
        obs = following
        if ends[step]:
            obs, _ = environment.reset(seed=seed + step + 1)
        if step >= _RANDOM_STEPS:
            index = torch.randint(step + 1, (_BATCH,), device=report.device)
            batch = lived.batch(index)
            agent.critic_step(batch)
            agent.actor_step(batch)
        report.progress(step + 1, steps)

    def policy(states: NDArray[np.float32]) -> NDArray[np.float32]:
        return agent.act(torch.from_numpy(states).to(report.device)).cpu().numpy()

    return policy, _as_store(lived, ends, name)


def _as_store(lived: TransitionTensors, ends: NDArray[np.bool_], name: str) -> TransitionStore:
    every = lived.batch(torch.arange(len(lived)))
    terminal = (every.discount == 0).cpu().numpy()
    return make_store(
        {
            "obs": every.obs.cpu().numpy(),
            "action": every.action.cpu().numpy(),
            "reward": every.reward.cpu().numpy(),
            "next_obs": every.next_obs.cpu().numpy(),
            "terminal": terminal,
            "timeout": ends & ~terminal,
        },
        name=f"{name}, replay",
        environment=name,
    )
