"""Cuts moved into gutters, so that no line of text is sliced through its letters."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.planner import SlicePlan

Ink = Sequence[float] | NDArray[np.floating]


def cut_at_gutters(plan: SlicePlan, ink_by_column: Ink, ink_by_row: Ink, *, reach: float = 0.05) -> SlicePlan:
    """Move every inner cut to where the least ink lies, at most `reach` of a slice's side away.

    Ink is any measure of what is drawn, one number for each pixel column and row of the picture, for
    instance the mean distance from the background. Among equals the cut nearest to the even one is
    taken. Encoded sizes stay, so shifted slices are stretched by at most about twice `reach`.

    Raises `PlanError` where the ink does not match the picture, or `reach` is not from 0 to below a half.
    """
    if not 0 <= reach < 0.5:
        raise PlanError(f"The reach of a cut must be from 0 to below 0.5 of a slice, not {reach}.")
    (width, height), (columns, rows) = plan.size, plan.grid
    return replace(
        plan,
        column_cuts=_cuts(width, columns, np.asarray(ink_by_column, dtype=np.float64), reach, "column"),
        row_cuts=_cuts(height, rows, np.asarray(ink_by_row, dtype=np.float64), reach, "row"),
    )


def _cuts(length: int, parts: int, ink: NDArray[np.float64], reach: float, axis: str) -> tuple[int, ...]:
    if ink.shape != (length,):
        raise PlanError(f"Ink is needed once for each of {length} pixel {axis}s, but has shape {ink.shape}.")
    ink_beside_cut = np.concatenate(([0.0], ink[:-1] + ink[1:], [0.0]))  # cut c runs between c - 1 and c
    farthest = int(reach * (length // parts))
    moved = [0]
    for part in range(1, parts):
        even = part * length // parts
        window = ink_beside_cut[even - farthest : even + farthest + 1]
        distance = np.abs(np.arange(-farthest, farthest + 1))
        moved.append(even - farthest + int(np.lexsort((distance, window))[0]))
    return (*moved, length)
