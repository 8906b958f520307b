"""One canvas, shown three ways: in slices at its own scale, squashed to a square, or padded to a square."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from backends.vision.llava_uhd.digits.canvases import SIDE
from backends.vision.llava_uhd.model.pixels import PlannedPicture
from backends.vision.llava_uhd.model.small import TINY
from backends.vision.llava_uhd.planner import plan

SingleView = Literal["squash", "pad"]
View = Literal["uhd"] | SingleView
VIEWS: tuple[View, ...] = ("uhd", "squash", "pad")
RULE = TINY.rule
"""The paper's rule for an encoder of 56 x 56 pixels, with as many slices as the canvases have squares."""


def shown(canvases: Tensor, view: View) -> list[PlannedPicture]:
    """Show canvases of one size, (count, height, width), to an encoder of squares."""
    height, width = canvases.shape[1:]
    if view == "uhd":
        planned = plan((width, height), RULE)
        detail = _resized(canvases, planned.detail_size)
        pieces = [] if planned.slice_size is None else _tiles(detail, planned.slice_size)
        pieces.append(_resized(canvases, planned.overview_size))
    else:
        planned = plan((SIDE, SIDE), RULE)
        pieces = [single_view(canvases, view)]
    return [
        PlannedPicture(planned, [piece[number].expand(3, -1, -1) for piece in pieces])
        for number in range(len(canvases))
    ]


def single_view(canvases: Tensor, view: SingleView) -> Tensor:
    """Show each canvas as one square."""
    return _resized(_padded(canvases) if view == "pad" else canvases, (SIDE, SIDE))


def _tiles(detail: Tensor, size: tuple[int, int]) -> list[Tensor]:
    """Cut into pieces of one size, row by row."""
    return [tile for row in torch.split(detail, size[1], dim=1) for tile in torch.split(row, size[0], dim=2)]


def _padded(canvases: Tensor) -> Tensor:
    """Centred on a grey square, as bright as the noise in the mean."""
    height, width = canvases.shape[1:]
    side = max(height, width)
    left, top = (side - width) // 2, (side - height) // 2
    edges = (left, side - width - left, top, side - height - top)
    return functional.pad(canvases, edges, value=float(canvases.mean()))


def _resized(canvases: Tensor, size: tuple[int, int]) -> Tensor:
    if (canvases.shape[2], canvases.shape[1]) == size:
        return canvases
    wanted = (size[1], size[0])
    return functional.interpolate(canvases[:, None], size=wanted, mode="bicubic", antialias=True)[:, 0]
