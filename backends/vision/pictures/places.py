"""Where a picture is: a path, an address, `-` for standard input, or any of these as people paste them."""

import base64
import binascii
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.limits import USUAL, Limits
from backends.vision.pictures.picture import Picture
from backends.vision.pictures.reading import read_picture

_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "<": ">"}


@dataclass(frozen=True, slots=True)
class Stored:
    """The bytes of a file and what messages call it."""

    data: bytes
    name: str


async def load_picture(text: str, *, stdin: BinaryIO, page: int = 1, limits: Limits = USUAL) -> Picture:
    """Read the picture that a text points to.

    Raises `PictureError`.
    """
    stored = await stored_at(text, stdin, limits)
    return read_picture(stored.data, stored.name, page=page, max_pixels=limits.max_pixels)


async def stored_at(text: str, stdin: BinaryIO, limits: Limits) -> Stored:
    """Fetch the bytes that a text points to.

    Raises `PictureError`.
    """
    place = without_wrapping(text)
    if place == "-":
        return Stored(_read_limited(stdin, "standard input", limits.max_file_bytes), "standard input")
    if re.match(r"https?://", place, re.IGNORECASE):
        from backends.vision.pictures.web import download

        return Stored(await download(place, limits), _name_in(place))
    if place[:5].lower() == "data:":
        return Stored(_inline(place), "the pasted picture")
    if "://" in place and place[:7].lower() != "file://":
        scheme = place.partition("://")[0]
        raise PictureError(f"Pictures are not fetched by {scheme}://, only by http:// and https://.")
    path = path_of(place)
    return Stored(_read_file(path, limits.max_file_bytes), path.name)


def without_wrapping(text: str) -> str:
    """Strip blanks and the quotes that file managers, chats and shells put around a path."""
    place = text.strip().strip("\u2068\u2069\u200e\u200f\ufeff")
    while len(place) > 1 and _QUOTES.get(place[0]) == place[-1]:
        place = place[1:-1].strip()
    if not place:
        raise PictureError("No picture is named: give a path, an address, or - for standard input.")
    return place


def path_of(place: str) -> Path:
    """The path that a pasted text means: plain, as a file:// address, or with blanks escaped for a shell.

    Raises `PictureError`.
    """
    if place[:7].lower() == "file://":
        address = urlsplit(place)
        if address.netloc not in ("", "localhost"):
            raise PictureError(f"{place} lies on another machine, {address.netloc}; copy it here first.")
        return _plain_path(url2pathname(address.path))
    as_written = _plain_path(place)
    if "\\" in place and not _is_there(as_written):
        unescaped = _plain_path(re.sub(r"\\(.)", r"\1", place))
        if _is_there(unescaped):
            return unescaped
    return as_written


def _plain_path(text: str) -> Path:
    if "\0" in text or "\n" in text:
        raise PictureError("The path holds a line break or a null byte. Give one path at a time.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise PictureError(f"There is no such home folder: {text}") from None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name longer than file systems allow
        return False


def _read_file(path: Path, most: int) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise PictureError(f"{path} is a folder. Name the pictures in it: {path}/*.png")
        if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
            raise PictureError(f"{path} is a device, not a file.")
        with path.open("rb") as file:
            return _read_limited(file, str(path), most)
    except FileNotFoundError:
        raise PictureError(f"There is no file {path}.") from None
    except PermissionError:
        raise PictureError(f"{path} may not be read by you: check its permissions.") from None
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {error.strerror or error}.") from None


def _read_limited(file: BinaryIO, name: str, most: int) -> bytes:
    data = file.read(most + 1)
    if len(data) > most:
        raise PictureError(f"{name} is larger than {most // 2**20:,} MB. Shrink it first.")
    return data


def _inline(place: str) -> bytes:
    head, comma, body = place[5:].partition(",")
    if not comma:
        raise PictureError("The data: address is cut off before its data.")
    plain = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return plain
    try:
        return base64.b64decode(b"".join(plain.split()), validate=True)
    except binascii.Error:
        raise PictureError("The data: address is no valid base64: perhaps it was cut when copying.") from None


def _name_in(address: str) -> str:
    parts = urlsplit(address)
    return parts.path.rpartition("/")[2] or parts.netloc.rpartition("@")[2]
