"""Pictures as files for a request: without loss for text and drawings, as a good JPEG for photos."""

import base64
import io
from dataclasses import dataclass

from PIL import Image

from backends.vision.pictures.errors import PictureError

_PHOTO = 1.0  # bytes a pixel as PNG: drawings and text take far less, photos more
_QUALITIES = (92, 85, 75)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The bytes of a file and what they are."""

    data: bytes
    media_type: str
    size: tuple[int, int]

    @property
    def base64(self) -> str:
        return base64.b64encode(self.data).decode("ascii")


def encode(image: Image.Image, *, most_bytes: int | None = None) -> Encoded:
    """Encode an RGB picture at its own size.

    Args:
        most_bytes: As base64; quality is lowered before that is exceeded, size never.

    Raises `PictureError` where even the lowest quality is too large.
    """
    plain = _saved(image, "PNG", compress_level=6)
    photo = len(plain) > _PHOTO * image.width * image.height
    if not photo and _fits(plain, most_bytes):
        return Encoded(plain, "image/png", image.size)
    for quality in _QUALITIES:
        data = _saved(image, "JPEG", quality=quality, subsampling=0 if quality > 90 else -1)
        if _fits(data, most_bytes):
            return Encoded(data, "image/jpeg", image.size)
    raise PictureError(
        f"A piece of {image.width} x {image.height} pixels is larger than {most_bytes:,} bytes however it is "
        "encoded. Allow more slices."
    )


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def _fits(data: bytes, most_bytes: int | None) -> bool:
    return most_bytes is None or -(-len(data) // 3) * 4 <= most_bytes
