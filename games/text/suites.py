"""Suites by name: those that ship with nimue, and those that other packages bring.

A package adds one with an entry point in the group `nimue.text_suites` that names a function like
`open_suite(data: Path | None) -> Suite`.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from games.errors import GameError
from games.text.env import Suite

ENTRY_POINTS = "nimue.text_suites"

_BUILT_IN = {
    "alfworld": "games.text.alfworld.suite:open_suite",
    "hotpotqa": "games.text.hotpotqa.suite:open_suite",
    "fever": "games.text.fever.suite:open_suite",
    "webshop": "games.text.webshop.suite:open_suite",
}


def suite_names() -> tuple[str, ...]:
    """All that can be opened, the built-in ones first."""
    others = {entry.name for entry in entry_points(group=ENTRY_POINTS)} - _BUILT_IN.keys()
    return (*_BUILT_IN, *sorted(others))


def open_suite(name: str, data: Path | None = None) -> Suite:
    """The suite of that name over the given data, or over what it finds or brings itself.

    Raises:
        GameError: there is no such suite, or its data cannot be read.
    """
    return _opener(name)(data)


def _opener(name: str) -> Callable[[Path | None], Suite]:
    if name in _BUILT_IN:
        module, _, function = _BUILT_IN[name].partition(":")
        opener: Callable[[Path | None], Suite] = getattr(import_module(module), function)
        return opener
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name == name:
            loaded: Callable[[Path | None], Suite] = entry.load()
            return loaded
    raise GameError(f"no environment {name!r}: choose one of {', '.join(suite_names())}")
