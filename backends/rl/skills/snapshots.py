"""Weights between the phases, with what they were made for."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from backends.lab.checkpoint import load_weights, save_weights
from backends.lab.errors import LabError, LabFailure
from backends.rl.environments.making import Environment, widths
from backends.rl.skills.life import Life


def write_snapshot(path: Path, life: Life, system: str, scale: str) -> None:
    """Keep what finetuning and acting need of an agent."""
    save_weights(path, life.agent.weights(), _about(life.environment, system, scale))


def read_snapshot(path: Path, environment: Environment, system: str, scale: str) -> Mapping[str, Tensor]:
    """Weights for an agent in this world.

    Raises:
        LabError: They are not this system's, of another scale, or of a world with other states or actions.
    """
    try:
        weights, about = load_weights(path)
    except (LabFailure, FileNotFoundError) as error:
        raise LabError(f"--weights {path}: {error}") from error
    for name, wanted in _about(environment, system, scale).items():
        if about.get(name) != wanted:
            raise LabError(f"{path} is of {name} {about.get(name, 'unknown')}; {wanted} is needed here.")
    return weights


def _about(environment: Environment, system: str, scale: str) -> dict[str, str]:
    states, actions = widths(environment)
    return {"system": system, "scale": scale, "world": f"{states} states and {actions} actions"}
