"""Episodes: played for their returns, or kept as transitions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.rl.environments.making import Environment
from backends.rl.environments.scripted import Policy
from backends.rl.transitions.store import ReferenceReturns, TransitionStore, make_store


def episode_returns(
    environments: list[Environment], policy: Policy, episodes: int, seed: int
) -> NDArray[np.float64]:
    """The returns of so many episodes, as many at once as there are environments.

    Episode k begins from `seed` + k, whichever environment plays it, so returns can be paired.
    """
    returns = np.zeros(episodes)
    for first in range(0, episodes, len(environments)):
        playing = list(range(first, min(first + len(environments), episodes)))
        obs = {episode: environments[episode - first].reset(seed=seed + episode)[0] for episode in playing}
        while playing:
            actions = policy(np.stack([obs[episode] for episode in playing]).astype(np.float32))
            going_on = []
            for episode, action in zip(playing, actions, strict=True):
                found = environments[episode - first].step(action)
                obs[episode] = found[0]
                returns[episode] += float(found[1])
                if not (found[2] or found[3]):
                    going_on.append(episode)
            playing = going_on
    return returns


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How data is made: a policy, the deviation of noise on its actions, and the share of random ones."""

    policy: Policy
    noise: float = 0.0
    random: float = 0.0


def collect(
    environment: Environment,
    behaviour: Behaviour,
    transitions: int,
    seed: int,
    *,
    name: str,
    environment_name: str,
    reference: ReferenceReturns | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> TransitionStore:
    """Play until there are so many transitions; the last episode may be cut."""
    chance = np.random.default_rng(seed)
    rows: dict[str, list[NDArray[np.float32] | float | bool]] = {
        key: [] for key in ("obs", "action", "reward", "next_obs", "terminal", "timeout")
    }
    episode = 0
    obs, _ = environment.reset(seed=seed)
    while len(rows["reward"]) < transitions:
        action = behaviour.policy(np.asarray(obs, dtype=np.float32)[None])[0]
        action = action + behaviour.noise * chance.standard_normal(action.shape)
        if chance.random() < behaviour.random:
            action = chance.uniform(-1, 1, action.shape)
        action = np.clip(action, -1, 1).astype(np.float32)
        following, reward, terminal, timeout, _ = environment.step(action)
        values = (obs, action, float(reward), following, bool(terminal), bool(timeout))
        for key, value in zip(rows, values, strict=True):
            rows[key].append(value)
        obs = following
        if terminal or timeout:
            episode += 1
            obs, _ = environment.reset(seed=seed + episode)
            told(len(rows["reward"]))
    columns = {key: np.array(values) for key, values in rows.items()}
    return make_store(columns, name=name, environment=environment_name, reference=reference)
