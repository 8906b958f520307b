"""Pictures and files that tests make: sound ones in every format, and hostile ones."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image, ImageDraw


def drawn(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """A white ground with a dark rectangle in its upper left quarter."""
    image = Image.new("RGB", size, (255, 255, 255))
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2 - 1, size[1] // 2 - 1), fill=(200, 30, 40))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + b"".join(chunks)


def one_page_pdf(width: float = 300, height: float = 200) -> bytes:
    """A page with one black square in its lower left corner."""
    content = b"0 0 0 rg 0 0 100 100 re f"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Contents 4 0 R >>" % (width, height),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + table + b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def _bmp_of(width: int, height: int) -> bytes:
    data = bytearray(saved(drawn(), "BMP"))
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


def _tiff(entries: list[tuple[int, int, int, int]], *, next_directory: int = 0) -> bytes:
    body = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries))
    body += b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return body + struct.pack("<I", next_directory)


def _tiff_of(width: int, height: int, **more: int) -> bytes:
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    return _tiff([*tags, (273, 4, 1, 8), (278, 4, 1, height), (279, 4, 1, 64)], **more)


def _zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("picture.txt", "none")
    return target.getvalue()


def _jpeg_of_no_size() -> bytes:
    data = bytearray(saved(drawn(), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\0\0\0\0"
    return bytes(data)


def _with_wrong_checksum() -> bytes:
    data = bytearray(saved(drawn(), "PNG"))
    data[20] ^= 0xFF
    return bytes(data)


def _cut(kind: str, share: float = 0.5, size: tuple[int, int] = (300, 200)) -> bytes:
    data = saved(Image.effect_noise(size, 90).convert("RGB"), kind)
    return data[: int(len(data) * share)]


_BOMB = zlib.compress(b"\0" * 80_000_000, 9)

HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing.png": lambda: b"",
    "text.png": lambda: b"This is not a picture at all.\n",
    "page.jpg": lambda: b"<!DOCTYPE html><html><body>404</body></html>",
    "drawing.svg": lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "cut.png": lambda: _cut("PNG"),
    "cut.jpg": lambda: _cut("JPEG"),
    "cut.gif": lambda: _cut("GIF", 0.3),
    "cut.webp": lambda: _cut("WEBP"),
    "cut.tiff": lambda: _cut("TIFF", 0.4),
    "cut.bmp": lambda: _cut("BMP"),
    "cut.avif": lambda: _cut("AVIF", 0.4),
    "bomb.png": lambda: png(60_000, 60_000, png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))),
    "bomb.gif": lambda: (
        b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b",\0\0\0\0\xff\xff\xff\xff\0"
    ),
    "bomb.bmp": lambda: _bmp_of(100_000, 100_000),
    "bomb.tiff": lambda: _tiff_of(100_000, 100_000),
    "bomb.ppm": lambda: b"P6 100000 100000 255\n" + b"\0" * 100,
    "wrong-checksum.png": _with_wrong_checksum,
    "broken-stream.png": lambda: png(20, 20, png_chunk(b"IDAT", b"not zlib at all"), png_chunk(b"IEND", b"")),
    "no-data.png": lambda: png(20, 20, png_chunk(b"IEND", b"")),
    "no-width.png": lambda: png(0, 20, png_chunk(b"IDAT", zlib.compress(b"")), png_chunk(b"IEND", b"")),
    "odd-depth.png": lambda: png(20, 20, png_chunk(b"IDAT", zlib.compress(b"\0")), depth=7, colour=9),
    "text-bomb.png": lambda: png(20, 20, png_chunk(b"zTXt", b"a\0\0" + _BOMB), png_chunk(b"IEND", b"")),
    "profile-bomb.png": lambda: png(20, 20, png_chunk(b"iCCP", b"a\0\0" + _BOMB), png_chunk(b"IEND", b"")),
    "beginning.jpg": lambda: b"\xff\xd8\xff",
    "no-size.jpg": _jpeg_of_no_size,
    "archive.png": _zip,
    "packed.png": lambda: gzip.compress(b"x" * 100),
    "program.png": lambda: b"\x7fELF" + bytes(60),
    "windows.jpg": lambda: b"MZ" + bytes(60),
    "cut.pdf": lambda: one_page_pdf()[:60],
    "garbage.pdf": lambda: b"%PDF-1.7\n" + bytes(range(256)),
    "far-directory.tiff": lambda: b"II*\0" + struct.pack("<I", 4_000_000_000),
    "endless-directory.tiff": lambda: _tiff_of(0, 0, next_directory=8),
    "no-size.tiff": lambda: _tiff([(258, 3, 1, 8)]),
    "header-only.gif": lambda: b"GIF89a" + struct.pack("<HHBBB", 20, 20, 0, 0, 0),
    "lying-length.webp": lambda: b"RIFF\xff\xff\xff\x7fWEBPVP8 " + bytes(20),
    "script.eps": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n",
    "phone.heic": lambda: b"\0\0\0\x18ftypheic" + bytes(40),
    "film.mp4": lambda: b"\0\0\0\x18ftypisom" + bytes(40),
    "header-only.avif": lambda: b"\0\0\0\x18ftypavif" + bytes(40),
    "noise.png": lambda: bytes((7 * n * n + 3 * n + 128) % 256 for n in range(3000)),
    "zeros.jpg": lambda: bytes(5000),
    "lying.ico": lambda: b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, 2**31, 22),
    "pointer.png": lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    "garbage.jp2": lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60),
    "photoshop.png": lambda: b"8BPS" + bytes(60),
    "model.png": lambda: b"GGUF" + bytes(60),
}
"""Files that must be refused, by name."""
