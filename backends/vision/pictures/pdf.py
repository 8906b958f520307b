"""Pages of a PDF as pictures, by pypdfium2 where it is installed (pip install pypdfium2)."""

import math
from typing import Any

from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.picture import Picture

DOTS_PER_INCH = 200
"""Text of 8 points is 22 pixels high, which every reader here can read."""
_POINTS_PER_INCH = 72
_LARGEST_PAGE = 40_000_000  # pixels; a plan on A0 is rendered coarser


def read_pdf_page(data: bytes, name: str, page: int, max_pixels: int) -> Picture:
    """Render one page, counted from 1, on white.

    Raises `PictureError`.
    """
    try:
        import pypdfium2
    except ImportError:
        raise PictureError(
            f"{name} is a PDF; reading its pages needs pypdfium2: pip install pypdfium2. "
            "Or export the page as PNG."
        ) from None
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise PictureError(f"{name} is locked with a password. Save a copy without one.") from None
        raise PictureError(f"{name} is a damaged PDF: {_said(error)}. Fetch or export it again.") from None
    try:
        return _rendered(document, data, name, page, max_pixels)
    except pypdfium2.PdfiumError as error:
        raise PictureError(f"Page {page} of {name} is damaged: {_said(error)}.") from None
    finally:
        document.close()


def _rendered(document: Any, data: bytes, name: str, number: int, max_pixels: int) -> Picture:
    count = len(document)
    if number > count:
        raise PictureError(f"{name} has {count} page{'s' if count != 1 else ''}; there is no page {number}.")
    page = document[number - 1]
    width, height = page.get_size()
    if not (width > 0 and height > 0 and math.isfinite(width * height)):
        raise PictureError(f"Page {number} of {name} has no area: {width:g} x {height:g} points.")
    scale = DOTS_PER_INCH / _POINTS_PER_INCH
    allowed = min(max_pixels, _LARGEST_PAGE)
    notes = [f"page {number} of {count}"] if count > 1 else []
    if width * height * scale * scale > allowed:
        scale = math.sqrt(allowed / (width * height))
        notes.append(f"a very large page, rendered at {scale * _POINTS_PER_INCH:.0f} dots an inch")
    image = page.render(scale=scale).to_pil().convert("RGB")
    return Picture(image=image, name=name, kind="PDF", stored_bytes=len(data), notes=tuple(notes))


def _said(error: Exception) -> str:
    return str(error).rstrip(".")
