"""How a shape becomes whole patches of the encoder, without padding and nearly without distortion."""

import math

from backends.vision.llava_uhd.grids import Grid
from backends.vision.llava_uhd.profiles import Profile

Patches = tuple[int, int]  # columns, rows


def fit(width: int, height: int, profile: Profile) -> Patches:
    """Patch counts for a shape of width to height; only the ratio matters."""
    match profile.fit:
        case "floor":
            return _floor(width, height, profile.patch_budget)
        case "best":
            return _least_distorted(width, height, profile.patch_budget)
        case "march-24":
            return _march_24(width, height, profile)
        case _:
            return _scaled(width, height, profile)


def fit_slices(width: int, height: int, grid: Grid, profile: Profile) -> Patches:
    """Patch counts of every slice of a picture that is cut into `grid`."""
    columns, rows = grid
    match profile.fit:
        case "march-24":  # its slices are resized to the size computed for the whole picture
            return _march_24(width, height, profile)
        case "scaled-floor":  # sides are first made divisible by the grid
            return _scaled(max(width // columns, 1), max(height // rows, 1), profile)
        case "scaled-round":
            return _scaled(max(round(width / columns), 1), max(round(height / rows), 1), profile)
        case _:
            return fit(width * rows, height * columns, profile)


def _floor(width: int, height: int, budget: int) -> Patches:
    """floor(sqrt(M w/h)) by floor(sqrt(M h/w)), in integers, so that no float noise needs a correction."""
    columns = math.isqrt(budget * width // height) or 1
    rows = math.isqrt(budget * height // width) or 1
    return (columns if columns < budget else budget), (rows if rows < budget else budget)


def _least_distorted(width: int, height: int, budget: int) -> Patches:
    """One side rounded either way, the other rounded either way to match it; both sides take their turn.

    Rounding both sides independently can still distort a 4:1 picture by 6 %; this stays below 3 %.
    """
    columns, rows = _floor(width, height, budget)
    pairs = {(columns, rows)}
    for across in (columns, columns + 1):
        pairs |= {(across, across * height // width), (across, -(-across * height // width))}
    for down in (rows, rows + 1):
        pairs |= {(down * width // height, down), (-(-down * width // height), down)}
    within = [pair for pair in pairs if min(pair) > 0 and pair[0] * pair[1] <= budget]

    def rank(patches: Patches) -> tuple[float, int, int]:
        distortion = abs(math.log(patches[0] * height / (patches[1] * width)))
        return round(distortion, 9), -patches[0] * patches[1], patches[0]

    return min(within, key=rank)


def _march_24(width: int, height: int, profile: Profile) -> Patches:
    """The first official code, with its order of float operations: 1280x720 gives 32x17, not 32x18."""
    patch, budget = profile.patch, profile.patch_budget
    scale = math.sqrt(budget * (patch / height) * (patch / width))
    rows = max(min(math.floor(scale * height / patch), budget), 1)
    columns = max(min(math.floor(scale * width / patch), budget), 1)
    return columns, rows


def _scaled(width: int, height: int, profile: Profile) -> Patches:
    ratio = width / height
    scaled_height = int(profile.resolution / math.sqrt(ratio))
    scaled_width = int(scaled_height * ratio)
    align, patches_a_step = profile.align, profile.align // profile.patch
    if profile.fit == "scaled-floor":
        columns, rows = scaled_width // align, scaled_height // align
    else:
        columns, rows = round(scaled_width / align), round(scaled_height / align)
    return max(columns, 1) * patches_a_step, max(rows, 1) * patches_a_step
