"""Files that a reader finds whole or not at all, whenever the writer was killed."""

import os
from collections.abc import Callable
from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Write a text file in one step."""
    replace_whole(file, lambda draft: draft.write_text(text, encoding="utf-8"))


def replace_whole(file: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a draft beside the file, force it to the disk, and put it in the file's place."""
    draft = file.with_name(f".{file.name}.new")
    write(draft)
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(draft, file)
