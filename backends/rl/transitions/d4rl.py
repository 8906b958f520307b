"""D4RL's hdf5 files, read and written without the package of that name.

The rules are those of its `qlearning_dataset`: where the next states are not stored they are the following
rows, and the last transition of an episode that ran out of time is dropped, as nobody knows where it led.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from backends.lab.errors import LabError
from backends.lab.whole_files import replace_whole
from backends.rl.transitions.store import ReferenceReturns, TransitionStore, checked_flags, make_store

_COLUMNS = {"obs": "observations", "action": "actions", "reward": "rewards", "terminal": "terminals"}
_REFERENCE = "reference_returns"  # an attribute of our own, which other readers pass over

# Mean returns of D4RL's random and expert policies, by how its files are named.
REFERENCE_RETURNS = {
    "hopper": ReferenceReturns(-20.272305, 3234.3),
    "halfcheetah": ReferenceReturns(-280.178953, 12135.0),
    "walker2d": ReferenceReturns(1.629008, 4592.3),
}


def read_d4rl(file: Path) -> TransitionStore:
    """Read a file of D4RL, or one that is laid out like it.

    Raises:
        LabError: It is no hdf5 file, lacks a column, or a column is wrong.
    """
    try:
        with h5py.File(file, "r") as opened:
            there = {key: np.asarray(opened[key]) for key in opened if isinstance(opened[key], h5py.Dataset)}
            environment = opened.attrs.get("environment")
            returns = opened.attrs.get(_REFERENCE)
    except OSError as error:
        raise LabError(f"{file} cannot be read as hdf5: {error}") from error
    if missing := [key for key in _COLUMNS.values() if key not in there]:
        names = ", ".join(sorted(there)) or "none"
        raise LabError(f"{file}: no column {', '.join(missing)}; there are {names}.")
    columns = {ours: there[theirs] for ours, theirs in _COLUMNS.items()}
    if "timeouts" in there:
        columns["timeout"] = there["timeouts"]
    if "next_observations" in there:
        columns["next_obs"] = there["next_observations"]
    else:
        columns = _with_next_states(file, columns)
    return make_store(
        columns,
        name=file.name,
        environment=environment if isinstance(environment, str) else None,
        reference=_by_name(file) if returns is None else _as_written(file, returns),
    )


def write_d4rl(store: TransitionStore, file: Path) -> None:
    """Write a store so that readers of D4RL's files take it."""

    def write(draft: Path) -> None:
        with h5py.File(draft, "w") as opened:
            for ours, theirs in _COLUMNS.items():
                opened.create_dataset(theirs, data=getattr(store, ours), compression="gzip")
            opened.create_dataset("next_observations", data=store.next_obs, compression="gzip")
            opened.create_dataset("timeouts", data=store.ends & ~store.terminal, compression="gzip")
            if store.environment is not None:
                opened.attrs["environment"] = store.environment
            if store.reference is not None:
                opened.attrs[_REFERENCE] = [store.reference.random, store.reference.expert]

    replace_whole(file, write)


def _by_name(file: Path) -> ReferenceReturns | None:
    named = (found for prefix, found in REFERENCE_RETURNS.items() if file.stem.lower().startswith(prefix))
    return next(named, None)


def _as_written(file: Path, returns: Any) -> ReferenceReturns:
    try:
        random, expert = map(float, returns)
    except (TypeError, ValueError) as error:
        raise LabError(f"{file}: {_REFERENCE} is {returns!r}; it must be two numbers.") from error
    return ReferenceReturns(random, expert)


def _with_next_states(file: Path, columns: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    obs = columns["obs"]
    if obs.ndim != 2 or len(obs) < 2:
        raise LabError(f"{file}: states have shape {obs.shape}; two rows or more are needed.")
    if any(np.shape(column)[:1] != obs.shape[:1] for column in columns.values()):
        shapes = ", ".join(f"{key} {np.shape(column)}" for key, column in columns.items())
        raise LabError(f"{file}: columns have different lengths: {shapes}.")
    terminal = checked_flags(file.name, "terminal", columns["terminal"], len(obs))
    none = np.zeros(len(obs), dtype=np.bool_)
    timeout = checked_flags(file.name, "timeout", columns.get("timeout", none), len(obs))
    # After a terminal state nothing is bootstrapped: the following row stands in for the unknown one.
    next_obs = np.concatenate([obs[1:], obs[-1:]])
    known = terminal | ~timeout
    known[-1] = terminal[-1]
    cut = np.append(~known[1:], False) & known & ~terminal  # the row before a dropped one ends its episode
    cut |= timeout
    last = np.flatnonzero(known)[-1:] if known.any() else np.array([], dtype=np.int64)
    if len(last) == 0:
        raise LabError(f"{file}: without next states no transition is complete.")
    kept = {key: np.asarray(column)[known] for key, column in columns.items() if key != "timeout"}
    return {**kept, "next_obs": next_obs[known], "timeout": (cut & ~terminal)[known]}
