"""Bombs, truncated and lying files: each is refused with one clear line, quickly and without much memory."""

import resource
import time

import pytest

from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.reading import read_picture
from tests.backends.vision.pictures.drawn_files import HOSTILE, drawn, one_page_pdf, png, png_chunk, saved


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_clear_line(name: str) -> None:
    data = HOSTILE[name]()
    begin = time.process_time()
    with pytest.raises(PictureError) as caught:
        read_picture(data, name)
    message = str(caught.value)
    assert name in message and "\n" not in message and ".." not in message and 20 < len(message) < 300
    assert time.process_time() - begin < 2


def test_there_are_more_than_twenty_five_hostile_files() -> None:
    assert len(HOSTILE) > 40


def test_hostile_files_do_not_fill_the_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in (
        "bomb.png",
        "bomb.gif",
        "bomb.bmp",
        "bomb.tiff",
        "bomb.ppm",
        "text-bomb.png",
        "profile-bomb.png",
    ):
        with pytest.raises(PictureError):
            read_picture(HOSTILE[name](), name)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mb < 300


def test_more_pixels_than_allowed_are_refused_before_they_are_unpacked() -> None:
    with pytest.raises(PictureError, match=r"300 x 200 = 60,000 pixels; 50,000 are allowed"):
        read_picture(saved(drawn(size=(300, 200)), "PNG"), "big.png", max_pixels=50_000)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("page.jpg", "address of the picture itself"),
        ("phone.heic", "Convert it to JPEG"),
        ("drawing.svg", "export it as PNG"),
        ("pointer.png", "git lfs pull"),
        ("archive.png", "Export the page or picture"),
    ],
)
def test_what_is_no_picture_is_told_what_to_do_about_it(name: str, advice: str) -> None:
    with pytest.raises(PictureError, match=advice):
        read_picture(HOSTILE[name](), name)


def test_a_damaged_picture_says_where_it_breaks_off() -> None:
    with pytest.raises(PictureError, match=r"cut\.jpg is a damaged JPEG file: .*truncated"):
        read_picture(HOSTILE["cut.jpg"](), "cut.jpg")


def test_a_locked_pdf_asks_for_a_copy_without_password() -> None:
    pytest.importorskip("pypdfium2")
    locked = one_page_pdf().replace(
        b"/Root 1 0 R",
        b"/Root 1 0 R /ID [<00> <00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -1 /O <"
        + b"41" * 32
        + b"> /U <"
        + b"42" * 32
        + b"> >>",
    )
    with pytest.raises(PictureError, match="locked with a password"):
        read_picture(locked, "secret.pdf")


def test_a_pdf_page_of_enormous_size_is_rendered_within_limits() -> None:
    pytest.importorskip("pypdfium2")
    picture = read_picture(one_page_pdf(14_000, 14_000), "plan.pdf", max_pixels=1_000_000)
    assert picture.image.width * picture.image.height <= 1_010_000
    assert any("very large page" in note for note in picture.notes)


def test_a_damaged_text_chunk_beside_a_sound_picture_is_no_way_in() -> None:
    sound = saved(drawn(), "PNG")
    position = sound.index(b"IDAT") - 4
    stuffed = sound[:position] + png_chunk(b"tEXt", b"Comment\0" + b"x" * 5000) + sound[position:]
    assert read_picture(stuffed, "stuffed.png").size == (60, 40)
    assert png(1, 1)[:8] == sound[:8]
