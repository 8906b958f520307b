"""The slicing rules again, slow and literal, as another reading of the paper and of the official codes.

Nothing is shared with the planner: every candidate is scored, in floats, with the paper's formulas.
"""

import math

Pair = tuple[int, int]


def grids_of(count: int) -> list[Pair]:
    return [(m, count // m) for m in range(1, count + 1) if count % m == 0]


def paper_grid(width: int, height: int, max_slices: int = 6, resolution: int = 336) -> Pair:
    """The paper's rule; score ties (to 1e-9) go to the smaller |K - N|, then to fewer columns."""
    wanted = min(max(1, math.ceil(width * height / resolution**2)), max_slices)
    if wanted == 1:
        return 1, 1
    ranked = []
    for count in range(max(2, wanted - 1), min(max_slices, wanted + 1) + 1):
        for m, n in grids_of(count):
            score = -abs(math.log((width * n) / (height * m)) - math.log(resolution / resolution))
            ranked.append((-round(score, 9), abs(count - wanted), m, n))
    return sorted(ranked)[0][2:]


def paper_patches(width: float, height: float, budget: int = 576) -> Pair:
    """The largest patch counts within the budget at this shape."""

    def clamped(count: float) -> int:
        return min(max(math.floor(count + 1e-9), 1), budget)

    return clamped(math.sqrt(budget * width / height)), clamped(math.sqrt(budget * height / width))


def looped_grid(width: int, height: int, max_slices: int, resolution: int) -> Pair:
    """The loop of the ECCV release and of MiniCPM-V: the first grid with the least error."""
    wanted = min(math.ceil(width * height / (resolution * resolution)), max_slices)
    if wanted <= 1:
        return 1, 1
    errors = [
        (abs(math.log(width / height) - math.log(m / n)), (m, n))
        for count in (wanted - 1, wanted, wanted + 1)
        if count != 1 and count <= max_slices
        for m, n in grids_of(count)
    ]
    least = min(error for error, _ in errors)
    return next(grid for error, grid in errors if error == least)


def scaled(width: float, height: float, resolution: int, align: int, *, rounds: bool) -> Pair:
    """Sides of about the resolution's area, as multiples of `align`."""
    ratio = width / height
    new_height = int(resolution / math.sqrt(ratio))
    new_width = int(new_height * ratio)
    if rounds:
        return max(round(new_width / align) * align, align), max(round(new_height / align) * align, align)
    return max(new_width // align * align, align), max(new_height // align * align, align)


def scaled_slice(size: Pair, grid: Pair, resolution: int, align: int, *, rounds: bool) -> Pair:
    """A slice of a picture whose sides were first made divisible by the grid."""
    sides = []
    for side, parts in zip(size, grid, strict=True):
        whole = round(side / parts) if rounds else math.floor(side / parts)
        sides.append(max(whole * parts, parts) / parts)
    return scaled(sides[0], sides[1], resolution, align, rounds=rounds)


def march_24_grid(width: int, height: int) -> Pair:
    """The first official code: N at most 6, one more than N always allowed, one less from N = 3 on."""
    wanted = min(math.ceil(width * height / 336**2), 6)
    counts = (wanted, wanted + 1) if wanted <= 2 else (wanted - 1, wanted, wanted + 1)
    errors = [
        (abs(math.log(m / (count / m)) - math.log(width / height)), (m, n))
        for count in counts
        for m, n in grids_of(count)
    ]
    return min(errors, key=lambda found: found[0])[1]
