"""From the bytes of a file to a `Picture`, with limits that hold before anything large is unpacked."""

import io
import struct
import warnings
import zlib
from pathlib import PurePath

from PIL import Image, ImageOps, UnidentifiedImageError

from backends.vision.llava_uhd.profiles import MAX_PIXELS
from backends.vision.pictures.colours import to_srgb
from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.picture import Picture
from backends.vision.pictures.signatures import PDF, Kind, kind_of

# What Pillow's decoders raise for damaged data, beside OSError; each was seen with a broken file.
_DAMAGE = (
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
_SUFFIXES = {
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"},
    "PNG": {".png", ".apng"},
    "GIF": {".gif"},
    "WebP": {".webp"},
    "TIFF": {".tif", ".tiff"},
    "PDF": {".pdf"},
    "BMP": {".bmp", ".dib"},
    "AVIF": {".avif"},
}
_MOST_COUNTED = 1000  # frames; counting further can take long in a file made for that


def read_picture(data: bytes, name: str, *, page: int = 1, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode a picture, or a page of a PDF or TIFF.

    Args:
        name: What messages call it; its ending is compared with what the file is.
        page: Counted from 1.
        max_pixels: More are refused before they are unpacked.

    Raises `PictureError`.
    """
    if not data:
        raise PictureError(f"{name} is empty: it has no bytes at all.")
    kind = kind_of(data)
    if kind is PDF:
        from backends.vision.pictures.pdf import read_pdf_page

        picture = read_pdf_page(data, name, page, max_pixels)
    elif kind.decoder is None:
        hint = kind.advice or "Give a JPEG, PNG, WebP, GIF, TIFF or PDF file."
        raise PictureError(f"{name} is no picture but {kind.name}. {hint}")
    else:
        picture = _decoded(data, name, kind, page, max_pixels)
    return _with_true_name(picture)


def _decoded(data: bytes, name: str, kind: Kind, page: int, max_pixels: int) -> Picture:
    damaged = f"{name} is a damaged {kind.name} file"
    with warnings.catch_warnings():
        # Pillow warns of large pictures, which have a limit of their own here, and of harmless oddities.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=[kind.decoder or ""]) as image:
                _refuse_impossible(image.size, name, max_pixels)
                notes = _turn_to(image, page, name, kind)
                image.load()
                converted, changes = _upright(image)
        except Image.DecompressionBombError:
            raise PictureError(_too_large(name, max_pixels)) from None
        except UnidentifiedImageError:
            raise PictureError(f"{damaged}: it begins like one, but nothing readable follows.") from None
        except PictureError:
            raise
        except OSError as error:
            raise PictureError(f"{damaged}: {_in_words(error)}. Fetch or export it again.") from None
        except _DAMAGE as error:
            raise PictureError(f"{damaged}: {_in_words(error)}. Fetch or export it again.") from None
    return Picture(
        image=converted, name=name, kind=kind.name, stored_bytes=len(data), notes=(*notes, *changes)
    )


def _refuse_impossible(size: tuple[int, int], name: str, max_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PictureError(f"{name} says that it is {width} x {height} pixels: there is nothing to see.")
    if width * height > max_pixels:
        raise PictureError(_too_large(name, max_pixels, f"{width} x {height} = {width * height:,}"))


def _too_large(name: str, max_pixels: int, counted: str = "") -> str:
    found = f"would unpack to {counted} pixels" if counted else "would unpack to too many pixels"
    return f"{name} {found}; {max_pixels:,} are allowed. Shrink it first."


def _turn_to(image: Image.Image, page: int, name: str, kind: Kind) -> list[str]:
    """Move to the frame that is asked for; what is left out, in words."""
    if page == 1 and not getattr(image, "is_animated", False):
        return []
    count = _frames(image)
    if page > count:
        raise PictureError(f"{name} has {count} page{'s' if count > 1 else ''}; there is no page {page}.")
    image.seek(page - 1)
    if kind.name == "JPEG":  # a depth map or a smaller preview rides along
        return []
    counted = f"more than {_MOST_COUNTED}" if count > _MOST_COUNTED else str(count)
    thing = "page" if kind.name == "TIFF" else "frame"
    first = "the first is shown" if page == 1 else f"number {page} is shown"
    return [f"{counted} {thing}s: {first}"]


def _frames(image: Image.Image) -> int:
    """How many frames there are; GIF and TIFF are walked, at most a thousand steps and one."""
    if image.format in ("GIF", "TIFF"):
        count = 1
        try:
            while count <= _MOST_COUNTED:
                image.seek(count)
                count += 1
        except EOFError:
            pass
        image.seek(0)
        return count
    return int(getattr(image, "n_frames", 1))


def _upright(image: Image.Image) -> tuple[Image.Image, list[str]]:
    changes: list[str] = []
    try:
        turned = ImageOps.exif_transpose(image)
    except (OSError, *_DAMAGE):
        turned = image.copy()
        changes.append("its EXIF data is damaged: shown as stored, perhaps not upright")
    converted, colour_changes = to_srgb(turned)
    plain = converted.copy() if converted is image else converted
    plain.info = {}  # place and time of a photo stay at home
    return plain, changes + colour_changes


def _with_true_name(picture: Picture) -> Picture:
    suffix = PurePath(picture.name).suffix.lower()
    claimed = [kind for kind, suffixes in _SUFFIXES.items() if suffix in suffixes]
    if claimed and picture.kind not in claimed:
        return picture.noted(f"its name ends in {suffix}, but it is {picture.kind}")
    return picture


def _in_words(error: BaseException) -> str:
    said = " ".join(str(error).split()).rstrip(".")
    return said or type(error).__name__
