"""One reading of a picture from the readings of its pieces, which overlap.

A word at a slice's inner edge may be cut off there; some other piece shows it whole, the neighbouring slice
or, for large letters, the overview. So sure readings go before doubtful ones, whole words before cut ones
and finer pieces before coarser ones, and of all readings of one place the first in that order is kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backends.vision.llava_uhd.pieces import Piece, Size
from backends.vision.ocr.words import Area, Word

_SAME_PLACE = 0.35  # of the smaller area; neighbouring words share less, two readings of a word more
_SURE = 0.92
_PART = 0.75  # of the width
_AT_EDGE = 0.6  # of a word's height: nearer to a cut than that, a word may go on behind it


@dataclass(frozen=True, slots=True)
class Found:
    """A word of the picture, in its own pixels, as the best of its readings shows it."""

    word: Word
    cut: bool
    """Whether it may go on behind the edge of its piece."""
    fineness: float
    """Encoded pixels for one of the picture."""

    @property
    def doubtful(self) -> bool:
        """Whether another look is worth its time."""
        return self.cut or self.word.confidence < _SURE


def merged(pieces: Sequence[tuple[Piece, Sequence[Word]]], picture: Size) -> list[Found]:
    """The words of a picture, once each, in no particular order."""
    candidates = [candidate for piece, words in pieces for candidate in _placed(piece, words, picture)]
    candidates.sort(key=_rank)
    kept: list[Found] = []
    for candidate in candidates:
        rivals = [better for better in kept if _same_place(better, candidate)]
        if rivals and all(_is_part_of(rival, candidate) for rival in rivals):
            kept = [each for each in kept if each not in rivals]
            rivals = []
        if not rivals:
            kept.append(candidate)
    return kept


def _rank(found: Found) -> tuple[bool, bool, float, float, float]:
    """Sure and whole, then sure, then whole: near an edge most words are whole after all."""
    unsure = found.word.confidence < _SURE
    shown = found.word.area.width if found.cut else 0.0  # of two that are cut, the one that shows more
    return unsure, found.cut, -shown, -found.fineness, -found.word.confidence


def _same_place(one: Found, other: Found) -> bool:
    """Whether two readings are of one word, or of parts of it; words side by side overlap less."""
    return one.word.area.share_of_smaller(other.word.area) > _SAME_PLACE


def _is_part_of(one: Found, other: Found) -> bool:
    """Whether one reading was cut off, and the other shows a good deal more of the word."""
    return one.cut and not other.cut and one.word.area.width < _PART * other.word.area.width


def _placed(piece: Piece, words: Iterable[Word], picture: Size) -> list[Found]:
    inner = _inner_edges(piece, picture)
    found = []
    for word in words:
        left, top = piece.to_picture(word.area.left, word.area.top)
        right, bottom = piece.to_picture(word.area.right, word.area.bottom)
        area = Area(left, top, right, bottom)
        near = _AT_EDGE * area.height
        cut = (
            (inner.left is not None and area.left - inner.left < near)
            or (inner.right is not None and inner.right - area.right < near)
            or (inner.top is not None and area.top - inner.top < near / 2)
            or (inner.bottom is not None and inner.bottom - area.bottom < near / 2)
        )
        found.append(Found(Word(word.text, area, word.confidence), cut, min(piece.scale)))
    return found


@dataclass(frozen=True, slots=True)
class _Edges:
    """Where a piece ends inside the picture; None where it ends with it."""

    left: float | None
    top: float | None
    right: float | None
    bottom: float | None


def _inner_edges(piece: Piece, picture: Size) -> _Edges:
    box, (width, height) = piece.box, picture
    return _Edges(
        box.left if box.left > 0 else None,
        box.top if box.top > 0 else None,
        box.right if box.right < width else None,
        box.bottom if box.bottom < height else None,
    )
