"""Multitask linear processes: moves and rewards are linear in features of state and action that tasks share.

Features are mixtures: φ(s, a) says with what weights k hidden causes are at work, and each cause has its own
distribution of the next state. So every backup of any values is linear in φ: no Bellman error is inherent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.rl.gfucb.tasks import Floats

# Shape legend: M tasks, H steps of an episode, S states, A actions, R features (hidden causes)

Numbers = NDArray[np.int64]

_FEW = 0.2
"""Dirichlet parameter of mixtures: small, so that one cause is most of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearProcesses:
    """M tasks that move alike, for episodes of `num_steps`.

    Rewards have normal noise of deviation `noise` about a mean in [0, 1].
    """

    features_SAR: Floats
    causes_RS: Floats
    heads_MR: Floats
    num_steps: int
    noise: float

    @classmethod
    def draw(
        cls,
        features_SAR: Floats,
        *,
        num_tasks: int,
        num_steps: int,
        noise: float,
        stream: np.random.Generator,
    ) -> "LinearProcesses":
        """Random causes and rewards."""
        states, _, features = features_SAR.shape
        return cls(
            features_SAR=features_SAR,
            causes_RS=stream.dirichlet(np.full(states, _FEW), features),
            heads_MR=stream.uniform(size=(num_tasks, features)),
            num_steps=num_steps,
            noise=noise,
        )

    @property
    def num_tasks(self) -> int:
        return len(self.heads_MR)

    @property
    def moves_SAS(self) -> Floats:
        """The chance of each next state."""
        moves: Floats = self.features_SAR @ self.causes_RS
        return moves

    @property
    def rewards_MSA(self) -> Floats:
        """Mean rewards."""
        rewards: Floats = np.einsum("sar,mr->msa", self.features_SAR, self.heads_MR)
        return rewards

    def best_values(self) -> Floats:
        """Values of state and action under the best policy: H, M, S, A."""
        return self._backed_up(None)

    def values_of(self, policy_HMS: Numbers) -> Floats:
        """What a policy comes to from each state on: M, S."""
        values_HMSA = self._backed_up(policy_HMS)
        first: Floats = np.take_along_axis(values_HMSA[0], policy_HMS[0][..., None], -1)[..., 0]
        return first

    def best_heads(self) -> Floats:
        """The heads of the best values in the true features: H, M, R."""
        values = self.best_values()
        later_HMS = np.concatenate([values[1:].max(-1), np.zeros_like(values[:1, ..., 0])])
        heads: Floats = self.heads_MR + np.einsum("rs,hms->hmr", self.causes_RS, later_HMS)
        return heads

    def _backed_up(self, policy_HMS: Numbers | None) -> Floats:
        rewards, moves = self.rewards_MSA, self.moves_SAS
        found = np.zeros((self.num_steps, *rewards.shape))
        later_MS = np.zeros(rewards.shape[:2])
        for step in reversed(range(self.num_steps)):
            found[step] = rewards + np.einsum("sat,mt->msa", moves, later_MS)
            later_MS = (
                found[step].max(-1)
                if policy_HMS is None
                else np.take_along_axis(found[step], policy_HMS[step][..., None], -1)[..., 0]
            )
        return found


def draw_features(states: int, actions: int, features: int, stream: np.random.Generator) -> Floats:
    """Random mixtures: S, A, R."""
    return stream.dirichlet(np.full(features, _FEW), (states, actions))


def every_pair_for_itself(states: int, actions: int) -> Floats:
    """Features that know nothing: one for each pair of state and action."""
    pairs = states * actions
    return np.eye(pairs).reshape(states, actions, pairs)
