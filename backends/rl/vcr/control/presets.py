"""Complete settings: those of DrQ for the control suite, and some for Reach on a CPU."""

from collections.abc import Mapping
from dataclasses import dataclass

from backends.rl.vcr.control.networks import ControlNetworkConfig, ControlWithModel
from backends.rl.vcr.spec import ControlMethodName


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlConfig:
    """The base's published settings; those of VCR itself are reconstructed.

    `views` shifted copies of each drawn step are learnt from, with their mean target. `compared` actions are
    drawn for each state in which values are compared.
    """

    network: ControlNetworkConfig
    value_weight: float = 1.0
    latent_weight: float = 0.0
    teach_values: bool = False
    jumps: int = 3
    compared: int = 10
    views: int = 2
    shift: int = 4
    discount: float = 0.99
    batch: int = 512
    rate: float = 1e-3
    temperature: float = 0.1
    follow: float = 0.01
    slow_every: int = 2
    capacity: int = 100_000
    warmup: int = 1000


METHODS: Mapping[ControlMethodName, tuple[float, float]] = {
    "drq": (0.0, 0.0),
    "spr": (0.0, 1.0),
    "vcr_only": (1.0, 0.0),
    "vcr": (1.0, 1.0),
}
"""Weights of the value consistency and of the latent loss."""


def suite(levers: int) -> ControlConfig:
    """The published settings."""
    return ControlConfig(network=ControlNetworkConfig(levers=levers))


def tiny(levers: int) -> ControlConfig:
    """For Reach, in frames of 16 pixels."""
    return ControlConfig(
        network=ControlNetworkConfig(
            levers=levers,
            side=16,
            stack=1,
            widths=(8, 16),
            strides=(2, 1),
            latent=32,
            hidden=64,
            least_log_spread=-3.0,
            most_log_spread=1.0,
        ),
        views=1,
        shift=1,
        discount=0.9,
        batch=64,
        follow=0.02,
        capacity=20_000,
        warmup=400,
    )


def suite_network(levers: int = 6) -> ControlWithModel:
    """All that is trained for the walker, or the cheetah."""
    return ControlWithModel(suite(levers).network)


def tiny_network(levers: int = 2) -> ControlWithModel:
    """All that is trained for Reach."""
    return ControlWithModel(tiny(levers).network)
