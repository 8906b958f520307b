"""Complete settings: the published ones of the base for Atari, and some for Catch on a CPU."""

from dataclasses import dataclass

from backends.rl.vcr.consistency import Distance
from backends.rl.vcr.networks import NetworkConfig, RainbowWithModel
from backends.rl.vcr.spec import MethodName


@dataclass(frozen=True, slots=True, kw_only=True)
class VcrConfig:
    """The base's published settings; those of VCR itself are reconstructed from its abstract.

    `value_weight` weighs the value consistency, `latent_weight` the latent loss. `momentum` is how far the
    target follows at each update: all the way where frames are augmented.
    """

    network: NetworkConfig
    value_weight: float = 1.0
    latent_weight: float = 5.0
    distance: Distance = "ce"
    teach_head: bool = False
    jumps: int = 5
    steps_ahead: int = 10
    discount: float = 0.99
    batch: int = 32
    updates: int = 2
    rate: float = 1e-4
    epsilon: float = 1.5e-4
    clip: float = 10.0
    momentum: float = 1.0
    augment: bool = True
    shift: int = 4
    capacity: int = 100_000
    alpha: float = 0.5
    beta: float = 0.4
    beta_steps: int = 100_000
    warmup: int = 2000
    explore_until: int = 2001
    evaluation_chance: float = 0.001

    @property
    def reach(self) -> int:
        """How many steps after a drawn one an update looks at."""
        return max(self.jumps, self.steps_ahead)


WEIGHTS: dict[MethodName, tuple[float, float]] = {
    "rainbow": (0.0, 0.0),
    "spr": (0.0, 5.0),
    "vcr": (1.0, 5.0),
    "vcr_only": (1.0, 0.0),
}
"""Of the value consistency and of the latent loss."""


def atari(num_actions: int) -> VcrConfig:
    """The published settings."""
    return VcrConfig(network=NetworkConfig(num_actions=num_actions))


def tiny(num_actions: int) -> VcrConfig:
    """For Catch, in frames of 10 pixels: short returns, few atoms, and rates for some thousand steps."""
    return VcrConfig(
        network=NetworkConfig(
            num_actions=num_actions,
            side=10,
            channels=3,
            stack=2,
            widths=(16, 16),
            kernels=(3, 3),
            strides=(1, 1),
            hidden=32,
            atoms=21,
            bound=1.5,
        ),
        jumps=3,
        steps_ahead=3,
        discount=0.95,
        updates=1,
        rate=1e-3,
        shift=1,
        capacity=20_000,
        beta_steps=5000,
        warmup=200,
        explore_until=400,
    )


def atari_network(num_actions: int = 18) -> RainbowWithModel:
    """All that is trained for Atari, with the most actions that a game has."""
    return RainbowWithModel(atari(num_actions).network)


def tiny_network(num_actions: int = 3) -> RainbowWithModel:
    """All that is trained for Catch."""
    return RainbowWithModel(tiny(num_actions).network)
