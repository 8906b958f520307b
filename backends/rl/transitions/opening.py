"""Data by name: a file whose ending says what it is, or `minari:ID`."""

import tempfile
from pathlib import Path

from backends.lab.errors import LabError
from backends.rl.transitions.store import TransitionStore

_SUFFIXES = (".hdf5", ".h5", ".npz", ".safetensors")
FORMS = "a .hdf5 file (D4RL), .npz, .safetensors (of rl.data collect), or minari:ID"


def open_transitions(name: str) -> TransitionStore:
    """Read data.

    Raises:
        LabError: The name means nothing, there is no such file, or its content is wrong.
    """
    if name.startswith("minari:"):
        from backends.rl.transitions.minari_sets import read_minari

        return read_minari(name.removeprefix("minari:"))
    file = Path(name)
    if not file.is_file():
        raise LabError(f"There is no data {name!r}; give {FORMS}.")
    match file.suffix:
        case ".hdf5" | ".h5":
            from backends.rl.transitions.d4rl import read_d4rl

            return read_d4rl(file)
        case ".npz":
            from backends.rl.transitions.plain_files import read_npz

            return read_npz(file)
        case ".safetensors":
            from backends.rl.transitions.plain_files import read_safetensors

            return read_safetensors(file)
        case _:
            raise LabError(f"{name}: files ending in {file.suffix or 'nothing'} are not read; give {FORMS}.")


def check_target(name: str) -> None:
    """Find out before any work whether data can be written under this name; makes the folder.

    Raises:
        LabError: It cannot; what to do.
    """
    if name.startswith("minari:"):
        from backends.rl.transitions.minari_sets import check_minari_name

        return check_minari_name(name.removeprefix("minari:"))
    file = Path(name)
    if file.suffix not in _SUFFIXES:
        raise LabError(f"{name}: the ending says no form; give {FORMS}.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise LabError(f"{name} cannot be written: {error.strerror}. Name a folder that is yours.") from error


def write_transitions(store: TransitionStore, name: str) -> None:
    """Write data in the form that its name says.

    Raises:
        LabError: The name says none, or cannot be written.
    """
    check_target(name)
    if name.startswith("minari:"):
        from backends.rl.transitions.minari_sets import write_minari

        return write_minari(store, name.removeprefix("minari:"))
    file = Path(name)
    match file.suffix:
        case ".hdf5" | ".h5":
            from backends.rl.transitions.d4rl import write_d4rl

            write_d4rl(store, file)
        case ".npz":
            from backends.rl.transitions.plain_files import write_npz

            write_npz(store, file)
        case _:
            from backends.rl.transitions.plain_files import write_safetensors

            write_safetensors(store, file)
