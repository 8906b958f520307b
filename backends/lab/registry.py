"""Which systems there are: every `FAMILY/NAME/spec.py` of the package `backends`, found by looking.

Packages of others take part when the environment variable `NIMUE_SYSTEMS` names them, separated by commas;
they are laid out in the same way.
"""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backends.lab.contract import Job, System
from backends.lab.errors import LabError, LabFailure

PACKAGES_SETTING = "NIMUE_SYSTEMS"


def packages() -> tuple[str, ...]:
    """The packages that hold systems: ours, and those that the environment names."""
    named = os.environ.get(PACKAGES_SETTING, "")
    return ("backends", *(name.strip() for name in named.split(",") if name.strip()))


def systems() -> tuple[System, ...]:
    """All systems by id.

    Raises:
        LabError: A package of `NIMUE_SYSTEMS` or a spec cannot be imported, or two systems have one id.
    """
    found: dict[str, System] = {}
    for package in packages():
        for system in _systems_of(package):
            if system.id in found:
                raise LabError(f"Two systems are called {system.id}; one of them is in package {package}.")
            found[system.id] = system
    return tuple(found[id] for id in sorted(found))


def find_system(id: str) -> System:
    """The system of this id.

    Raises:
        LabError: There is none; the message names the nearest ones.
    """
    known = {system.id: system for system in systems()}
    if id not in known:
        raise LabError(f"There is no system {id!r}; {_nearest(id, list(known))}")
    return known[id]


def find_job(system: System, name: str) -> Job[Any, Any]:
    """The job of this name.

    Raises:
        LabError: The system has none of this name.
    """
    for job in system.jobs:
        if job.name == name:
            return job
    names = ", ".join(job.name for job in system.jobs)
    raise LabError(f"{system.id} has no job {name!r}; it has {names}.")


def resolve(entry: str, extra: str | None) -> Callable[..., Any]:
    """Import what an entry names.

    Raises:
        LabFailure: A library is missing; the message says what to install.
    """
    module, _, function = entry.partition(":")
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        missing = error.name or "a library"
        if extra is None or any(missing == name or missing.startswith(f"{name}.") for name in packages()):
            raise
        raise LabFailure(f"{missing} is not installed: pip install 'nimue[{extra}]' brings it.") from error
    return found


def _systems_of(package: str) -> list[System]:
    try:
        folders = [Path(folder) for folder in importlib.import_module(package).__path__]
    except ModuleNotFoundError as error:
        raise LabError(f"{PACKAGES_SETTING} names {package!r}, which cannot be imported: {error}.") from error
    # A set: a folder that is on the import path twice is one place of a package without __init__.py.
    modules = {
        f"{package}.{spec.parts[-3]}.{spec.parts[-2]}.spec"
        for folder in folders
        for spec in folder.glob("*/*/spec.py")
    }
    return [_declared(module) for module in sorted(modules)]


def _declared(module: str) -> System:
    try:
        system: System = importlib.import_module(module).SYSTEM
    except Exception as error:  # whatever a spec can get wrong
        raise LabError(
            f"{module.replace('.', '/')}.py declares no system: {type(error).__name__}: {error}. "
            "Mend it, or take its folder away."
        ) from error
    return system


def _nearest(id: str, known: list[str]) -> str:
    import difflib  # not on the way to a listing, which has to be quick

    near = difflib.get_close_matches(id, known, n=3) or [name for name in known if id in name][:3]
    return f"did you mean {' or '.join(near)}?" if near else "nimue lab list shows all."
