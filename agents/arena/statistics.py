"""How sure one may be of a rate or a difference: Wilson, McNemar, Tango, and the bootstrap over deals.

Games on one deal are alike, so the deal is the unit that is drawn again, with all its games (4.5 of the
specification). All intervals are of 95 %.
"""

# Shape legend: D deals, K sums that are taken over deals, R replicates of the bootstrap

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binomtest, norm

from games.avalon.draws import rng

LEVEL = 0.95
REPLICATES = 2000
_REPLICATES_AT_ONCE = 100

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rate:
    """Successes among trials, with Wilson's interval; all None where nothing was tried.

    The interval takes trials for independent. Where several of them are of one deal, as in an agent's rate
    over all opponents, it is too narrow; differences and ratings are resampled by deals instead.
    """

    hits: int
    trials: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval, which is None where there are too few deals to draw again."""

    value: float
    low: float | None
    high: float | None


def wilson(hits: int, trials: int) -> Rate:
    """A rate with Wilson's score interval."""
    if trials == 0:
        return Rate(hits, trials, None, None, None)
    interval = binomtest(hits, trials).proportion_ci(LEVEL, method="wilson")
    return Rate(hits, trials, hits / trials, float(interval.low), float(interval.high))


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p of McNemar's test: pairs of games that one of the two won, and the other lost."""
    discordant = only_first + only_second
    return 1.0 if discordant == 0 else float(binomtest(only_first, discordant).pvalue)


def paired_score(only_first: int, only_second: int, pairs: int) -> Interval:
    """The difference of two paired rates with its score interval (Tango, Statistics in Medicine 17, 1998).

    It holds every difference whose score test is not rejected. Unlike the bootstrap it stays honest with few
    pairs: where one side wins nothing, resampling never draws a win and its interval ends at zero; this one
    does not.

    Raises:
        ValueError: There are no pairs, or more of them differ than there are.
    """
    if only_first + only_second > pairs:
        raise ValueError(f"{only_first} + {only_second} pairs differ, but there are {pairs}")
    if pairs == 0:
        raise ValueError("there are no pairs to compare")
    critical = float(norm.ppf((1 + LEVEL) / 2))
    value = (only_first - only_second) / pairs

    def score(difference: float) -> float:
        # The chance of "only the second wins" that fits best where the rates differ by `difference`.
        a = 2 * pairs
        b = (2 * pairs - only_first + only_second) * difference - only_first - only_second
        c = -only_second * difference * (1 - difference)
        chance = (np.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
        variance = pairs * (2 * chance + difference * (1 - difference))
        distance = pairs * (value - difference)
        return 0.0 if distance == 0 else float(distance / np.sqrt(max(variance, 1e-12)))

    low = -1.0 if value == -1 else brentq(lambda at: score(at) - critical, -1, value)
    high = 1.0 if value == 1 else brentq(lambda at: score(at) + critical, value, 1)
    return Interval(value, float(low), float(high))


def resampled_sums(sums_DK: Floats, seed: int, replicates: int = REPLICATES) -> Floats:
    """Sums over deals, in every replicate of the bootstrap: shape (R, K).

    Columns are drawn together, so that ratios and differences of them may be taken in each replicate.
    """
    times_RD = _times_drawn(len(sums_DK), seed, replicates)
    return np.concatenate(
        [
            times_RD[begin : begin + _REPLICATES_AT_ONCE] @ sums_DK
            for begin in range(0, replicates, _REPLICATES_AT_ONCE)
        ]
    )


@lru_cache(maxsize=1)  # every difference of a tournament is taken over the same replicates
def _times_drawn(num_deals: int, seed: int, replicates: int) -> NDArray[np.int16]:
    """How often each replicate draws each deal."""
    shares_D = np.full(num_deals, 1 / num_deals)
    return rng(seed, "bootstrap").multinomial(num_deals, shares_D, size=replicates).astype(np.int16)


def percentiles(estimates_R: Floats) -> tuple[float, float]:
    """The interval that holds the middle of the replicates; replicates without a value are left out."""
    low, high = np.nanpercentile(estimates_R, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)
