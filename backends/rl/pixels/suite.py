"""Six tasks of the DeepMind control suite, in the pixels that DrQ learns them from within 100,000 steps.

An action is held for as many steps of the suite as the field does since PlaNet; an episode has 1,000 of
them, and ends at that limit only.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backends.lab.errors import LabFailure
from backends.rl.pixels.game import Frame, Steering, Step

TASKS: Mapping[str, int] = {
    "finger_spin": 2,
    "cartpole_swingup": 8,
    "reacher_easy": 4,
    "cheetah_run": 4,
    "walker_walk": 2,
    "ball_in_cup_catch": 4,
}
"""For how many steps each action is held."""

_SIDE = 84


class SuiteGame:
    """One task, drawn by its own camera.

    Raises:
        LabFailure: dm_control is not installed, or nothing on this machine draws.
    """

    def __init__(self, name: str) -> None:
        try:
            from dm_control import suite
        except ModuleNotFoundError as error:
            raise LabFailure(f"{name} needs dm_control: pip install 'nimue[rl]' brings it.") from error
        except (AttributeError, ImportError) as error:  # PyOpenGL's, where the library behind it is missing
            raise _cannot_draw(error) from error
        domain, _, task = name.rpartition("_")
        self._task: Any = suite.load(domain, task)
        self._held = TASKS[name]
        self.num_actions = int(np.prod(self._task.action_spec().shape))
        self.frame_shape = (3, _SIDE, _SIDE)
        spec = self._task.action_spec()
        self._middle, self._half = (spec.maximum + spec.minimum) / 2, (spec.maximum - spec.minimum) / 2

    def begin(self, seed: int) -> Frame:
        """See `PixelGame.begin`."""
        self._task.task._random = np.random.RandomState(seed)
        self._task.reset()
        return self._frame()

    def step(self, action: Steering) -> Step:
        """See `PixelGame.step`."""
        pushed = self._middle + self._half * np.clip(action, -1, 1)
        reward = 0.0
        for _ in range(self._held):
            shown = self._task.step(pushed)
            reward += float(shown.reward)
            if shown.last():
                break
        # The suite ends an episode with discount 1 at the time limit: no terminal state.
        return Step(self._frame(), reward, terminal=shown.discount == 0.0, over=shown.last())

    def _frame(self) -> Frame:
        from mujoco import FatalError

        try:
            drawn = self._task.physics.render(_SIDE, _SIDE, camera_id=0)
        except FatalError as error:
            raise _cannot_draw(error) from error
        return np.ascontiguousarray(drawn.transpose(2, 0, 1))


def _cannot_draw(error: Exception) -> LabFailure:
    return LabFailure(
        "The control suite cannot draw here: set MUJOCO_GL to egl (a driver without a screen) or osmesa (by "
        f"the processor), whose library must be installed ({error})."
    )
