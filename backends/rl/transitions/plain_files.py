"""Stores in plain files: numpy's npz for exchange, safetensors for what our own runs keep."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from backends.lab.errors import LabError
from backends.lab.whole_files import replace_whole
from backends.rl.transitions.store import ReferenceReturns, TransitionStore, make_store

_COLUMNS = ("obs", "action", "reward", "next_obs", "terminal", "timeout")
_ABOUT = "about"


def read_npz(file: Path) -> TransitionStore:
    """Read arrays named obs, action, reward, next_obs, terminal and, if it is there, timeout.

    Raises:
        LabError: It is no npz file, lacks a column, or a column is wrong.
    """
    try:
        opened = np.load(file, allow_pickle=False)
        if not isinstance(opened, NpzFile):
            raise LabError(f"{file} holds one array, not several under the names {', '.join(_COLUMNS)}.")
        with opened:
            columns = {key: opened[key] for key in opened.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise LabError(f"{file} cannot be read as npz: {error}") from error
    about = columns.pop(_ABOUT, None)
    environment, reference = _read_about(file, None if about is None else str(about))
    known = {key: column for key, column in columns.items() if key in _COLUMNS}
    return make_store(known, name=file.name, environment=environment, reference=reference)


def write_npz(store: TransitionStore, file: Path) -> None:
    """Write a store as compressed numpy arrays."""

    def write(draft: Path) -> None:
        with draft.open("wb") as opened:
            columns: dict[str, Any] = {**_columns(store), _ABOUT: np.array(_write_about(store))}
            np.savez_compressed(opened, **columns)

    replace_whole(file, write)


def read_safetensors(file: Path) -> TransitionStore:
    """Read a store that `write_safetensors` wrote.

    Raises:
        LabError: It is no such file, or a column is wrong.
    """
    try:
        with safe_open(file, framework="numpy") as opened:
            columns = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 (no mapping)
            header = opened.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise LabError(f"{file} cannot be read as safetensors: {error}") from error
    environment, reference = _read_about(file, header.get(_ABOUT))
    return make_store(columns, name=file.name, environment=environment, reference=reference)


def write_safetensors(store: TransitionStore, file: Path) -> None:
    """Write a store as the artifact of a run."""
    replace_whole(file, lambda draft: save_file(_columns(store), draft, {_ABOUT: _write_about(store)}))


def _columns(store: TransitionStore) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    columns = {key: np.ascontiguousarray(getattr(store, key)) for key in _COLUMNS}
    return {**columns, "timeout": store.ends & ~store.terminal}


def _write_about(store: TransitionStore) -> str:
    reference = store.reference
    returns = None if reference is None else [reference.random, reference.expert]
    return json.dumps({"environment": store.environment, "reference_returns": returns})


def _read_about(file: Path, text: str | None) -> tuple[str | None, ReferenceReturns | None]:
    if text is None:
        return None, None
    try:
        about = json.loads(text)
        returns = about["reference_returns"]
        reference = None if returns is None else ReferenceReturns(float(returns[0]), float(returns[1]))
        environment = about["environment"]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise LabError(f"{file}: what it says about itself cannot be read: {error!r}.") from error
    return (environment if isinstance(environment, str) else None), reference
