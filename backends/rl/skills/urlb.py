"""The tasks of URLB with the walker and the quadruped of dm_control, from states.

Walker flip and quadruped stand and jump are URLB's own: they keep the bodies and change the reward.
"""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from backends.lab.errors import LabError, LabFailure
from backends.rl.environments.making import Environment

Vector = NDArray[np.float32]
URLB = (
    "walker_stand", "walker_walk", "walker_run", "walker_flip",
    "quadruped_stand", "quadruped_walk", "quadruped_run", "quadruped_jump",
)  # fmt: skip
_STOCK = {"walker_stand", "walker_walk", "walker_run", "quadruped_walk", "quadruped_run"}

EXPERT_RETURNS = {
    "walker_flip": 799, "walker_run": 796, "walker_stand": 984, "walker_walk": 971,
    "quadruped_jump": 888, "quadruped_run": 888, "quadruped_stand": 920, "quadruped_walk": 866,
}  # fmt: skip
"""By which URLB divides returns, of a DDPG expert; not checked against the publication."""

_FLIP_SPIN, _STAND_HEIGHT = 5.0, 1.2
Reward = Callable[[Any], float]


def make_urlb(name: str) -> Environment:
    """Make a task.

    Raises:
        LabError: URLB has none of this name for states.
        LabFailure: dm_control is not installed.
    """
    if name not in URLB:
        raise LabError(f"URLB has no task {name!r} here; there are {', '.join(URLB)}.")
    try:
        from dm_control import suite
    except ModuleNotFoundError as error:
        raise LabFailure(f"{name} needs dm_control: pip install 'nimue[rl]' brings it.") from error
    domain, _, task = name.partition("_")
    body = task if name in _STOCK else "walk"
    made = suite.load(domain, body)
    return Suite(made, _REWARDS.get(name))


class Suite(gym.Env[Vector, Vector]):
    """A task of dm_control: states are its observations side by side; it ends at its time limit only."""

    def __init__(self, task: Any, reward: Reward | None) -> None:
        self._task = task
        self._reward = reward
        self.num_steps = round(task._step_limit)
        spec = task.action_spec()
        sizes = [int(np.prod(one.shape)) for one in task.observation_spec().values()]
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (sum(sizes),), np.float32)
        self.action_space = gym.spaces.Box(-1.0, 1.0, spec.shape, np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Vector, dict[str, Any]]:
        super().reset(seed=seed)
        if seed is not None:
            self._task.task._random = np.random.RandomState(seed)
        return _state(self._task.reset().observation), {}

    def step(self, action: Vector) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        shown = self._task.step(np.asarray(action, dtype=np.float64))
        reward = float(shown.reward) if self._reward is None else self._reward(self._task.physics)
        # The suite ends an episode with discount 1 at the time limit: no terminal state.
        return _state(shown.observation), reward, shown.discount == 0.0, bool(shown.last()), {}


def _state(observation: dict[str, Any]) -> Vector:
    return np.concatenate([np.ravel(one) for one in observation.values()]).astype(np.float32)


def walker_flip(physics: Any) -> float:
    """Standing upright, times the speed at which the torso turns about the sideways axis."""
    from dm_control.utils import rewards

    height = physics.torso_height()
    stand = rewards.tolerance(height, bounds=(_STAND_HEIGHT, float("inf")), margin=_STAND_HEIGHT / 2)
    upright = (1.0 + physics.torso_upright()) / 2.0
    spin = rewards.tolerance(
        physics.named.data.subtree_angmom["torso"][1],
        bounds=(_FLIP_SPIN, float("inf")),
        margin=_FLIP_SPIN,
        value_at_margin=0.0,
        sigmoid="linear",
    )
    return float((3.0 * stand + upright) / 4.0 * (5.0 * spin + 1.0) / 6.0)


def quadruped_stand(physics: Any) -> float:
    """How upright the torso is."""
    from dm_control.utils import rewards

    return float(
        rewards.tolerance(
            physics.torso_upright(),
            bounds=(1.0, float("inf")),
            margin=2.0,
            value_at_margin=0.0,
            sigmoid="linear",
        )
    )


def quadruped_jump(physics: Any) -> float:
    """How upright it is, times how near its centre of mass comes to a height of one."""
    from dm_control.utils import rewards

    height = rewards.tolerance(
        physics.named.data.subtree_com["torso"][2],
        bounds=(1.0, float("inf")),
        margin=1.0,
        value_at_margin=0.5,
        sigmoid="linear",
    )
    return quadruped_stand(physics) * float(height)


_REWARDS: dict[str, Reward] = {
    "walker_flip": walker_flip,
    "quadruped_stand": quadruped_stand,
    "quadruped_jump": quadruped_jump,
}
