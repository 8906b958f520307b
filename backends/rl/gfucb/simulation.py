"""Bandit tasks played by a learner: the regret of every round."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backends.rl.gfucb.tasks import BanditTasks, Floats


class BanditLearner(Protocol):
    """Who plays M bandits at once."""

    def choose(self, arms_MKD: Floats) -> NDArray[np.int64]:
        """The number of an arm for every task."""
        ...

    def learn(self, arms_MD: Floats, rewards_M: Floats) -> None:
        """Take what the chosen arms paid."""
        ...


class IndependentLearners:
    """A learner of its own for every task, which hears nothing of the others."""

    def __init__(self, learners: tuple[BanditLearner, ...]) -> None:
        self._learners = learners

    def choose(self, arms_MKD: Floats) -> NDArray[np.int64]:
        chosen = [one.choose(arms_MKD[task, None]) for task, one in enumerate(self._learners)]
        return np.concatenate(chosen)

    def learn(self, arms_MD: Floats, rewards_M: Floats) -> None:
        for task, one in enumerate(self._learners):
            one.learn(arms_MD[task, None], rewards_M[task, None])


def play(
    tasks: BanditTasks, learner: BanditLearner, rounds: int, seed: int, heard: Callable[[int], None]
) -> Floats:
    """Play, and answer the regret of each round for each task, T x M.

    The arms and the noise come from streams of their own, so that learners who are given the same seed meet
    the same world. `heard` is told the rounds that are done.
    """
    arms_stream, noise_stream = np.random.default_rng((seed, 1)), np.random.default_rng((seed, 2))
    everyone = np.arange(tasks.num_tasks)
    regret_TM = np.zeros((rounds, tasks.num_tasks))
    for number in range(rounds):
        shown = tasks.round(arms_stream)
        chosen_M = learner.choose(shown.arms_MKD)
        paid_M = shown.means_MK[everyone, chosen_M]
        regret_TM[number] = shown.means_MK.max(1) - paid_M
        noise_M = tasks.noise * noise_stream.normal(size=tasks.num_tasks)
        learner.learn(shown.arms_MKD[everyone, chosen_M], paid_M + noise_M)
        heard(number + 1)
    return regret_TM
