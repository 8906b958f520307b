"""The toy maze: one random walk in eight directions, no reward, Q-learning by gradient descent on all of it.

Every value should be zero. A plain network of two layers leaves the data at the walk's edge, where the best
of eight directions is always a little higher than what was seen, and climbs after its own targets.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.rl.divergence.self_excitation import SelfExcitation, self_excitation

# Shape legend: N transitions, K directions, D = 4 for a place and a direction
DIRECTIONS = 8
CRASHED = 1e6  # beyond this |Q| single precision has a step or two left


@dataclass(frozen=True, slots=True)
class MazeData:
    """The walk as (place, direction) pairs, and all pairs at the place that follows each."""

    x_ND: Tensor
    next_x_NKD: Tensor


def random_walk(seed: int, length: int = 64) -> MazeData:
    """A walk of steps of 0.1, each in one of eight directions at random, with a drift from [0, 0.02]^2."""
    chance = np.random.default_rng(seed)
    angles = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    places = [chance.random(2)]
    taken = []
    for _ in range(length):
        taken.append(directions[chance.integers(DIRECTIONS)])
        places.append(places[-1] + 0.1 * taken[-1] + chance.uniform(0, 0.02, 2))
    place_N2 = torch.tensor(np.array(places), dtype=torch.float32)
    all_K2 = torch.tensor(directions, dtype=torch.float32)
    x_ND = torch.cat([place_N2[:-1], torch.tensor(np.array(taken), dtype=torch.float32)], dim=1)
    next_x_NKD = torch.cat(
        [place_N2[1:, None].expand(-1, DIRECTIONS, -1), all_K2.expand(length, -1, -1)], dim=2
    )
    return MazeData(x_ND, next_x_NKD)


def maze_critic(seed: int, *, layer_norm: bool, width: int = 64) -> nn.Module:
    """Two layers, with torch's own initialisation; LayerNorm stands before the ReLU and learns nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        first, last = nn.Linear(4, width), nn.Linear(width, 1)
    norm = [nn.LayerNorm(width, elementwise_affine=False)] if layer_norm else []
    return nn.Sequential(first, *norm, nn.ReLU(), last)


@dataclass(frozen=True, slots=True)
class MazeStep:
    """The highest |Q| on the walk before a step, and the measure where it was asked for."""

    step: int
    highest: float
    measured: SelfExcitation | None


def learn(
    data: MazeData,
    critic: nn.Module,
    *,
    steps: int = 800,
    rate: float = 0.02,
    discount: float = 0.99,
    measure_at: Callable[[int], bool] = lambda step: False,
) -> Iterator[MazeStep]:
    """Q-learning with the network as its own target, on the whole walk at once; ends early at a crash."""
    optimiser = torch.optim.SGD(critic.parameters(), lr=rate)
    everywhere = torch.full((len(data.x_ND),), discount)
    for step in range(steps):
        with torch.no_grad():
            next_q_NK = critic(data.next_x_NKD)[..., 0]
        best_N = next_q_NK.argmax(dim=1)
        q_N = critic(data.x_ND)[:, 0]
        highest = float(q_N.detach().abs().max())
        if not highest < CRASHED:  # also where it is not a number
            yield MazeStep(step, CRASHED, None)
            return
        measured = None
        if measure_at(step):
            next_x_ND = data.next_x_NKD[torch.arange(len(best_N)), best_N]
            measured = self_excitation(critic, data.x_ND, next_x_ND, everywhere)
        yield MazeStep(step, highest, measured)
        loss = functional.mse_loss(q_N, discount * next_q_NK.max(dim=1).values)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
