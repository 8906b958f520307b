"""Cuts a picture into the pieces of its plan, each at the size at which it is encoded."""

from PIL import Image

from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.pieces import Piece
from backends.vision.llava_uhd.planner import SlicePlan

Pieces = tuple[tuple[Piece, Image.Image], ...]


def cut(image: Image.Image, plan: SlicePlan, *, quick: bool = False) -> Pieces:
    """Cut out all pieces, in the order in which they are read.

    Args:
        image: RGB and upright.
        quick: Average whole blocks of pixels before resampling what shrinks to less than a third. On a
            photo of 12 megapixels this is several times faster and moves no value by more than a few of 255.

    Raises `PlanError` where the plan is for a picture of another size.
    """
    if image.size != plan.size:
        raise PlanError(
            f"The plan is for a picture of {plan.size[0]} x {plan.size[1]} pixels; this one has "
            f"{image.width} x {image.height}."
        )
    gap = 3.0 if quick else None
    overview = image.resize(plan.overview_size, Image.Resampling.BICUBIC, reducing_gap=gap)
    if plan.slice_size is None:
        return ((plan.overview, overview),)
    if plan.cuts_before_resizing:
        found = {piece: _cut_then_resized(image, piece, gap) for piece in plan.slices}
    else:
        detail = image.resize(plan.detail_size, Image.Resampling.BICUBIC, reducing_gap=gap)
        found = {piece: _cut_from(detail, piece) for piece in plan.slices}
    found[plan.overview] = overview
    return tuple((piece, found[piece]) for piece in plan.pieces)


def _cut_from(detail: Image.Image, piece: Piece) -> Image.Image:
    width, height = piece.size
    left, top = (piece.column or 0) * width, (piece.row or 0) * height
    return detail.crop((left, top, left + width, top + height))


def _cut_then_resized(image: Image.Image, piece: Piece, gap: float | None) -> Image.Image:
    box = piece.box
    if box.size[0] < 1 or box.size[1] < 1:  # more columns or rows than pixels: the nearest pixel stands in
        right, bottom = max(box.right, box.left + 1), max(box.bottom, box.top + 1)
        return image.crop((box.left, box.top, right, bottom)).resize(piece.size)
    region = image.crop((box.left, box.top, box.right, box.bottom))
    return region.resize(piece.size, Image.Resampling.BICUBIC, reducing_gap=gap)
