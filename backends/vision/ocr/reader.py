"""The reader: PP-OCR, whose weights lie inside the rapidocr package, on onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import accumulate, pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from backends.vision.ocr.words import Area, Word, tokens
from backends.vision.pictures.errors import PictureError

if TYPE_CHECKING:
    from PIL import Image

LONGEST_SIDE = 2000
"""Longer pieces are shrunk to this by the reader itself."""
_WIDEST_INSIDE_WORD = 0.5
"""Of the line's height: letters, each given the line's mean width, stand at most a third apart, W and M."""


class Reader(Protocol):
    """Reads one piece of a picture."""

    @property
    def name(self) -> str:
        """Names weights and settings, so that what was read can be kept under it."""
        ...

    def read(self, image: Image.Image) -> list[Word]:
        """All words, in pixels of the piece."""
        ...


class RapidReader:
    """Reads Latin and Chinese script. Loaded when first used; one thread reads at a time."""

    def __init__(self, *, threads: int | None = None) -> None:
        """Give None for a thread on every core."""
        self._threads = threads
        self._engine: Any = None
        self._lock = Lock()

    @property
    def name(self) -> str:
        """The package and its version, which fix the weights."""
        from importlib.metadata import version

        return f"rapidocr {version('rapidocr')}"

    def read(self, image: Image.Image) -> list[Word]:
        """All words, in pixels of the piece.

        Raises `PictureError` where the reader is not installed.
        """
        with self._lock:
            if self._engine is None:
                self._engine = _loaded(self._threads)
            # It takes colours in the order blue, green, red.
            found = self._engine(np.asarray(image)[:, :, ::-1], return_word_box=True)
        if found.boxes is None or found.txts is None:
            return []
        by_line = found.word_results
        if by_line is None or len(by_line) != len(found.txts):
            by_line = [()] * len(found.txts)
        return [
            word
            for text, score, corners, parts in zip(
                found.txts, found.scores, found.boxes, by_line, strict=True
            )
            for word in placed_words(text, float(score), corners, parts)
        ]


def placed_words(
    text: str, score: float, corners: Sequence[Sequence[float]], parts: Sequence[Any]
) -> list[Word]:
    """The words of a line, each where its characters were found.

    The reader places parts of a line that are not always its words, so they are laid along the characters;
    without parts that fit, characters are spread evenly over the line. It also leaves out blanks where they
    are widest, as between the columns of a bill, where 1 and 129.50 must not become 1129.50.
    """
    placed = [(part, _around(box)) for part, _, box in parts if box is not None]
    characters = [place for part, area in placed for place in _spread(part, area)]
    breaks = _wide_blanks(placed, _around(corners).height)
    if len(characters) != len("".join(text.split())):
        whole = _spread(text, _around(corners))
        characters = [place for letter, place in zip(text, whole, strict=True) if not letter.isspace()]
        breaks = set()
    words, start = [], 0
    for token in tokens(text):
        ends = [end for end in range(start + 1, start + len(token)) if end in breaks]
        for first, last in pairwise((start, *ends, start + len(token))):
            area = reduce(Area.joined, characters[first:last])
            words.append(Word(token[first - start : last - start], area, score))
        start += len(token)
    return words


def _wide_blanks(placed: Sequence[tuple[str, Area]], height: float) -> set[int]:
    """After how many characters of a line a blank follows that is too wide to belong to a word."""
    counts = accumulate(len(part) for part, _ in placed)
    return {
        count
        for count, ((_, before), (_, after)) in zip(counts, pairwise(placed), strict=False)
        if after.left - before.right > _WIDEST_INSIDE_WORD * height
    }


def _spread(text: str, area: Area) -> list[Area]:
    """An equal part of the width for every character, blanks included."""
    advance = area.width / max(len(text), 1)
    return [
        Area(area.left + place * advance, area.top, area.left + (place + 1) * advance, area.bottom)
        for place in range(len(text))
    ]


def _around(corners: Sequence[Sequence[float]]) -> Area:
    xs, ys = [float(corner[0]) for corner in corners], [float(corner[1]) for corner in corners]
    return Area(min(xs), min(ys), max(xs), max(ys))


def _loaded(threads: int | None) -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise PictureError(
            "Reading text here needs rapidocr and onnxruntime: pip install 'nimue[see]'. "
            "Or let a hosted model look: --model anthropic or openai."
        ) from error
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": LONGEST_SIDE,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads or -1,
        }
    )
