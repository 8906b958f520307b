"""A trained world model with its agent as one file, and back."""

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from backends.lab.checkpoint import load_weights, save_weights
from backends.lab.errors import LabError
from backends.rl.pixels.opening import open_plays
from backends.rl.storm.actor_critic import ActorCritic, ReturnForm
from backends.rl.storm.model import WorldModel
from backends.rl.storm.presets import StormConfig, atari, new_agent, tiny
from backends.rl.storm.spec import PresetName
from backends.rl.storm.tokens import Drawing

_PRESETS = {"tiny": tiny, "atari": atari}


class Variant(BaseModel):
    """Which settings a training had: a preset, what it changes, and the game that it was for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    game: str
    profile: str
    preset: PresetName
    drawing: Drawing = "sample"
    returns: ReturnForm = "paper"
    act_on_seen: bool = False

    def config(self, num_actions: int, frame_shape: tuple[int, int, int]) -> StormConfig:
        """The complete settings for a game.

        Raises:
            LabError: The preset's frames have another size than the game's.
        """
        config = _PRESETS[self.preset](num_actions)
        wanted = (config.world.channels, config.world.side, config.world.side)
        if frame_shape != wanted:
            shown = " x ".join(str(side) for side in frame_shape)
            raise LabError(
                f"The preset {self.preset} sees frames of {' x '.join(str(side) for side in wanted)}, and "
                f"{self.game} shows {shown}: tiny is for catch, atari for catch64 and Atari games."
            )
        return replace(
            config,
            world=replace(config.world, drawing=self.drawing),
            agent=replace(config.agent, returns=self.returns),
            act_on_seen=self.act_on_seen,
        )


def config_of(variant: Variant, train_every: int = 1) -> StormConfig:
    """The settings that fit the variant's game.

    Raises:
        LabError: There is no such game, or its frames do not fit.
    """
    plays = open_plays(variant.game, 1, 0, variant.profile)
    return replace(variant.config(plays.num_actions, plays.frame_shape), train_every=train_every)


def save_player(file: Path, variant: Variant, world: WorldModel, agent: ActorCritic) -> None:
    """Write the weights of both, and what they were trained on."""
    weights = {f"world.{name}": value for name, value in world.state_dict().items()}
    weights |= {f"agent.{name}": value for name, value in agent.state_dict().items()}
    about = {"system": "rl.storm", "variant": variant.model_dump_json()}
    save_weights(file, weights, about)


def load_player(file: Path, device: str) -> tuple[Variant, StormConfig, WorldModel, ActorCritic]:
    """Read them back.

    Raises:
        LabError: The file was written by something else.
        LabFailure: It cannot be read.
    """
    weights, about = load_weights(file)
    if about.get("system") != "rl.storm":
        raise LabError(f"{file} was not written by this system's train.")
    variant = Variant.model_validate_json(about["variant"])
    config = config_of(variant)
    world, agent = WorldModel(config.world), new_agent(config)
    for module, prefix in ((world, "world."), (agent, "agent.")):
        module.load_state_dict(
            {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        )
    return variant, config, world.to(device).eval(), agent.to(device).eval()
