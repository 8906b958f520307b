"""Reads a whole picture through LLaVA-UHD slices, so that no text is shrunk away and none is cut apart.

Plain slices lose what their borders cut through. Two remedies: the cuts move into gutters where nothing is
drawn, and slices reach into their neighbours, so that what one cuts another shows whole; `merging` keeps
each word once. Letters too large for that are whole in the overview.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backends.vision.llava_uhd.cutting import cut
from backends.vision.llava_uhd.gutters import cut_at_gutters
from backends.vision.llava_uhd.patch_fit import fit
from backends.vision.llava_uhd.pieces import Piece, Size
from backends.vision.llava_uhd.planner import SlicePlan, plan
from backends.vision.llava_uhd.profiles import EXACT, Profile
from backends.vision.ocr.layout import lines_of
from backends.vision.ocr.merging import Found, merged
from backends.vision.ocr.reader import LONGEST_SIDE, Reader
from backends.vision.ocr.words import Line, Word

READING = replace(
    EXACT, name="reading", resolution=1120, max_slices=36, fit="best", compute=None, queries=None
)
"""For the reader here, which pays for words and not for slices: larger squares, as many as it takes."""

_MOST_ENLARGED = 2  # sides of a small picture; more only blurs it
_FEW_WORDS = 40  # a second look costs little then, and letters larger than slices may have been missed
_WORD_IN_HEIGHTS = 6.6  # of a word of twelve letters, the longest that must not be lost between slices
_LEAST_READABLE = 10  # pixels of letters in the overview
_MOST_OVERLAP = 0.1  # of a slice's shorter side; where slices are few, every pixel shared costs detail
_SPECK = 0.75  # confidence
_STEP = 0.8  # from one size of slices to the next smaller

OnPiece = Callable[[int, int], None]
"""Told how many pieces of how many are read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read and through which slices."""

    plan: SlicePlan
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The lines in reading order."""
        return "\n".join(line.text for line in self.lines)


def reading_plan(
    image: Image.Image, profile: Profile = READING, *, gutters: bool = True, overlap: bool = True
) -> SlicePlan:
    """Plan the slices that a picture is read through."""
    planned = _fitting_the_reader(image.size, profile)
    if planned.num_slices == 0:
        return planned
    if overlap:
        planned = _overlapping(planned)
    if gutters:
        planned = cut_at_gutters(planned, *ink_of(image))
    return planned


def _fitting_the_reader(size: Size, profile: Profile) -> SlicePlan:
    """The plan with the largest slices that neither blur a small picture nor are shrunk by the reader."""
    area_side = math.isqrt(size[0] * size[1])
    resolution = min(profile.resolution, max(_MOST_ENLARGED * area_side, EXACT.resolution))
    while True:
        resolution = resolution // profile.patch * profile.patch
        planned = plan(size, replace(profile, resolution=resolution))
        if max(planned.slice_size or planned.overview_size) <= LONGEST_SIDE:
            return planned
        if resolution * _STEP < EXACT.resolution:
            return planned
        resolution = int(resolution * _STEP)


def read_sliced(
    image: Image.Image, planned: SlicePlan, reader: Reader, *, on_piece: OnPiece | None = None
) -> Reading:
    """Read the slices of a plan and join what they show.

    The overview is read where the slices leave doubt: words that are cut or unclear, or few words at all.
    """
    pieces = sorted(cut(image, planned), key=lambda each: each[0].is_overview)
    read: list[tuple[Piece, list[Word]]] = []
    found: list[Found] = []
    for number, (piece, pixels) in enumerate(pieces, start=1):
        if piece.is_overview and len(found) > _FEW_WORDS and not any(word.doubtful for word in found):
            continue
        read.append((piece, reader.read(pixels)))
        found = merged(read, planned.size)
        if on_piece is not None:
            on_piece(number, len(pieces))
    return Reading(planned, tuple(lines_of([each.word for each in found if not _is_speck(each.word)])))


def _is_speck(word: Word) -> bool:
    """A lone character that is hardly believed is an edge or a spot: a corner reads as 1, a disc as O."""
    return len(word.text) == 1 and word.confidence < _SPECK


def _overlapping(planned: SlicePlan) -> SlicePlan:
    """The plan with slices that reach into each other, encoded at the shape that they have then."""
    (width, height), (columns, rows) = planned.size, planned.grid
    overlap = _overlap(planned)
    # Slices at the picture's border reach out on one side only; the shape between keeps both nearly true.
    reach_across, reach_down = (overlap * min(count - 1, 1.5) for count in (columns, rows))
    profile = replace(planned.profile, overlap=overlap)
    shape = round(width / columns + reach_across), round(height / rows + reach_down)
    return replace(planned, profile=profile, slice_patches=fit(*shape, profile))


def _overlap(planned: SlicePlan) -> int:
    """So much that a word which the overview cannot show clearly is whole in some slice."""
    (width, height), (columns, rows) = planned.size, planned.grid
    seen = min(*planned.overview.scale, LONGEST_SIDE / max(width, height))
    longest_word = _WORD_IN_HEIGHTS * _LEAST_READABLE / seen
    return round(min(longest_word / 2, _MOST_OVERLAP * min(width / columns, height / rows)))


def ink_of(image: Image.Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much changes along every pixel column and row: letters change a lot, plain grounds nothing."""
    grey = np.asarray(image.convert("L"), dtype=np.int16)
    across = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1]))
    down = np.abs(np.diff(grey, axis=0, prepend=grey[:1]))
    return down.mean(axis=0, dtype=np.float64), across.mean(axis=1, dtype=np.float64)
