"""How things are called in a game: `fridge 1` for `fridge_bar__minus_00_dot_31_bar_...`.

The same numbering as ALFWorld's own: kinds are the part before the first coordinate, and of several things of
a kind the first by identifier has the highest number.
"""

from collections import Counter
from collections.abc import Iterable

_BAR = "_bar_"


def display_names(identifiers: Iterable[str]) -> dict[str, str]:
    """The name of each thing that a problem speaks of."""
    ordered = sorted(identifiers)
    left = Counter(kind for kind in map(_kind, ordered) if kind is not None)
    names = {}
    for identifier in ordered:
        kind = _kind(identifier)
        if kind is None:
            names[identifier] = f"{identifier} "  # agents and places, which nobody reads
            continue
        names[identifier] = f"{kind} {left[kind]}"
        left[kind] -= 1
    return names


def _kind(identifier: str) -> str | None:
    kind, bar, _ = identifier.partition(_BAR)
    if not bar:
        return None
    return f"{kind}basin" if "basin" in identifier else kind
