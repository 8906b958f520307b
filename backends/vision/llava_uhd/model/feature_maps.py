"""Feature maps of different shapes in one tensor, without padding.

Everything but attention treats each position alone, so maps of all shapes lie one after another in a single
matrix, and one call serves them all. Grids are columns by rows of patches, as in the planner; positions run
row by row.
"""

# Shape legend: T positions of all maps, M maps of one shape, N positions of one map, D width

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from backends.vision.llava_uhd.model.errors import ModelError

Grid = tuple[int, int]  # columns, rows


@dataclass(frozen=True, slots=True)
class FeatureMaps:
    """Maps of the given grids, in the caller's order.

    Raises `ModelError` where the rows are not exactly what the grids need.
    """

    features_TD: Tensor
    grids: tuple[Grid, ...]

    def __post_init__(self) -> None:
        if sum(self.lengths) != self.features_TD.shape[0]:
            raise ModelError(
                f"Grids of {sum(self.lengths)} positions do not fit {self.features_TD.shape[0]} features."
            )

    @property
    def lengths(self) -> tuple[int, ...]:
        """Positions of each map."""
        return tuple(columns * rows for columns, rows in self.grids)

    def split(self) -> tuple[Tensor, ...]:
        """The maps one by one, each (N, D)."""
        parts: tuple[Tensor, ...] = torch.split(self.features_TD, list(self.lengths))
        return parts

    def by_grid(self) -> Iterator[tuple[Grid, list[int], Tensor]]:
        """Yield the maps of each shape together: their grid, their places in the order, and (M, N, D)."""
        places: dict[Grid, list[int]] = {}
        for place, grid in enumerate(self.grids):
            places.setdefault(grid, []).append(place)
        parts = self.split()
        for grid, alike in places.items():
            yield grid, alike, torch.stack([parts[place] for place in alike])
