"""The transition store: columns of one length, checked once, and what follows from the episodes in them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backends.lab.errors import LabError

# Shape legend: N transitions, D width of a state, A width of an action, E episodes
Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

SAME_STATE = 1e-6  # an episode goes on where the next state is the following row's (OPER's and IQL's rule)


@dataclass(frozen=True, slots=True)
class ReferenceReturns:
    """The mean returns that count as 0 and 100 in a normalised score."""

    random: float
    expert: float

    def score(self, value: float) -> float:
        return 100 * (value - self.random) / (self.expert - self.random)


@dataclass(frozen=True, kw_only=True)
class TransitionStore:
    """Transitions in the order in which they were lived, episode after episode.

    `terminal` says that no value follows; `timeout` that the episode was cut there. The last row of the store
    ends its episode in any case. `environment` and `reference` are None where nobody said.
    """

    obs: Floats
    action: Floats
    reward: Floats
    next_obs: Floats
    terminal: Flags
    timeout: Flags
    name: str
    environment: str | None = None
    reference: ReferenceReturns | None = None
    remarks: tuple[str, ...] = field(default=(), compare=False)

    def __len__(self) -> int:
        return len(self.reward)

    @property
    def obs_dim(self) -> int:
        return int(self.obs.shape[1])

    @property
    def action_dim(self) -> int:
        return int(self.action.shape[1])

    @cached_property
    def ends(self) -> Flags:
        """The rows that end an episode."""
        ends: Flags = self.terminal | self.timeout
        ends = ends.copy()
        ends[-1] = True
        return ends

    @cached_property
    def episode_id(self) -> Numbers:
        """The number of each row's episode, from 0."""
        return np.concatenate([[0], np.cumsum(self.ends[:-1])]).astype(np.int64)

    @property
    def num_episodes(self) -> int:
        return int(self.ends.sum())

    @cached_property
    def episode_returns(self) -> NDArray[np.float64]:
        """The undiscounted sum of rewards of each episode."""
        sums = np.bincount(self.episode_id, weights=self.reward.astype(np.float64))
        return sums.astype(np.float64)

    @property
    def return_of_episode(self) -> NDArray[np.float64]:
        """The return of the episode that each row belongs to."""
        found: NDArray[np.float64] = self.episode_returns[self.episode_id]
        return found

    def returns_to_go(self, discount: float) -> NDArray[np.float64]:
        """The discounted rewards from each row to the end of its episode."""
        found = np.zeros(len(self))
        following = 0.0
        for row in range(len(self) - 1, -1, -1):
            following = float(self.reward[row]) + (0.0 if self.ends[row] else discount * following)
            found[row] = following
        return found

    def rows(self, chosen: Numbers | Flags) -> "TransitionStore":
        """Some rows, in their order; where rows between two were left out, an episode is cut there."""
        places = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else np.asarray(chosen)
        if len(places) == 0:
            raise LabError(f"{self.name}: no transition would be left.")
        gap = np.append(np.diff(places) != 1, True)
        return replace(
            self,
            obs=self.obs[places],
            action=self.action[places],
            reward=self.reward[places],
            next_obs=self.next_obs[places],
            terminal=self.terminal[places],
            timeout=(self.timeout[places] | gap) & ~self.terminal[places],
        )

    def top_episodes(self, percent: float) -> "TransitionStore":
        """The episodes whose return is in the best so many percent, at least one."""
        count = max(math.ceil(self.num_episodes * percent / 100), 1)
        best = np.argsort(-self.episode_returns, kind="stable")[:count]
        return self.rows(np.isin(self.episode_id, best))

    def with_rewards(self, scale: float, shift: float) -> "TransitionStore":
        """The same transitions with rewards times `scale` plus `shift`."""
        return replace(self, reward=(self.reward * scale + shift).astype(np.float32))

    def scaled_by_returns(self, goal: float = 1000.0) -> "TransitionStore":
        """Rewards scaled so that the episodes' returns span `goal`: IQL's rule for locomotion.

        Raises:
            LabError: All episodes have the same return.
        """
        span = float(np.ptp(self.episode_returns))
        if span == 0:
            raise LabError(
                f"{self.name}: all episodes have one return; rewards cannot be scaled by their span."
            )
        return self.with_rewards(goal / span, 0.0)


@dataclass(frozen=True, slots=True)
class StateScaling:
    """States to mean 0 and deviation 1; 1e-3 is added to the deviation, as TD3+BC does."""

    mean: Floats
    std: Floats

    @classmethod
    def of(cls, store: TransitionStore) -> "StateScaling":
        return cls(store.obs.mean(0), store.obs.std(0) + np.float32(1e-3))

    @classmethod
    def none(cls, obs_dim: int) -> "StateScaling":
        return cls(np.zeros(obs_dim, np.float32), np.ones(obs_dim, np.float32))

    def __call__(self, obs: Floats) -> Floats:
        return (obs - self.mean) / self.std


@dataclass(frozen=True, slots=True)
class SeveralSteps:
    """Rewards over several steps, where they lead, and the discount of what follows (0 after a terminal)."""

    reward: Floats
    next_obs: Floats
    discount: Floats


