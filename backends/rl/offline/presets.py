"""Networks at their published sizes."""

from backends.rl.offline_agents.networks import Critics


def critics(layer_norm: bool = False) -> Critics:
    """TD3's twin critics for halfcheetah and walker: 17 numbers of state, 6 of action, two layers of 256."""
    return Critics(23, (256, 256), layer_norm=layer_norm)
