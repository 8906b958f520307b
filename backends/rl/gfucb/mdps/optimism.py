"""Global optimism: of all values that agree with the data at every step, those that promise most at first.

For one representation, the heads of each step form an ellipsoid about the fit to what the next step
promises, and one budget a step is shared by all tasks. What is promised at the start is raised step by step:
how much it grows with the values of a later state is followed through the fits (`_sway`), and the heads of
each step go where that leads, as far as the budget lets them. A promise is kept only if it is the highest so
far, so that the result is a lower bound of the true maximum, which no feasible method finds in general.
"""

from dataclasses import dataclass

import numpy as np

from backends.rl.gfucb.finite_class import most_optimistic
from backends.rl.gfucb.mdps.worlds import Numbers
from backends.rl.gfucb.tasks import Floats

# Shape legend: N representations, P the representations again, M tasks, H steps of an episode, S states,
# T next states, A actions, R features


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What happened, counted: it is all that the fits need.

    `moves_HMSAT` counts next states, `paid_HMSA` sums rewards.
    """

    moves_HMSAT: Floats
    paid_HMSA: Floats

    @classmethod
    def nothing(cls, num_steps: int, num_tasks: int, states: int, actions: int) -> "Seen":
        """Before the first episode."""
        size = (num_steps, num_tasks, states, actions)
        return cls(moves_HMSAT=np.zeros((*size, states)), paid_HMSA=np.zeros(size))

    @property
    def visits_HMSA(self) -> Floats:
        """How often each pair was tried."""
        visits: Floats = self.moves_HMSAT.sum(-1)
        return visits


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The most optimistic values found: of which representation, by which heads, and what they promise."""

    representation: int
    heads_HMR: Floats
    values_HMSA: Floats
    total: float


