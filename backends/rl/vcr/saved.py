"""A trained network as one file, and back."""

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from backends.lab.checkpoint import load_weights, save_weights
from backends.lab.errors import LabError
from backends.rl.pixels.opening import open_plays
from backends.rl.vcr.consistency import Distance
from backends.rl.vcr.networks import RainbowNetwork
from backends.rl.vcr.presets import WEIGHTS, VcrConfig, atari, tiny
from backends.rl.vcr.spec import MethodName, PresetName

PROFILE = "spr"
"""How the family of the base sees Atari."""
_PRESETS = {"tiny": tiny, "atari": atari}


class Variant(BaseModel):
    """Which settings a training had: a preset, what it changes, and the game that it was for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    game: str
    preset: PresetName
    method: MethodName = "vcr"
    distance: Distance = "ce"
    teach_head: bool = False

    def config(self) -> VcrConfig:
        """The complete settings for the game.

        Raises:
            LabError: There is no such game, or the preset's frames have another size than the game's.
        """
        plays = open_plays(self.game, 1, 0, PROFILE)
        config = _PRESETS[self.preset](plays.num_actions)
        wanted = (config.network.channels, config.network.side, config.network.side)
        if plays.frame_shape != wanted:
            raise LabError(
                f"The preset {self.preset} sees frames of {' x '.join(str(side) for side in wanted)}, and "
                f"{self.game} shows {' x '.join(str(side) for side in plays.frame_shape)}: "
                "tiny is for catch, atari for Atari games."
            )
        value_weight, latent_weight = WEIGHTS[self.method]
        return replace(
            config,
            value_weight=value_weight,
            latent_weight=latent_weight,
            distance=self.distance,
            teach_head=self.teach_head,
        )


def save_network(file: Path, variant: Variant, network: RainbowNetwork) -> None:
    """Write what is needed to play."""
    about = {"system": "rl.vcr", "variant": variant.model_dump_json()}
    save_weights(file, network.state_dict(), about)


def load_network(file: Path, device: str) -> tuple[Variant, VcrConfig, RainbowNetwork]:
    """Read it back.

    Raises:
        LabError: The file was written by something else.
        LabFailure: It cannot be read.
    """
    weights, about = load_weights(file)
    if about.get("system") != "rl.vcr":
        raise LabError(f"{file} was not written by this system's train.")
    variant = Variant.model_validate_json(about["variant"])
    config = variant.config()
    network = RainbowNetwork(config.network)
    network.load_state_dict(weights)
    return variant, config, network.to(device).eval()
