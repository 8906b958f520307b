"""Reads the text of pictures through slices, once: what was read is kept by content for the next question."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ValidationError

from backends.vision.llava_uhd.planner import SlicePlan
from backends.vision.ocr.reader import Reader
from backends.vision.ocr.sliced_reading import OnPiece, Reading, read_sliced, reading_plan
from backends.vision.ocr.words import Area, Line, Word
from backends.vision.pictures.picture import Picture

_MOST_KEPT = 500
_READING_VERSION = 2  # of how slices are planned, read and merged


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """A picture and the text in it."""

    picture: Picture
    reading: Reading
    kept: bool
    """Whether it had been read before."""


class Shelf(Protocol):
    """Keeps readings by key."""

    def get(self, key: str) -> tuple[Line, ...] | None:
        """What was kept under a key."""
        ...

    def put(self, key: str, lines: Sequence[Line]) -> None:
        """Keep the lines that were read."""
        ...


async def read_text(
    picture: Picture, reader: Reader, shelf: Shelf | None = None, *, on_piece: OnPiece | None = None
) -> ReadPicture:
    """Read a picture's text; the work is done in a thread, so that a screen stays alive.

    Raises `PictureError` where the reader is not installed.
    """
    planned = await asyncio.to_thread(reading_plan, picture.image)
    key = _key(picture, planned, reader)
    known = None if shelf is None else shelf.get(key)
    if known is not None:
        return ReadPicture(picture, Reading(planned, known), kept=True)
    reading = await asyncio.to_thread(read_sliced, picture.image, planned, reader, on_piece=on_piece)
    if shelf is not None:
        shelf.put(key, reading.lines)
    return ReadPicture(picture, reading, kept=False)


def _key(picture: Picture, planned: SlicePlan, reader: Reader) -> str:
    cuts = (planned.profile.resolution, planned.profile.overlap, planned.column_cuts, planned.row_cuts)
    seen = f"{_READING_VERSION} {picture.digest} {planned.grid} {cuts} {reader.name}"
    return hashlib.sha256(seen.encode()).hexdigest()


class _KeptWord(BaseModel):
    text: str
    area: tuple[float, float, float, float]
    confidence: float


class _KeptLine(BaseModel):
    text: str
    words: list[_KeptWord]


class _Kept(BaseModel):
    lines: list[_KeptLine]


class FolderShelf:
    """Readings as files of a folder; the oldest make room. Unreadable files count as not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> tuple[Line, ...] | None:
        """What was kept under a key."""
        try:
            kept = _Kept.model_validate_json(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValidationError, UnicodeDecodeError):
            return None
        return tuple(
            Line(tuple(Word(word.text, Area(*word.area), word.confidence) for word in line.words), line.text)
            for line in kept.lines
        )

    def put(self, key: str, lines: Sequence[Line]) -> None:
        """Keep the lines that were read; a folder that cannot be written keeps nothing."""
        described = [
            {
                "text": line.text,
                "words": [
                    {
                        "text": word.text,
                        "area": [round(edge, 1) for edge in asdict(word.area).values()],
                        "confidence": round(word.confidence, 4),
                    }
                    for word in line.words
                ],
            }
            for line in lines
        ]
        path = self._path(key)
        unfinished = path.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps({"lines": described}, ensure_ascii=False), encoding="utf-8")
            unfinished.replace(path)
            self._make_room()
        except OSError:  # a full or read-only disk costs the next question time, not this one its answer
            return

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _make_room(self) -> None:
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        for file in files[:-_MOST_KEPT]:
            file.unlink(missing_ok=True)