class JointSet:
    """The values of all tasks together that agree with what was seen.

    Args:
        candidates_NSAR: The class of representations; every step of an episode has the same one.
        seen: The data.
        radii_H: β of each step.
        ridge: λ of the ridge regression in every head.
    """

    def __init__(self, candidates_NSAR: Floats, seen: Seen, radii_H: Floats, ridge: float = 1.0) -> None:
        self._features = candidates_NSAR
        self._seen = seen
        self._radii_H = radii_H
        size = candidates_NSAR.shape[-1]
        counted = np.einsum(
            "hmsa,nsar,nsaq->hnmrq", seen.visits_HMSA, candidates_NSAR, candidates_NSAR, optimize=True
        )
        self._counted_HNMRR = counted + ridge * np.eye(size)
        self._inverse_HNMRR = np.linalg.inv(self._counted_HNMRR)
        self._num_steps = len(radii_H)

    def most_optimistic(self, starts_M: Numbers, sweeps: int) -> Promise:
        """The values that promise most in the states where the tasks begin.

        Where no representation agrees with what was seen, as may be when β is small, the one that disagrees
        least, without optimism at the steps where it does, and an infinitely low total.
        """
        best: Promise | None = None
        pull_HNMR = np.zeros(self._counted_HNMRR.shape[:-1])
        for _ in range(sweeps):
            backed = self._backed_up(pull_HNMR, starts_M)
            winner = int((backed.total_N if backed.any_agrees else backed.slack_N).argmax())
            if best is None or backed.total_N[winner] > best.total:
                best = Promise(
                    representation=winner,
                    heads_HMR=backed.heads_HNMR[:, winner],
                    values_HMSA=backed.values_HNMSA[:, winner],
                    total=float(backed.total_N[winner]),
                )
            pull_HNMR = self._sway(backed, starts_M)
        assert best is not None
        return best

    def contains(self, representation: int, heads_HMR: Floats) -> bool:
        """Whether these heads of this representation agree with what was seen, at every step."""
        features_SAR = self._features[representation]
        values_HMSA = np.einsum("sar,hmr->hmsa", features_SAR, heads_HMR)
        for step in range(self._num_steps):
            later_NMS = np.zeros((len(self._features), *values_HMSA.shape[1:3]))
            if step + 1 < self._num_steps:
                later_NMS[:] = self._state_values(values_HMSA[step + 1], step + 1)
            fit_NMR, slack_N = self._fit(step, later_NMS)
            off_MR = heads_HMR[step] - fit_NMR[representation]
            counted_MRR = self._counted_HNMRR[step, representation]
            if np.einsum("mr,mrq,mq->", off_MR, counted_MRR, off_MR) > slack_N[representation]:
                return False
        return True

    def _state_values(self, values_MSA: Floats, step: int) -> Floats:
        """Of the best actions: at least 0, at most a reward of 1 for each step that is left."""
        values: Floats = values_MSA.max(-1).clip(0, self._num_steps - step)
        return values

    def _fit(self, step: int, later_NMS: Floats) -> tuple[Floats, Floats]:
        """Each representation's heads for rewards and its own later values, and what β leaves of its budget.

        A representation's loss is compared with that of the whole class on the same targets.
        """
        seen, features = self._seen, self._features
        wanted_NMSA = seen.paid_HMSA[step] + np.einsum("msat,nmt->nmsa", seen.moves_HMSAT[step], later_NMS)
        sums_NPMR = np.einsum("nmsa,psar->npmr", wanted_NMSA, features, optimize=True)
        heads_NPMR = np.einsum("pmrq,npmq->npmr", self._inverse_HNMRR[step], sums_NPMR)
        explained_NP = (sums_NPMR * heads_NPMR).sum((-1, -2))
        own = np.arange(len(features))
        slack_N = self._radii_H[step] - (explained_NP.max(1) - explained_NP[own, own])
        return heads_NPMR[own, own], slack_N

    def _backed_up(self, pull_HNMR: Floats, starts_M: Numbers) -> "_Backed":
        """From the last step to the first, heads moved from the fit as far as allowed, along their pull.

        At the first step the promise is a bandit's, whose arms are the actions in the states of the start.
        """
        num = len(self._features)
        heads = np.zeros(pull_HNMR.shape)
        values = np.zeros((self._num_steps, num, *self._seen.paid_HMSA.shape[1:]))
        least_slack_N = np.full(num, np.inf)
        later_NMS = np.zeros(values.shape[1:4])
        for step in reversed(range(self._num_steps)):
            fit_NMR, slack_N = self._fit(step, later_NMS)
            least_slack_N = np.minimum(least_slack_N, slack_N)
            room_N = slack_N.clip(min=0)
            pull_NMR = pull_HNMR[step] if step else self._first_pull(fit_NMR, room_N, starts_M)
            heads[step] = fit_NMR + self._furthest(step, pull_NMR, room_N)
            values[step] = np.einsum("nsar,nmr->nmsa", self._features, heads[step])
            later_NMS = np.stack([self._state_values(one, step) for one in values[step]])
        promised_NM = values[0][:, np.arange(len(starts_M)), starts_M].max(-1)
        total_N = np.where(least_slack_N >= 0, promised_NM.sum(1), -np.inf)
        return _Backed(heads_HNMR=heads, values_HNMSA=values, total_N=total_N, slack_N=least_slack_N)

    def _first_pull(self, fit_NMR: Floats, room_N: Floats, starts_M: Numbers) -> Floats:
        """The features of the most optimistic actions at the start."""
        shown_NMAR = self._features[:, starts_M]
        means_NMA = np.einsum("nmar,nmr->nma", shown_NMAR, fit_NMR)
        widths_NMA = np.einsum("nmar,nmrq,nmaq->nma", shown_NMAR, self._inverse_HNMRR[0], shown_NMAR)
        actions_NM, _ = most_optimistic(means_NMA, widths_NMA, room_N)
        pull: Floats = np.take_along_axis(shown_NMAR, actions_NM[..., None, None], 2)[:, :, 0]
        return pull

    def _furthest(self, step: int, pull_NMR: Floats, room_N: Floats) -> Floats:
        """The point of the ellipsoid of all tasks' heads that lies furthest along the pull."""
        towards_NMR = np.einsum("nmrq,nmq->nmr", self._inverse_HNMRR[step], pull_NMR)
        length_N = np.sqrt((towards_NMR * pull_NMR).sum((1, 2)))
        scale_N = np.sqrt(room_N) / np.maximum(length_N, 1e-12)
        moved: Floats = scale_N[:, None, None] * towards_NMR
        return moved

    def _sway(self, backed: "_Backed", starts_M: Numbers) -> Floats:
        """How the promise grows with the heads of each step, at what is promised now."""
        pull = np.zeros(backed.heads_HNMR.shape)
        tasks = np.arange(len(starts_M))
        first_NM = backed.values_HNMSA[0][:, tasks, starts_M].argmax(-1)
        shown_NMAR = self._features[:, starts_M]
        pull[0] = np.take_along_axis(shown_NMAR, first_NM[..., None, None], 2)[:, :, 0]
        for step in range(1, self._num_steps):
            by_head_NMR = np.einsum("nmrq,nmq->nmr", self._inverse_HNMRR[step - 1], pull[step - 1])
            by_pair_NMSA = np.einsum("nsar,nmr->nmsa", self._features, by_head_NMR)
            by_state_NMT = np.einsum("nmsa,msat->nmt", by_pair_NMSA, self._seen.moves_HMSAT[step - 1])
            values_NMSA = backed.values_HNMSA[step]
            best_NMS, action_NMS = values_NMSA.max(-1), values_NMSA.argmax(-1)
            cut_NMS = (best_NMS <= 0) | (best_NMS >= self._num_steps - step)
            by_state_NMT = np.where(cut_NMS, 0.0, by_state_NMT)
            taken_NMSA = by_state_NMT[..., None] * np.eye(values_NMSA.shape[-1])[action_NMS]
            pull[step] = np.einsum("nmsa,nsar->nmr", taken_NMSA, self._features)
        return pull


@dataclass(frozen=True, slots=True, kw_only=True)
class _Backed:
    """One sweep: heads and values of every step, and what each representation promises, -inf if ruled out."""

    heads_HNMR: Floats
    values_HNMSA: Floats
    total_N: Floats
    slack_N: Floats
    """What β leaves of each representation's budget at its worst step; below 0, it is ruled out."""

    @property
    def any_agrees(self) -> bool:
        return bool((self.slack_N >= 0).any())
