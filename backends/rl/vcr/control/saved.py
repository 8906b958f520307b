"""A trained network of the continuous form as one file, and back."""

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from backends.lab.checkpoint import load_weights, save_weights
from backends.lab.errors import LabError
from backends.rl.pixels.opening import open_steered_plays
from backends.rl.vcr.control.networks import ControlWithModel
from backends.rl.vcr.control.presets import METHODS, ControlConfig, suite, tiny
from backends.rl.vcr.spec import ControlMethodName, ControlPresetName

_SYSTEM = "rl.vcr, continuous"
_PRESETS = {"tiny": tiny, "suite": suite}


class ControlVariant(BaseModel):
    """Which settings a training had: a preset, what it changes, and the game that it was for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    game: str
    preset: ControlPresetName
    method: ControlMethodName = "vcr_only"
    teach_values: bool = False

    def config(self) -> ControlConfig:
        """The complete settings for the game.

        Raises:
            LabError: There is no such game, or the preset's frames have another size than the game's.
        """
        plays = open_steered_plays(self.game, 1, 0)
        config = _PRESETS[self.preset](plays.num_actions)
        if plays.frame_shape[-1] != config.network.side:
            raise LabError(
                f"The preset {self.preset} sees frames of {config.network.side} pixels, and {self.game} "
                f"shows {plays.frame_shape[-1]}: tiny is for reach, suite for the DeepMind control suite."
            )
        value_weight, latent_weight = METHODS[self.method]
        return replace(
            config,
            value_weight=value_weight,
            latent_weight=latent_weight,
            teach_values=self.teach_values,
        )


def save_controller(file: Path, variant: ControlVariant, model: ControlWithModel) -> None:
    """Write what is needed to play."""
    save_weights(file, model.state_dict(), {"system": _SYSTEM, "variant": variant.model_dump_json()})


def load_controller(file: Path, device: str) -> tuple[ControlVariant, ControlWithModel]:
    """Read it back.

    Raises:
        LabError: The file was written by something else.
        LabFailure: It cannot be read.
    """
    weights, about = load_weights(file)
    if about.get("system") != _SYSTEM:
        raise LabError(f"{file} was not written by train_control.")
    variant = ControlVariant.model_validate_json(about["variant"])
    model = ControlWithModel(variant.config().network)
    model.load_state_dict(weights)
    return variant, model.to(device).eval()
