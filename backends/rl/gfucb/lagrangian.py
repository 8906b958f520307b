"""GFUCB for networks: optimism by gradient in the space of functions, held near the fit by a multiplier.

From the fitted network a copy climbs Σ_i max_a f_i(a) and pays ν for what its squared distance to the fit, on
all that was played, exceeds β; ν grows with the excess. The arms are the copy's; the fit itself stays.
"""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from backends.rl.gfucb.neural_linear import NeuralLinearUcb, NeuralSettings
from backends.rl.gfucb.tasks import Floats


class LagrangianUcb(NeuralLinearUcb):
    """The learner with a joint confidence set around a shared network.

    Args:
        width: Numbers in the description of an arm.
        num_tasks: Tasks that share the trunk.
        settings: How the network learns.
        radius: β.
        ascents: Steps of the optimistic copy in a round.
        dual_rate: How fast the multiplier follows the excess, in units of β.
        seed: Seed of the weights and the minibatches.
    """

    def __init__(
        self,
        width: int,
        num_tasks: int,
        settings: NeuralSettings,
        *,
        radius: float,
        ascents: int = 10,
        dual_rate: float = 1.0,
        seed: int,
    ) -> None:
        super().__init__(width, num_tasks, settings, shared=True, seed=seed)
        self.radius = radius
        self._ascents = ascents
        self._dual_rate = dual_rate

    def choose(self, arms_MKD: Floats) -> NDArray[np.int64]:
        """The arms of the most optimistic network that was found inside the confidence set."""
        arms = torch.from_numpy(arms_MKD).float()
        with torch.no_grad():
            fitted_MT = self.network(self.history.arms_MTD)
            best_MK = self.network(arms)
        dreamer = copy.deepcopy(self.network)
        optimiser = torch.optim.Adam(dreamer.parameters(), lr=self.settings.rate, fused=True)
        highest, multiplier = float(best_MK.max(1).values.sum()), 1.0
        for _ in range(self._ascents):
            optimism, distance = dreamer(arms).max(1).values.sum(), self._distance(dreamer, fitted_MT)
            excess = distance - self.radius
            loss = -optimism + multiplier * excess.clamp(min=0)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            multiplier = max(multiplier + self._dual_rate * float(excess.detach()) / self.radius, 0.0)
            with torch.no_grad():
                dreamt_MK = dreamer(arms)
                inside = float(self._distance(dreamer, fitted_MT)) <= self.radius
            if inside and float(dreamt_MK.max(1).values.sum()) > highest:
                highest, best_MK = float(dreamt_MK.max(1).values.sum()), dreamt_MK
        chosen: NDArray[np.int64] = best_MK.argmax(1).numpy()
        return chosen

    def _distance(self, network: torch.nn.Module, fitted_MT: torch.Tensor) -> torch.Tensor:
        """‖f − f̂‖² over everything that was played."""
        moved_MT: torch.Tensor = (network(self.history.arms_MTD) - fitted_MT) * self.history.played_MT
        return moved_MT.square().sum()
