"""Priorities by the return of the episode: ReD, which is OPER-R, and its negative control."""

import numpy as np

from backends.rl.samplers.priorities import Weights, mean_one
from backends.rl.transitions.store import TransitionStore


def return_priorities(store: TransitionStore, base: float = 0.0, *, inverse: bool = False) -> Weights | None:
    """w in proportion to (R - R_min) / (R_max - R_min) + base, with R the return of the row's episode.

    `base` is 0, and 0.2 on AntMaze in the released code. `inverse` prefers bad episodes. None where all
    episodes have one return, so that there is nothing to prefer.
    """
    returns = store.return_of_episode
    low, high = returns.min(), returns.max()
    if high - low <= 1e-9 * max(abs(high), 1.0):
        return None
    share = (returns - low) / (high - low)
    return mean_one((1 - share if inverse else share) + base)


def reward_priorities(store: TransitionStore) -> Weights | None:
    """w in proportion to the transition's own reward, above the lowest; None where all are one."""
    reward = store.reward.astype(np.float64)
    if np.ptp(reward) == 0:
        return None
    return mean_one(reward - reward.min())
