"""Which grid a picture is cut into: candidates, score and ties (LLaVA-UHD, section 3.1).

The paper scores a grid of m columns and n rows by -|log(W/H) - log(m/n)|. Among the few candidates of one
ideal number N, the winner depends on W/H alone and changes at the geometric mean of two neighbouring m/n.
Those borders are computed once for each N, so that a choice is one binary search; where W/H stands within
float noise of a border, the definition itself decides.
"""

import math
from bisect import bisect
from functools import lru_cache
from itertools import pairwise

from backends.vision.llava_uhd.profiles import Candidates, Profile

Grid = tuple[int, int]  # columns, rows

_TIE = 1e-9
_BORDER = 4e-9  # relative; wider than the ratios whose scores can agree to 1e-9
_EXTREME_ASPECT = 200  # where Qwen2-VL refuses a picture


def ideal_slices(width: int, height: int, resolution: int) -> int:
    """ceil(W*H / (W_v*H_v)), at least 1 for any picture."""
    return -(-width * height // (resolution * resolution))


def choose_grid(width: int, height: int, ideal: int, profile: Profile) -> Grid:
    """Answer with (1, 1) where the picture is not sliced."""
    wanted = min(ideal, profile.max_slices)
    if profile.extreme == "strips" and max(width, height) > _EXTREME_ASPECT * min(width, height):
        return _strips(width, height, wanted, profile)
    if wanted == 1 and profile.candidates == "neighbours":
        return 1, 1
    if profile.ties == "first":
        return _first_of_least_error(width, height, wanted, profile)
    if profile.candidates == "march-24":
        return nearest_grid(width, height, wanted, candidates(wanted, profile.max_slices, "march-24"))
    borders, winners = _borders(wanted, profile.max_slices)
    found = winners[bisect(borders, width / height)]
    return found or nearest_grid(width, height, wanted, candidates(wanted, profile.max_slices, "neighbours"))


@lru_cache(maxsize=4096)
def candidates(wanted: int, max_slices: int, rule: Candidates) -> tuple[Grid, ...]:
    """List the grids that are scored for N = `wanted`, by number of slices and then by columns."""
    counts: tuple[int, ...] = (wanted - 1, wanted, wanted + 1)
    if rule == "neighbours":
        counts = tuple(count for count in counts if 2 <= count <= max_slices)
    elif wanted <= 2:
        counts = (wanted, wanted + 1)
    return tuple(
        (columns, count // columns)
        for count in counts
        for columns in range(1, count + 1)
        if count % columns == 0
    )


def nearest_grid(width: int, height: int, wanted: int, grids: tuple[Grid, ...]) -> Grid:
    """The definition: scores to 1e-9, then the number of slices nearest to N, then fewer columns."""
    shape = math.log(width / height)

    def rank(grid: Grid) -> tuple[float, int, int]:
        columns, rows = grid
        error = round(abs(shape - math.log(columns / rows)) / _TIE)
        return error, abs(columns * rows - wanted), columns

    return min(grids, key=rank)


@lru_cache(maxsize=4096)
def _borders(wanted: int, max_slices: int) -> tuple[list[float], list[Grid | None]]:
    """Both edges of every border in W/H, and the winner of each interval; None within a border.

    No two candidates share a ratio: that would need numbers of slices in the ratio of two squares.
    """
    grids = sorted(candidates(wanted, max_slices, "neighbours"), key=lambda grid: grid[0] / grid[1])
    borders: list[float] = []
    winners: list[Grid | None] = [grids[0]]
    for (columns, rows), after in pairwise(grids):
        border = math.sqrt(columns / rows * (after[0] / after[1]))
        borders += [border * (1 - _BORDER), border * (1 + _BORDER)]
        winners += [None, after]
    return borders, winners


def _first_of_least_error(width: int, height: int, wanted: int, profile: Profile) -> Grid:
    shape = math.log(width / height)
    best, least = (1, 1), math.inf
    for logarithm, grid in _logarithms(wanted, profile.max_slices, profile.candidates):
        error = abs(shape - logarithm)
        if error < least:
            best, least = grid, error
    return best


@lru_cache(maxsize=4096)
def _logarithms(wanted: int, max_slices: int, rule: Candidates) -> tuple[tuple[float, Grid], ...]:
    return tuple((math.log(grid[0] / grid[1]), grid) for grid in candidates(wanted, max_slices, rule))


def _strips(width: int, height: int, wanted: int, profile: Profile) -> Grid:
    aspect = -(-max(width, height) // min(width, height))
    count = min(profile.max_slices, max(wanted, -(-aspect // _EXTREME_ASPECT)))
    return (count, 1) if width > height else (1, count)
