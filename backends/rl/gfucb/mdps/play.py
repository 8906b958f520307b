"""Episodes in all tasks at once, and what was lost in each beside the best policy."""

from collections.abc import Callable, Sequence

import numpy as np

from backends.rl.gfucb.mdps.learner import ProcessLearner
from backends.rl.gfucb.mdps.worlds import LinearProcesses, Numbers
from backends.rl.gfucb.tasks import Floats

# Shape legend: M tasks, H steps of an episode, S states, E episodes


def play_episodes(
    world: LinearProcesses,
    learners: Sequence[ProcessLearner],
    episodes: int,
    seed: int,
    heard: Callable[[int], None] = lambda done: None,
) -> Floats:
    """Play, and answer the regret of each episode for each task, E x M.

    One learner plays all tasks; with as many learners as tasks, each plays one. Starts and chances of a task
    depend on the seed and its number alone.
    """
    shares = np.array_split(np.arange(world.num_tasks), len(learners))
    streams = [np.random.default_rng((seed, 1, task)) for task in range(world.num_tasks)]
    best_MS = world.best_values()[0].max(-1)
    states = len(world.features_SAR)
    tasks = np.arange(world.num_tasks)
    regret = np.zeros((episodes, world.num_tasks))
    for episode in range(episodes):
        starts_M = np.array([stream.integers(states) for stream in streams])
        policies = [
            learner.promise(starts_M[share]).values_HMSA.argmax(-1)
            for learner, share in zip(learners, shares, strict=True)
        ]
        policy_HMS = np.concatenate(policies, axis=1)
        regret[episode] = (best_MS - world.values_of(policy_HMS))[tasks, starts_M]
        states_HM, actions_HM, rewards_HM, next_HM = _episode(world, policy_HMS, starts_M, streams)
        for learner, share in zip(learners, shares, strict=True):
            learner.learn(states_HM[:, share], actions_HM[:, share], rewards_HM[:, share], next_HM[:, share])
        heard(episode + 1)
    return regret


def _episode(
    world: LinearProcesses,
    policy_HMS: Numbers,
    starts_M: Numbers,
    streams: Sequence[np.random.Generator],
) -> tuple[Numbers, Numbers, Floats, Numbers]:
    """States, actions, rewards and next states of one episode: H x M each."""
    moves_SAS, rewards_MSA = world.moves_SAS, world.rewards_MSA
    size = (world.num_steps, world.num_tasks)
    states, actions, following = (np.zeros(size, dtype=np.int64) for _ in range(3))
    rewards = np.zeros(size)
    for task, stream in enumerate(streams):
        state = int(starts_M[task])
        for step in range(world.num_steps):
            action = int(policy_HMS[step, task, state])
            states[step, task], actions[step, task] = state, action
            rewards[step, task] = rewards_MSA[task, state, action] + world.noise * stream.normal()
            state = int(stream.choice(len(moves_SAS), p=moves_SAS[state, action]))
            following[step, task] = state
    return states, actions, rewards, following