def several_steps(
    store: TransitionStore, count: int, discount: float, *, bootstrap_at_timeouts: bool = True
) -> SeveralSteps:
    """Returns over up to `count` steps within an episode.

    The released OPER code does not bootstrap where a timeout cuts the steps short; the switch does as it
    does.
    """
    length = len(store)
    reward, factor = np.zeros(length), np.ones(length)
    last = np.arange(length)
    running = np.ones(length, dtype=bool)
    for ahead in range(count):
        row = np.minimum(np.arange(length) + ahead, length - 1)
        last[running] = row[running]
        reward += np.where(running, factor * store.reward[row], 0.0)
        factor = np.where(running, factor * discount, factor)
        running &= ~store.ends[row]
    stops = store.terminal[last]
    if not bootstrap_at_timeouts:
        stops = stops | store.ends[last]
    kept = np.where(stops, 0.0, factor)
    return SeveralSteps(reward.astype(np.float32), store.next_obs[last], kept.astype(np.float32))


def make_store(
    columns: Mapping[str, NDArray[np.generic]],
    *,
    name: str,
    environment: str | None = None,
    reference: ReferenceReturns | None = None,
    remarks: tuple[str, ...] = (),
) -> TransitionStore:
    """Check columns and make a store of them.

    `timeout` may be missing: then an episode also ends where the next state is not the following row's state.

    Raises:
        LabError: A column is missing, has a wrong shape or holds what is not finite.
    """
    needed = ("obs", "action", "reward", "next_obs", "terminal")
    if missing := [key for key in needed if key not in columns]:
        there = ", ".join(sorted(columns)) or "none"
        raise LabError(f"{name}: no column {', '.join(missing)}; there are {there}.")
    length = 0 if np.ndim(columns["reward"]) == 0 else len(columns["reward"])
    if length == 0:
        raise LabError(f"{name} holds no transition.")
    floats = {
        key: _numbers(name, key, columns[key], length) for key in ("obs", "action", "reward", "next_obs")
    }
    if floats["obs"].shape != floats["next_obs"].shape:
        raise LabError(
            f"{name}: states have shape {floats['obs'].shape}, the next ones {floats['next_obs'].shape}."
        )
    terminal = checked_flags(name, "terminal", columns["terminal"], length)
    if "timeout" in columns:
        timeout = checked_flags(name, "timeout", columns["timeout"], length)
    else:
        jumps = np.linalg.norm(floats["obs"][1:] - floats["next_obs"][:-1], axis=1) > SAME_STATE
        timeout = np.append(jumps, True)
    store = TransitionStore(
        obs=floats["obs"],
        action=floats["action"],
        reward=floats["reward"],
        next_obs=floats["next_obs"],
        terminal=terminal,
        timeout=timeout & ~terminal,
        name=name,
        environment=environment,
        reference=reference,
    )
    return replace(store, remarks=remarks + _remarks(store))


def _numbers(name: str, key: str, column: NDArray[np.generic], length: int) -> Floats:
    wanted = 1 if key == "reward" else 2
    try:
        values = np.ascontiguousarray(column, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise LabError(f"{name}: column {key} is not numbers but {column.dtype}.") from error
    if wanted == 1 and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != wanted or len(values) != length:
        shape = "(N,)" if wanted == 1 else "(N, width)"
        raise LabError(f"{name}: column {key} has shape {column.shape}, not {shape} with N = {length}.")
    if bad := int(np.count_nonzero(~np.isfinite(values).reshape(length, -1).all(axis=1))):
        first = int(np.argmin(np.isfinite(values).reshape(length, -1).all(axis=1)))
        raise LabError(f"{name}: column {key} is not finite in {bad} rows, first in row {first}.")
    return values


def checked_flags(name: str, key: str, column: NDArray[np.generic], length: int) -> Flags:
    """A column that says yes or no of each row.

    Raises:
        LabError: It has another length or shape, or holds what is neither.
    """
    values = np.asarray(column)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.shape != (length,):
        raise LabError(f"{name}: column {key} has shape {values.shape}, not (N,) with N = {length}.")
    if not np.isin(values, (0, 1)).all():
        raise LabError(f"{name}: column {key} holds other values than 0 and 1.")
    return values.astype(np.bool_)


def _remarks(store: TransitionStore) -> tuple[str, ...]:
    """What a person should know before trusting what comes of the data."""
    found = []
    if not store.terminal.any():
        found.append("no transition is terminal, so every value is bootstrapped")
    if store.num_episodes == 1:
        found.append("it is one episode: weights by return cannot tell its transitions apart")
    if np.abs(store.action).max() > 1 + 1e-4:
        found.append("actions leave [-1, 1], the range of the agents; they are clipped")
    return tuple(found)


def joined(stores: Sequence[TransitionStore]) -> TransitionStore:
    """Several stores as one; the last row of each ends its episode. Names and references are the first's."""
    columns = ("obs", "action", "reward", "next_obs", "terminal")
    merged = {key: np.concatenate([getattr(store, key) for store in stores]) for key in columns}
    merged["timeout"] = np.concatenate([store.ends & ~store.terminal for store in stores])
    first = stores[0]
    return make_store(merged, name=first.name, environment=first.environment, reference=first.reference)
