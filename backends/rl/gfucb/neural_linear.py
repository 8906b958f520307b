"""The practical rule: a trunk that tasks share, a linear head for each, and a bonus in the trunk's features.

An arm's index is its prediction plus β √(φᵀA⁻¹φ), where A counts what its task has played in the present
features. A stack of as many trunks as tasks, trained side by side, is the same without sharing.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from backends.rl.gfucb.tasks import Floats

# Shape legend: M tasks, K arms, D numbers of an arm, R features, T rounds, B rounds of a minibatch,
# S trunks (one or M), E examples of a trunk


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuralSettings:
    """How networks learn between rounds."""

    hidden: int = 64
    features: int = 10
    rate: float = 3e-3
    updates: int = 12
    minibatch: int = 64
    ridge: float = 1.0
    bonus: float = 0.5


class TaskNetworks(nn.Module):
    """Predicted rewards: a trunk of two hidden layers (one for all tasks, or one each), and linear heads."""

    def __init__(self, width: int, num_tasks: int, settings: NeuralSettings, *, shared: bool) -> None:
        super().__init__()
        trunks = 1 if shared else num_tasks
        sizes = (width, settings.hidden, settings.hidden, settings.features)
        shapes = list(pairwise(sizes))
        self.weights = nn.ParameterList([torch.empty(trunks, *shape) for shape in shapes])
        self.biases = nn.ParameterList([torch.empty(trunks, 1, out) for _, out in shapes])
        self.heads_MR = nn.Parameter(torch.empty(num_tasks, settings.features))
        self.reset()

    def reset(self) -> None:
        """Fresh weights, uniform by the fan-in as in torch's linear layers."""
        for weight, bias in zip(self.weights, self.biases, strict=True):
            bound = weight.shape[1] ** -0.5
            nn.init.uniform_(weight, -bound, bound)
            nn.init.uniform_(bias, -bound, bound)
        nn.init.uniform_(self.heads_MR, -(self.heads_MR.shape[1] ** -0.5), self.heads_MR.shape[1] ** -0.5)

    def features(self, arms_MKD: Tensor) -> Tensor:
        """The trunk's features of each task's arms, M x K x R."""
        tasks, arms, width = arms_MKD.shape
        trunks = self.weights[0].shape[0]
        hidden_SED = arms_MKD.reshape(trunks, tasks * arms // trunks, width)
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden_SED = torch.baddbmm(bias, hidden_SED, weight)
            if number < len(self.weights) - 1:
                hidden_SED = functional.relu(hidden_SED)
        return hidden_SED.reshape(tasks, arms, self.heads_MR.shape[1])

    def forward(self, arms_MKD: Tensor) -> Tensor:
        """The predicted reward of each task's arms, M x K."""
        return torch.einsum("mkr,mr->mk", self.features(arms_MKD), self.heads_MR)


class History:
    """What was played and paid, by round; a task need not have played in every round."""

    def __init__(self, num_tasks: int, width: int) -> None:
        self.arms_MTD = torch.zeros(num_tasks, 0, width)
        self.rewards_MT = torch.zeros(num_tasks, 0)
        self.played_MT = torch.zeros(num_tasks, 0)

    def add(self, arms_MD: Tensor, rewards_M: Tensor, played_M: Tensor) -> None:
        """One more round."""
        self.arms_MTD = torch.cat([self.arms_MTD, arms_MD[:, None]], 1)
        self.rewards_MT = torch.cat([self.rewards_MT, rewards_M[:, None]], 1)
        self.played_MT = torch.cat([self.played_MT, played_M[:, None]], 1)

    @property
    def num_rounds(self) -> int:
        return self.rewards_MT.shape[1]


class NeuralLinearUcb:
    """The learner: `choose` arms for all tasks, then `learn` what they paid."""

    def __init__(
        self, width: int, num_tasks: int, settings: NeuralSettings, *, shared: bool, seed: int
    ) -> None:
        self.settings = settings
        self._stream = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = TaskNetworks(width, num_tasks, settings, shared=shared)
        self._optimiser = torch.optim.Adam(self.network.parameters(), lr=settings.rate, fused=True)
        self.history = History(num_tasks, width)

    def choose(self, arms_MKD: Floats) -> NDArray[np.int64]:
        """The arm of the highest index for every task."""
        means_MK, bonus_MK = self.judge(torch.from_numpy(arms_MKD).float())
        chosen: NDArray[np.int64] = (means_MK + bonus_MK).argmax(1).numpy()
        return chosen

    @torch.no_grad()
    def judge(self, arms_MKD: Tensor) -> tuple[Tensor, Tensor]:
        """The predicted reward of each arm, and the bonus for how little is known of it."""
        features_MKR = self.network.features(arms_MKD)
        means_MK = torch.einsum("mkr,mr->mk", features_MKR, self.network.heads_MR)
        if self.settings.bonus == 0:
            return means_MK, torch.zeros_like(means_MK)
        seen_MTR = self.network.features(self.history.arms_MTD) * self.history.played_MT[..., None]
        counted_MRR = seen_MTR.mT @ seen_MTR + self.settings.ridge * torch.eye(features_MKR.shape[-1])
        spread_MRK = torch.linalg.solve(counted_MRR, features_MKR.mT)
        widths_MK = (features_MKR.mT * spread_MRK).sum(1).clamp(min=0)
        return means_MK, self.settings.bonus * widths_MK.sqrt()

    def learn(self, arms_MD: Floats, rewards_M: Floats) -> None:
        """Take what the played arms paid, and a few steps of Adam on minibatches of all rounds."""
        self.remember(arms_MD, rewards_M, np.ones(len(rewards_M)))
        self.fit(self.settings.updates)

    def remember(self, arms_MD: Floats, rewards_M: Floats, played_M: Floats) -> None:
        """Take a round without learning from it yet."""
        arms, rewards, played = (torch.from_numpy(one).float() for one in (arms_MD, rewards_M, played_M))
        self.history.add(arms, rewards, played)

    def fit(self, updates: int) -> None:
        """Steps of Adam on the squared error, each on rounds drawn with replacement."""
        history, size = self.history, min(self.settings.minibatch, self.history.num_rounds)
        for _ in range(updates):
            drawn_B = torch.randint(history.num_rounds, (size,), generator=self._stream)
            error_MB = self.network(history.arms_MTD[:, drawn_B]) - history.rewards_MT[:, drawn_B]
            loss = (error_MB.square() * history.played_MT[:, drawn_B]).sum(0).mean()
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
