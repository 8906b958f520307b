"""The authors' bandit: four clusters of actions of which one pays; priorities move the behaviour to it."""

import numpy as np

from backends.rl.samplers.advantages import iterate
from backends.rl.samplers.priorities import Weights, mean_one
from backends.rl.transitions.store import TransitionStore, make_store

CENTRES = np.array([(0.6, 0.6), (-0.6, 0.6), (-0.6, -0.6), (0.6, -0.6)])
MEANS = (5.0, 1.0, 0.0, -2.0)
BEST = CENTRES[0]


def bandit(seed: int, each: int = 2500) -> TransitionStore:
    """Actions drawn about four centres with deviation 0.05; rewards about four means with deviation 0.25."""
    chance = np.random.default_rng(seed)
    action = np.concatenate([centre + 0.05 * chance.standard_normal((each, 2)) for centre in CENTRES])
    reward = np.concatenate([mean + 0.25 * chance.standard_normal(each) for mean in MEANS])
    total = len(reward)
    state = np.zeros((total, 1), np.float32)
    return make_store(
        {
            "obs": state,
            "next_obs": state,
            "action": action.clip(-1, 1).astype(np.float32),
            "reward": reward.astype(np.float32),
            "terminal": np.ones(total, np.bool_),
            "timeout": np.zeros(total, np.bool_),
        },
        name="bandit",
    )


def bandit_priorities(store: TransitionStore, iterations: int) -> list[Weights]:
    """OPER-A with exact values: in one state the behaviour's value is its mean reward."""
    reward = store.reward.astype(np.float64)

    def advantages(weights: Weights, _: int) -> Weights:
        return reward - float((weights * reward).mean())

    return iterate(mean_one(np.ones(len(store))), advantages, iterations)
