"""Pictures that are given to the assistant: checked, kept with the conversation, named in the question."""

import asyncio
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agents.errors import NimueError
from agents.runs.folder import RunFolder

if TYPE_CHECKING:
    from PIL import Image

_NAMED = re.compile(r"^Picture: (.+)$", re.MULTILINE)
_ENDINGS = (
    ".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".pdf", ".png", ".tif", ".tiff", ".webp",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Attachment:
    """A picture in memory."""

    name: str
    data: bytes
    image: "Image.Image"


def names_a_picture(text: str) -> bool:
    """Whether a pasted text is the path of a picture or a picture itself, and nothing else."""
    one = text.strip()
    if not one or "\n" in one:
        return False
    return one[:11].lower() == "data:image/" or one.strip("'\"").lower().endswith(_ENDINGS)


def attach(text: str) -> Attachment:
    """Read the picture at a path, or one that was pasted as a data: address.

    Raises:
        NimueError: There is none, or it cannot be read.
    """
    from backends.vision.pictures.errors import PictureError
    from backends.vision.pictures.limits import USUAL
    from backends.vision.pictures.places import stored_at, without_wrapping
    from backends.vision.pictures.reading import read_picture

    try:
        if re.match(r"https?://", without_wrapping(text), re.IGNORECASE):
            raise NimueError("Write the address into the question; the assistant fetches it.")
        stored = asyncio.run(stored_at(text, io.BytesIO(), USUAL))
        picture = read_picture(stored.data, stored.name)
    except PictureError as error:
        raise NimueError(str(error)) from error
    ending = Path(stored.name).suffix or f".{picture.kind.lower()}"
    return Attachment(name=f"{Path(stored.name).stem}{ending}", data=stored.data, image=picture.image)


def question_with(text: str, pictures: Sequence[Attachment], run: RunFolder) -> str:
    """The question that names its pictures, which lie with the conversation from now on.

    Raises:
        NimueError: They cannot be written there.
    """
    lines = [text]
    for picture in pictures:
        number = len(list(run.artifacts.iterdir())) + 1 if run.artifacts.is_dir() else 1
        file = run.artifacts / f"{number}-{re.sub(r'[^A-Za-z0-9._-]+', '-', picture.name)[-60:]}"
        try:
            run.artifacts.mkdir(exist_ok=True)
            file.write_bytes(picture.data)
        except OSError as error:
            raise NimueError(f"{file} cannot be written: {error.strerror}.") from error
        lines.append(f"Picture: {file}")
    return "\n".join(lines)


def named_pictures(question: str) -> list[Path]:
    """The pictures that a question names as `question_with` does."""
    return [Path(match) for match in _NAMED.findall(question)]
