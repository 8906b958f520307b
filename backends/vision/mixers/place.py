"""Where a mixer stands in a host: all that a host tells the function that builds one."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

Grid = tuple[int, int]
"""Rows and columns of tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A block of a host.

    `stage` counts from 0 and `block` from 0 through the whole network; `num_prefix` tokens, such as a class
    token, come before those of the grid.
    """

    stage: int
    block: int
    dim: int
    num_heads: int
    grid: Grid
    num_prefix: int = 0


MakeMixer = Callable[[Place], nn.Module | None]
"""Builds the mixer of a block, or answers None where the host keeps its own attention."""


def host_attention(place: Place) -> None:
    """The host as it was published."""
    del place


def in_stages(letters: str, make: MakeMixer) -> MakeMixer:
    """A mixer in the stages marked L and the host's own attention in those marked S, as in `LLSS`."""
    if not set(letters) <= {"L", "S"}:
        raise ValueError(f"A stage is marked L or S, not as in {letters!r}.")

    def chosen(place: Place) -> nn.Module | None:
        return make(place) if letters[place.stage] == "L" else None

    return chosen
