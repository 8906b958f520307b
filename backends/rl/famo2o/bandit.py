"""A contextual bandit in which no single balance is right.

Half of the states have a good behaviour and a noisy critic, half a uniform behaviour and an accurate
critic. The family of policies is pi_beta ~ behaviour x exp(beta A). Online, each state is pulled by the
family at random balances; its balance is then the one whose policy has the highest value by what was seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Shape legend: S states, A actions, G balances
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BanditSettings:
    states: int = 40
    actions: int = 8
    expert_sharpness: float = 3.0
    noisy: float = 1.0
    accurate: float = 0.1
    reward_noise: float = 0.5
    pulls: int = 150
    highest: float = 10.0
    balances: int = 21


@dataclass(frozen=True, slots=True)
class BanditOutcome:
    """Mean rewards, and the mean balance that was chosen in each half of the states.

    `by_balance` are pairs of a balance and the mean reward with it in all states.
    """

    behaviour: float
    single_3: float
    best_single: float
    adaptive: float
    optimum: float
    balance_noisy: float
    balance_accurate: float
    by_balance: tuple[tuple[float, float], ...]


def play_bandit(seed: int, settings: BanditSettings) -> BanditOutcome:
    """Draw a bandit, and compare every single balance with one a state."""
    chance = np.random.default_rng(seed)
    reward_SA = chance.standard_normal((settings.states, settings.actions))
    is_noisy = np.arange(settings.states) < settings.states // 2
    behaviour_SA = _behaviour(reward_SA, is_noisy, settings)
    deviation = np.where(is_noisy, settings.noisy, settings.accurate)[:, None]
    critic_SA = reward_SA + deviation * chance.standard_normal(reward_SA.shape)
    balance_G = np.linspace(0, settings.highest, settings.balances)
    policy_GSA = family(behaviour_SA, critic_SA, balance_G)
    value_GS = (policy_GSA * reward_SA).sum(2)
    online_SA = _pulled(reward_SA, critic_SA, policy_GSA.mean(0), settings, chance)
    chosen_S = (policy_GSA * online_SA).sum(2).argmax(0)
    return BanditOutcome(
        behaviour=float((behaviour_SA * reward_SA).sum(1).mean()),
        single_3=float(value_GS[np.abs(balance_G - 3).argmin()].mean()),
        best_single=float(value_GS.mean(1).max()),
        adaptive=float(value_GS[chosen_S, np.arange(settings.states)].mean()),
        optimum=float(reward_SA.max(1).mean()),
        balance_noisy=float(balance_G[chosen_S][is_noisy].mean()),
        balance_accurate=float(balance_G[chosen_S][~is_noisy].mean()),
        by_balance=tuple(zip(balance_G.tolist(), value_GS.mean(1).tolist(), strict=True)),
    )


def family(behaviour_SA: Numbers, critic_SA: Numbers, balance_G: Numbers) -> Numbers:
    """The policies of all balances."""
    advantage_SA = critic_SA - (behaviour_SA * critic_SA).sum(1, keepdims=True)
    weight_GSA = behaviour_SA * np.exp(balance_G[:, None, None] * advantage_SA)
    policies: Numbers = weight_GSA / weight_GSA.sum(2, keepdims=True)
    return policies


def _behaviour(reward_SA: Numbers, is_noisy: NDArray[np.bool_], settings: BanditSettings) -> Numbers:
    """Near the best action where the critic is noisy, uniform elsewhere."""
    expert = np.exp(settings.expert_sharpness * reward_SA)
    expert /= expert.sum(1, keepdims=True)
    return np.where(is_noisy[:, None], expert, 1 / settings.actions)


def _pulled(
    reward_SA: Numbers,
    critic_SA: Numbers,
    policy_SA: Numbers,
    settings: BanditSettings,
    chance: np.random.Generator,
) -> Numbers:
    """The critic after the pulls: the mean pay of an action; the offline value if it was never pulled."""
    found = critic_SA.copy()
    for state, policy in enumerate(policy_SA):
        pulls = chance.multinomial(settings.pulls, policy / policy.sum())
        noise = settings.reward_noise * chance.standard_normal(settings.actions)
        seen = pulls > 0
        found[state, seen] = reward_SA[state, seen] + noise[seen] / np.sqrt(pulls[seen])
    return found
