"""Who answers questions about actions: here, what an expert would reach after either of them."""

import numpy as np
from numpy.typing import NDArray

from backends.rl.constraints.preferences import Oracle
from backends.rl.environments.pendulum import Pendulums
from backends.rl.environments.scripted import pendulum_expert

_HORIZON = 60
_HELD = 5  # steps for which the action in question is held: one step of a pendulum changes little


def futures_oracle(discount: float = 0.99) -> Oracle:
    """Plays the pendulum on with each action, then as the expert does, and compares the returns."""

    def answer(
        obs: NDArray[np.float32], data: NDArray[np.float32], policy: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        return _future(obs, policy, discount) > _future(obs, data, discount)

    return answer


def _future(obs: NDArray[np.float32], action: NDArray[np.float32], discount: float) -> NDArray[np.float64]:
    pendulums = Pendulums.seen(obs)
    total = np.zeros(len(obs))
    for step in range(_HORIZON):
        chosen = action if step < _HELD else pendulum_expert(pendulums.obs())
        pendulums, reward = pendulums.step(chosen[:, 0].astype(np.float64))
        total += discount**step * reward
    return total
