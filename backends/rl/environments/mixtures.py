"""Pendulum data of mixed quality in a second, for small experiments: expert episodes among random ones."""

import numpy as np
from numpy.typing import NDArray

from backends.rl.environments.pendulum import Pendulums
from backends.rl.environments.scripted import Policy, pendulum_expert
from backends.rl.transitions.store import ReferenceReturns, TransitionStore, make_store

# Shape legend: T steps of an episode, E episodes
EPISODE = 200
# Mean returns of random actions and of the scripted expert over 1,000 episodes; a test measures them.
PENDULUM_RETURNS = ReferenceReturns(random=-1221.0, expert=-147.0)


def swing(policy: Policy, episodes: int, chance: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """Episodes from gymnasium's distribution of beginnings, all at once; columns of shape (E, T, ...)."""
    pendulums = Pendulums(chance.uniform(-np.pi, np.pi, episodes), chance.uniform(-1, 1, episodes))
    columns: dict[str, list[NDArray[np.float32]]] = {"obs": [], "action": [], "reward": [], "next_obs": []}
    for _ in range(EPISODE):
        obs = pendulums.obs()
        action = policy(obs)
        pendulums, reward = pendulums.step(action[:, 0].astype(np.float64))
        for key, value in (
            ("obs", obs),
            ("action", action),
            ("reward", reward.astype(np.float32)),
            ("next_obs", pendulums.obs()),
        ):
            columns[key].append(value)
    return {key: np.stack(values, axis=1) for key, values in columns.items()}


def pendulum_score(policy: Policy, episodes: int, seed: int) -> float:
    """The mean normalised score of a policy over episodes that a seed names."""
    reward = swing(policy, episodes, np.random.default_rng(seed))["reward"]
    return PENDULUM_RETURNS.score(float(reward.sum(axis=1).mean()))


def mixed_pendulum(episodes: int, expert_share: float, seed: int, noise: float = 0.1) -> TransitionStore:
    """So many episodes, the expert's (with normal noise on its actions) first, then random ones."""
    chance = np.random.default_rng(seed)
    experts = round(episodes * expert_share)

    def expert(obs: NDArray[np.float32]) -> NDArray[np.float32]:
        action = pendulum_expert(obs)
        noisy = action + noise * chance.standard_normal(action.shape)
        return np.clip(noisy, -1, 1).astype(np.float32)

    def at_random(obs: NDArray[np.float32]) -> NDArray[np.float32]:
        return chance.uniform(-1, 1, (len(obs), 1)).astype(np.float32)

    parts = [
        swing(policy, count, chance)
        for policy, count in ((expert, experts), (at_random, episodes - experts))
        if count > 0
    ]
    columns: dict[str, NDArray[np.generic]] = {
        key: np.concatenate([part[key].reshape(-1, *part[key].shape[2:]) for part in parts])
        for key in parts[0]
    }
    length = episodes * EPISODE
    columns["terminal"] = np.zeros(length, dtype=np.bool_)
    columns["timeout"] = np.arange(1, length + 1) % EPISODE == 0
    return make_store(
        columns,
        name=f"pendulum, {expert_share:.0%} expert",
        environment="Pendulum-v1",
        reference=PENDULUM_RETURNS,
    )
