"""Plans for hosted models: an overview and as few slices as it takes for the provider to shrink none.

Every slice is sent in the picture's own pixels and without overlap, the overview at the size to which the
provider would shrink the whole anyway, so that nothing is resampled twice.
"""

import math
from dataclasses import dataclass
from itertools import count

from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.grids import Grid
from backends.vision.llava_uhd.pieces import Box, Size
from backends.vision.llava_uhd.providers import HostedRule

_ENOUGH = 0.95  # of the pixels; more slices for the rest are not worth their price
_MOST_SLICES = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class HostedPlan:
    """How one picture is sent."""

    size: Size
    rule: HostedRule
    grid: Grid
    """Columns and rows; (1, 1) where the overview is all that is sent."""
    overview_size: Size
    boxes: tuple[Box, ...]
    """The slices row by row, in pixels of the picture; empty where the overview is enough."""
    retained: float
    """Share of the picture's pixels that reach the model in its finest piece."""
    tokens: int | None
    """Of all images together; None where the provider's rule is not known."""

    @property
    def num_images(self) -> int:
        return len(self.boxes) + 1

    @property
    def crowded(self) -> bool:
        """Whether the provider shrinks the images because there are so many."""
        return self.rule.crowd is not None and self.num_images > self.rule.crowd

    def seen_size(self, box: Box) -> Size:
        """The size at which the model sees a slice."""
        return _seen(box.size, self.rule, self.crowded)

    @property
    def alone(self) -> float:
        """Share of the pixels that would be left if the picture were sent as one image."""
        (width, height), (seen_width, seen_height) = self.size, self.overview_size
        return seen_width * seen_height / (width * height)


def plan_hosted(
    size: Size,
    rule: HostedRule,
    *,
    max_images: int | None = None,
    max_tokens: int | None = None,
) -> HostedPlan:
    """Plan with the fewest slices that keep 95 % of the pixels, or with the most kept within the limits.

    Args:
        max_images: Overview included; the rule's own limit where smaller.
        max_tokens: For all images together; the overview alone may exceed it.

    Raises `PlanError` for sizes that no picture has.
    """
    if min(size) < 1:
        raise PlanError(f"A picture of {size[0]} x {size[1]} pixels cannot be planned.")
    allowed = min(max_images or rule.most_images, rule.most_images, _MOST_SLICES + 1)
    best = _planned(size, rule, (1, 1))
    for slices in count(2):
        if best.retained >= _ENOUGH or slices + 1 > allowed:
            return best
        planned = _planned(size, rule, _best_shaped(size, slices))
        dear = max_tokens is not None and planned.tokens is not None and planned.tokens > max_tokens
        if not dear and planned.retained > best.retained:
            best = planned
    raise AssertionError("counting has no end")


def _best_shaped(size: Size, slices: int) -> Grid:
    """The grid of so many slices whose slices are nearest to squares; on a tie, fewer columns."""
    shape = math.log(size[0] / size[1])
    grids = [(columns, slices // columns) for columns in range(1, slices + 1) if slices % columns == 0]
    return min(grids, key=lambda grid: (round(abs(shape - math.log(grid[0] / grid[1])), 9), grid[0]))


def _planned(size: Size, rule: HostedRule, grid: Grid) -> HostedPlan:
    overview = rule.served_size(size)
    boxes = _boxes(size, grid)
    images = [overview, *(box.size for box in boxes)]
    crowded = rule.crowd is not None and len(images) > rule.crowd
    seen = [_seen(box.size, rule, crowded) for box in boxes]
    retained = [
        across * down / (box.size[0] * box.size[1]) for (across, down), box in zip(seen, boxes, strict=True)
    ]
    tokens = [rule.tokens(image) for image in images]
    known = [each for each in tokens if each is not None]
    return HostedPlan(
        size=size,
        rule=rule,
        grid=grid,
        overview_size=overview,
        boxes=boxes,
        retained=min(retained, default=overview[0] * overview[1] / (size[0] * size[1])),
        tokens=sum(known) if len(known) == len(tokens) else None,
    )


def _seen(size: Size, rule: HostedRule, crowded: bool) -> Size:
    if crowded and rule.crowd_side is not None and max(size) > rule.crowd_side:
        scale = rule.crowd_side / max(size)
        size = (max(round(size[0] * scale), 1), max(round(size[1] * scale), 1))
    return rule.served_size(size)


def _boxes(size: Size, grid: Grid) -> tuple[Box, ...]:
    (width, height), (columns, rows) = size, grid
    if grid == (1, 1) or columns > width or rows > height:
        return ()
    return tuple(
        Box(
            column * width // columns,
            row * height // rows,
            (column + 1) * width // columns,
            (row + 1) * height // rows,
        )
        for row in range(rows)
        for column in range(columns)
    )
