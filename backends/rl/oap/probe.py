"""OAP in one dimension, in closed form: what asking where, and changing what, does to the regret.

In 400 states the best action is known to the judge alone. The data's actions scatter around it; the critic's
favourite is near it in 60 % of the states and anywhere else. The policy minimises
(a - critic's)^2 + w (a - data's)^2, of which w is what the answers change.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSettings:
    """The world's deviations and the weights; `encourage` and `suppress` are those of the constraint."""

    states: int = 400
    right: float = 0.6
    data_noise: float = 0.33
    critic_noise: float = 0.05
    share: float = 0.3
    encourage: float = 4.0
    suppress: float = 0.2


@dataclass(frozen=True, slots=True)
class Probe:
    """A drawn world."""

    best: Numbers
    data: Numbers
    critic: Numbers

    @classmethod
    def draw(cls, seed: int, settings: ProbeSettings) -> "Probe":
        chance = np.random.default_rng(seed)
        count = settings.states
        best = chance.uniform(-0.8, 0.8, count)
        is_right = chance.random(count) < settings.right
        near = best + settings.critic_noise * chance.standard_normal(count)
        critic = np.where(is_right, near, chance.uniform(-1, 1, count))
        return cls(best, best + settings.data_noise * chance.standard_normal(count), critic)

    def policy(self, weight: Numbers | float, data: Numbers | None = None) -> Numbers:
        """The minimiser in each state."""
        target = self.data if data is None else data
        found: Numbers = (self.critic + weight * target) / (1 + weight)
        return found

    def regret(self, action: Numbers) -> float:
        return float(((action - self.best) ** 2).mean())

    def policy_preferred(self, action: Numbers) -> NDArray[np.bool_]:
        """What the judge says of a policy's actions."""
        return np.abs(action - self.best) < np.abs(self.data - self.best)


def probe_regrets(seed: int, settings: ProbeSettings) -> dict[str, float]:
    """The regret without questions, at the best single weight, and after each way of asking."""
    world = Probe.draw(seed, settings)
    base = world.policy(1.0)
    preferred = world.policy_preferred(base)
    count = round(settings.share * settings.states)
    asked = {
        "farthest": np.argsort(-np.abs(base - world.data), kind="stable")[:count],
        "random": np.random.default_rng(seed + 1_000_000).permutation(settings.states)[:count],
        "all": np.arange(settings.states),
    }
    regrets = {
        "plain": world.regret(base),
        "best_single_weight": min(world.regret(world.policy(w)) for w in np.arange(0.1, 6.0, 0.1)),
    }
    for name, index in asked.items():
        weight = np.ones(settings.states)
        weight[index] = np.where(preferred[index], settings.suppress, settings.encourage)
        regrets[f"reweight_{name}"] = world.regret(world.policy(weight))
        # Replacing alone leaves the weight as it was: the preferred action is the new target.
        target = world.data.copy()
        target[index] = np.where(preferred[index], base[index], world.data[index])
        regrets[f"replace_{name}"] = world.regret(world.policy(1.0, target))
    return regrets
