"""OPER-A: priorities by advantages, iterated (arXiv 2306.05412, section 4 and the released code).

Each iteration values the behaviour that the current priorities make, and multiplies them by the advantages
over it, shifted so that the lowest is zero: exactly one transition loses all weight each time.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from backends.lab.reporter import Reporter
from backends.rl.offline_agents.batches import TransitionTensors
from backends.rl.offline_agents.descent import FusedAdam, take_step
from backends.rl.offline_agents.networks import Critics, follow
from backends.rl.samplers.index_stream import IndexStream
from backends.rl.samplers.priorities import Weights, effective_share, mean_one

Advantages = Callable[[Weights, int], Weights]
"""The advantages over the behaviour that priorities make, and the number of the iteration, from 1."""
_ROWS = 65_536  # rows that are valued at once
FEW = 0.1  # below this effective share of the transitions the iteration stops


def multiplied(weights: Weights, advantages: Weights) -> Weights:
    """The next priorities: times the advantage above the lowest. Equal advantages change nothing."""
    above = advantages - advantages.min()
    if above.max() <= 0:
        return weights
    return mean_one(weights * above)


def iterate(start: Weights, advantages: Advantages, iterations: int) -> list[Weights]:
    """The priorities after each iteration; fewer where one would leave too few transitions."""
    found: list[Weights] = []
    weights = start
    for number in range(1, iterations + 1):
        weights = multiplied(weights, advantages(weights, number))
        if effective_share(weights) < FEW:
            break
        found.append(weights)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFit:
    """How the behaviour is valued; the released code takes a million steps an iteration."""

    steps: int = 1_000_000
    batch_size: int = 256
    rate: float = 3e-4
    target_share: float = 0.005
    hidden: tuple[int, ...] = (256, 256)


class BehaviourValues:
    """Twin networks of the behaviour's values by TD(0); their weights are carried through the iterations."""

    def __init__(self, data: TransitionTensors, fit: ValueFit, seed: int, report: Reporter) -> None:
        self._data = data
        self._fit = fit
        self._seed = seed
        self._report = report
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._values: nn.Module = Critics(data.obs_dim, fit.hidden).to(report.device)
        self._targets = copy.deepcopy(self._values).requires_grad_(False)

    def __call__(self, weights: Weights, number: int) -> Weights:
        """Fit the values on batches drawn by the weights; the advantages r + g V(s') - V(s) of all rows."""
        fit = self._fit
        stream = IndexStream(
            size=len(self._data),
            batch_size=fit.batch_size,
            seed=self._seed,
            stream=number,
            weights=weights,
            device=self._report.device,
        )
        # The optimiser and its cosine begin anew in each iteration.
        optimiser = FusedAdam(self._values.parameters(), fit.rate)
        for step in range(fit.steps):
            self._report.check_cancelled()
            batch = self._data.batch(stream[step])
            with torch.no_grad():
                following_B = self._targets(batch.next_obs).amin(0)
                target_B = batch.reward + batch.discount * following_B
            loss = (self._values(batch.obs) - target_B).square().mean(1).sum()
            optimiser.anneal(step / fit.steps)
            take_step(optimiser, loss)
            follow(self._targets, self._values, fit.target_share)
            self._report.progress(step + 1, fit.steps)
        return self._advantages()

    @torch.no_grad()
    def _advantages(self) -> Weights:
        parts: list[Tensor] = []
        for index in torch.split(torch.arange(len(self._data), device=self._report.device), _ROWS):
            batch = self._data.batch(index)
            now, later = self._values(batch.obs).amin(0), self._values(batch.next_obs).amin(0)
            parts.append(batch.reward + batch.discount * later - now)
        return torch.cat(parts).double().cpu().numpy()


def mean_of(several: list[Weights], *, median: bool = False) -> Weights:
    """The priorities of several seeds as one."""
    stacked = np.stack(several)
    return mean_one(np.median(stacked, axis=0) if median else stacked.mean(axis=0))
