"""What a file really is, by its first bytes, whatever its name says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file."""

    name: str
    decoder: str | None = None
    """Pillow's name for it; None for what Pillow must not or cannot read."""
    advice: str = ""
    """What to do with a file of this kind, where it is no picture."""


_UNKNOWN = Kind("an unknown kind of file")
_EXPORT = "Open it in a viewer and export it as PNG."
_SVG = Kind("an SVG drawing", advice="It has no pixels yet; export it as PNG at the size you want.")
_WEB_PAGE = Kind("a web page", advice="Give the address of the picture itself, not of the page around it.")
_PDF = Kind("PDF")
PDF = _PDF

# Only formats that are pictures and nothing else: Pillow would hand EPS to an interpreter, for example.
_BY_START: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", Kind("JPEG", "JPEG")),
    (b"\x89PNG\r\n\x1a\n", Kind("PNG", "PNG")),
    (b"GIF87a", Kind("GIF", "GIF")),
    (b"GIF89a", Kind("GIF", "GIF")),
    (b"II*\0", Kind("TIFF", "TIFF")),
    (b"MM\0*", Kind("TIFF", "TIFF")),
    (b"II+\0", Kind("TIFF", "TIFF")),
    (b"MM\0+", Kind("TIFF", "TIFF")),
    (b"BM", Kind("BMP", "BMP")),
    (b"%PDF-", _PDF),
    (b"\0\0\1\0", Kind("an icon", "ICO")),
    (b"\xff\x0a", Kind("JPEG XL", advice=_EXPORT)),
    (b"\0\0\0\x0cJXL ", Kind("JPEG XL", advice=_EXPORT)),
    (b"\0\0\0\x0cjP  ", Kind("JPEG 2000", "JPEG2000")),
    (b"8BPS", Kind("a Photoshop document", advice=_EXPORT)),
    (b"%!PS", Kind("PostScript", advice="Convert it to PDF or PNG first; it is a program, not a picture.")),
    (b"PK\x03\x04", Kind("a ZIP archive or office document", advice="Export the page or picture as PNG.")),
    (b"\x1f\x8b", Kind("a gzip archive", advice="Unpack it first.")),
    (b"GGUF", Kind("a language model", advice="Give it with --model local:PATH.")),
    (b"\x7fELF", Kind("a program")),
    (b"MZ", Kind("a program")),
)
_BRANDS = {
    b"avif": Kind("AVIF", "AVIF"),
    b"avis": Kind("AVIF", "AVIF"),
    b"mp42": Kind("a video", advice="Save the frame you mean as PNG."),
    b"isom": Kind("a video", advice="Save the frame you mean as PNG."),
    b"qt  ": Kind("a video", advice="Save the frame you mean as PNG."),
}
_HEIC = Kind(
    "HEIC", advice="Convert it to JPEG; phones can be told to take JPEG (camera settings: most compatible)."
)


def kind_of(data: bytes) -> Kind:
    """Recognise data by how it begins."""
    for start, kind in _BY_START:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Kind("WebP", "WEBP")
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], _HEIC if data[8:10] in (b"he", b"mi", b"ms") else _BRANDS[b"isom"])
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3] in b" \t\r\n#":
        return Kind("PNM", "PPM")
    if b"%PDF-" in data[:1024]:
        return _PDF
    return _kind_of_text(data)


def _kind_of_text(data: bytes) -> Kind:
    start = data[:2048].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return _WEB_PAGE
    if start.startswith(b"<") and b"<svg" in start:
        return _SVG
    if start.startswith(b"version https://git-lfs"):
        return Kind("a pointer to a large file", advice="Fetch the file itself with git lfs pull.")
    if b"\0" not in start and _is_text(data[:2048]):
        return Kind("text")
    return _UNKNOWN


def _is_text(start: bytes) -> bool:
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return error.start > len(start) - 4  # a character cut in two by the sample's end
    return True
