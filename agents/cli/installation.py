"""What of nimue and its extras is installed, read from the package metadata; imports nothing of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DISTRIBUTION = "nimue"
NOT_FOR_USERS = frozenset({"dev"})


@dataclass(frozen=True, slots=True)
class Package:
    """One required package."""

    name: str
    wanted: str
    """The versions that will do, as a specifier."""
    installed: str | None
    fits: bool


@dataclass(frozen=True, slots=True)
class Extra:
    """The packages of one extra; the base installation has an empty name."""

    name: str
    packages: tuple[Package, ...]

    @property
    def lacking(self) -> tuple[Package, ...]:
        """What is missing or of another version."""
        return tuple(package for package in self.packages if not package.fits)

    @property
    def line(self) -> str:
        """The command that brings it."""
        return (
            f"pip install '{DISTRIBUTION}[{self.name}]'"
            if self.name
            else f"pip install --upgrade {DISTRIBUTION}"
        )


def installed_version(name: str) -> str | None:
    """Version of an installed distribution."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def installed_extras(
    requirements: Iterable[str] | None = None,
    version_of: Callable[[str], str | None] = installed_version,
) -> tuple[Extra, ...]:
    """The base installation and each extra a user may want, with what is there of it.

    Args:
        requirements: Those of nimue itself when None; empty if it runs from a checkout and was never
        installed.
    """
    if requirements is None:
        requirements = (metadata.requires(DISTRIBUTION) or ()) if installed_version(DISTRIBUTION) else ()
    by_extra: dict[str, list[Package]] = {"": []}
    for requirement in map(Requirement, requirements):
        for name in _extras_of(requirement):
            if canonicalize_name(requirement.name) != DISTRIBUTION:
                by_extra.setdefault(name, []).append(_package(requirement, version_of))
    return tuple(
        Extra(name, tuple(packages)) for name, packages in by_extra.items() if name not in NOT_FOR_USERS
    )


def _extras_of(requirement: Requirement) -> list[str]:
    """The extras that bring a requirement on this machine; an empty name for the base installation."""
    marker = requirement.marker
    if marker is None or marker.evaluate({"extra": ""}):
        return [""]
    named = [part.strip("\"'") for part in str(marker).replace("(", " ").replace(")", " ").split()]
    return [name for name in dict.fromkeys(named) if name.isidentifier() and marker.evaluate({"extra": name})]


def _package(requirement: Requirement, version_of: Callable[[str], str | None]) -> Package:
    installed = version_of(requirement.name)
    fits = installed is not None and requirement.specifier.contains(installed, prereleases=True)
    return Package(requirement.name, str(requirement.specifier), installed, fits)
