"""Who plays episodes in all tasks: keep what happened, act by the most optimistic values of the set."""

import math
from dataclasses import replace

import numpy as np

from backends.rl.gfucb.mdps.optimism import JointSet, Promise, Seen
from backends.rl.gfucb.mdps.worlds import Numbers
from backends.rl.gfucb.tasks import Floats

# Shape legend: N representations, M tasks, H steps of an episode, S states, A actions, R features


def process_radii(
    noise: float, num_tasks: int, features: int, representations: int, num_steps: int
) -> Floats:
    """β of each step, as the theory orders it.

    To a reward's noise comes that of what follows, which lies between 0 and a reward of 1 for each step left:
    its deviation is at most half of that.
    """
    left_H = np.arange(num_steps - 1, -1, -1)
    size = num_tasks * features + math.log(representations)
    radii: Floats = (noise**2 + (left_H / 2) ** 2) * size
    return radii


class ProcessLearner:
    """The learner.

    Args:
        candidates_NSAR: The class of representations.
        num_tasks: Tasks that share one of them.
        radii_H: β of each step; 0 acts by the fit alone.
        sweeps: How often the search for the most optimistic values goes over the steps.
    """

    def __init__(self, candidates_NSAR: Floats, num_tasks: int, *, radii_H: Floats, sweeps: int = 6) -> None:
        self._candidates = candidates_NSAR
        self._radii_H = radii_H
        self._sweeps = sweeps
        _, states, actions, _ = candidates_NSAR.shape
        self.seen = Seen.nothing(len(radii_H), num_tasks, states, actions)

    @property
    def joint_set(self) -> JointSet:
        """The values that agree with what was seen."""
        return JointSet(self._candidates, self.seen, self._radii_H)

    def promise(self, starts_M: Numbers) -> Promise:
        """The most optimistic values for tasks that begin in these states; its actions are the policy."""
        return self.joint_set.most_optimistic(starts_M, self._sweeps)

    def learn(self, states_HM: Numbers, actions_HM: Numbers, rewards_HM: Floats, next_HM: Numbers) -> None:
        """Take an episode of every task."""
        moves, paid = self.seen.moves_HMSAT.copy(), self.seen.paid_HMSA.copy()
        steps, tasks = np.indices(states_HM.shape)
        moves[steps, tasks, states_HM, actions_HM, next_HM] += 1
        paid[steps, tasks, states_HM, actions_HM] += rewards_HM
        self.seen = replace(self.seen, moves_HMSAT=moves, paid_HMSA=paid)
