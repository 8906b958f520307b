"""Worlds for agents with skills, by name."""

from backends.lab.errors import LabError
from backends.rl.environments.making import Environment, make_environment
from backends.rl.skills.noisy_room import GOALS, STEPS, NoisyRoom
from backends.rl.skills.urlb import Suite, make_urlb

_ROOM = "noisy_room-"
_URLB = "urlb-"


def make_world(name: str) -> Environment:
    """Make a world.

    Raises:
        LabError: There is none of this name, or its states or actions are not vectors.
        LabFailure: It needs a library that is not installed.
    """
    if name.startswith(_ROOM):
        match name.removeprefix(_ROOM):
            case "calm":
                return NoisyRoom("calm")
            case "corner":
                return NoisyRoom("corner")
        raise LabError(f"There is no {name}; there are {' and '.join(_ROOM + one for one in GOALS)}.")
    if name.startswith(_URLB):
        return make_urlb(name.removeprefix(_URLB))
    return make_environment(name)


def episode_steps(environment: Environment) -> int:
    """How long an episode is at most.

    Raises:
        LabError: The environment has no time limit, without which an objective of turns has no meaning.
    """
    if isinstance(environment, NoisyRoom):
        return STEPS
    if isinstance(environment, Suite):
        return int(environment.num_steps)
    limit = None if environment.spec is None else environment.spec.max_episode_steps
    if limit is None:
        raise LabError(f"{environment} has no time limit; take a world with one.")
    return int(limit)
