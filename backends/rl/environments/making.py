"""Environments by name, all with vectors as states and actions in [-1, 1]."""

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from backends.lab.errors import LabError, LabFailure
from backends.rl.environments.point_maze import LAYOUTS, PointMaze

Vector = NDArray[np.float32]
Environment = gym.Env[Vector, Vector]
_OURS = "point_maze-"


def make_environment(name: str) -> Environment:
    """Make an environment: `point_maze-umaze`, `point_maze-medium`, or one that gymnasium knows.

    Raises:
        LabError: There is none of this name, or its states or actions are not vectors.
        LabFailure: It needs a library that is not installed.
    """
    if name.startswith(_OURS):
        layout = name.removeprefix(_OURS)
        if layout not in LAYOUTS:
            raise LabError(f"There is no {name}; there are {', '.join(_OURS + one for one in LAYOUTS)}.")
        return PointMaze(layout)
    try:
        made: gym.Env[Any, Any] = gym.make(name, disable_env_checker=True)
    except (gym.error.DependencyNotInstalled, ModuleNotFoundError) as error:
        raise LabFailure(f"{name} needs more: pip install 'nimue[rl]' brings it ({error}).") from error
    except gym.error.Error as error:
        raise LabError(f"There is no environment {name!r}: {error}") from error
    if not isinstance(made.action_space, gym.spaces.Box):
        raise LabError(
            f"{name} has {type(made.action_space).__name__} actions; vectors of numbers are needed."
        )
    if not isinstance(made.observation_space, gym.spaces.Box):
        made = gym.wrappers.FlattenObservation(made)
    low, high = np.float32(-1.0), np.float32(1.0)
    return gym.wrappers.RescaleAction(made, low, high)


def widths(environment: Environment) -> tuple[int, int]:
    """How many numbers a state and an action have."""
    obs, action = environment.observation_space.shape, environment.action_space.shape
    assert obs is not None and action is not None
    return int(np.prod(obs)), int(np.prod(action))
