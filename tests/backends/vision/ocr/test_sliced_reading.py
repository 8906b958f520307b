"""Reading through slices finds every word once, wherever the cuts run."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from backends.vision.llava_uhd.profiles import EXACT
from backends.vision.ocr.reader import LONGEST_SIDE, RapidReader
from backends.vision.ocr.sliced_reading import READING, ink_of, read_sliced, reading_plan
from backends.vision.ocr.words import Area, Word
from tests.backends.vision.ocr.page_reader import BlockReader, page_with

SMALL = replace(READING, resolution=336)


def words_across(width: int, letters: int, step: int) -> list[tuple[str, int, int]]:
    """Words side by side, close enough that even cuts hit some."""
    return [
        (f"{chr(97 + n // 26)}{chr(97 + n % 26)}".ljust(letters, "x"), left, 140)
        for n, left in enumerate(range(15, width - 10 * letters, step))
    ]


@pytest.mark.parametrize(
    ("gutters", "overlap", "letters", "step"),
    [(True, False, 3, 40), (False, True, 5, 60), (True, True, 5, 60), (True, True, 3, 40)],
)
def test_words_at_the_cuts_are_read_whole_and_once(
    gutters: bool, overlap: bool, letters: int, step: int
) -> None:
    words = words_across(1500, letters, step)
    image, reader = page_with(words, (1500, 300)), BlockReader([word for word, _, _ in words])
    planned = reading_plan(image, SMALL, gutters=gutters, overlap=overlap)
    assert planned.num_slices >= 3
    reading = read_sliced(image, planned, reader)
    assert reading.text.split() == [word for word, _, _ in words]


def test_plain_slices_cut_words_that_the_remedies_keep() -> None:
    words = words_across(1500, 3, 40)
    image, reader = page_with(words, (1500, 300)), BlockReader([word for word, _, _ in words])
    planned = reading_plan(image, SMALL, gutters=False, overlap=False)
    whole = {word.text for piece in planned.slices for word in reader.read(image.crop(_box(piece.box)))}
    assert not {word for word, _, _ in words} <= whole


def _box(box: object) -> tuple[int, int, int, int]:
    from backends.vision.llava_uhd.pieces import Box

    assert isinstance(box, Box)
    return box.left, box.top, box.right, box.bottom


def test_words_are_placed_in_pixels_of_the_picture() -> None:
    image, reader = page_with([("abcde", 1200, 190)], (1500, 300)), BlockReader(["abcde"])
    (line,) = read_sliced(image, reading_plan(image, SMALL), reader).lines
    assert abs(line.area.left - 1200) < 3 and abs(line.area.right - 1250) < 3
    assert abs(line.area.top - 190) < 3 and abs(line.area.bottom - 200) < 3


def test_letters_larger_than_slices_are_read_in_the_overview() -> None:
    image, reader = page_with([("sign", 40, 40)], (1400, 420), letter=330), BlockReader(["sign"])
    planned = reading_plan(image, SMALL)
    assert planned.num_slices > 3
    assert read_sliced(image, planned, reader).text == "sign"


def test_the_overview_is_read_only_where_the_slices_leave_doubt() -> None:
    words = [
        (f"{chr(97 + n // 26)}{chr(97 + n % 26)}x", 20 + 80 * (n % 18), 40 + 80 * (n // 18))
        for n in range(54)
    ]
    image, reader = page_with(words, (1500, 300)), BlockReader([word for word, _, _ in words])
    planned = reading_plan(image, SMALL)
    told: list[tuple[int, int]] = []
    reading = read_sliced(image, planned, reader, on_piece=lambda done, total: told.append((done, total)))
    assert len(reading.text.split()) == 54 and len(reader.looks) == planned.num_slices
    assert told == [(done, planned.num_pieces) for done in range(1, planned.num_slices + 1)]
    few = BlockReader([words[0][0]])
    read_sliced(image, planned, few)
    assert len(few.looks) == planned.num_pieces


def test_a_lone_character_that_is_hardly_believed_is_left_out() -> None:
    class Speckled(BlockReader):
        def read(self, image: Image.Image) -> list[Word]:
            sure, speck = Word("7", Area(40, 40, 50, 50), 0.9), Word("1", Area(80, 80, 90, 90), 0.6)
            return [sure, speck, Word("ok", Area(80, 140, 90, 150), 0.6)]

    image = Image.new("RGB", (200, 200))
    assert read_sliced(image, reading_plan(image), Speckled([])).text.split() == ["7", "ok"]


def test_no_piece_is_larger_than_the_reader_takes_unshrunk() -> None:
    for size in ((5000, 250), (250, 5000), (1080, 6000), (4032, 3024), (1240, 1754), (9000, 90)):
        planned = reading_plan(Image.new("RGB", size))
        assert max(planned.slice_size or planned.overview_size) <= LONGEST_SIDE + 14


def test_a_small_picture_is_enlarged_twice_and_no_more() -> None:
    planned = reading_plan(Image.new("RGB", (400, 300)))
    assert planned.num_slices == 0 and planned.overview.scale[0] == pytest.approx(2, abs=0.1)


def test_ink_is_where_something_changes() -> None:
    image = Image.new("RGB", (100, 60), (255, 255, 255))
    image.paste((0, 0, 0), (40, 20, 50, 30))
    across, down = ink_of(image)
    assert across.shape == (100,) and down.shape == (60,)
    assert np.flatnonzero(across).tolist() == list(range(40, 50))
    assert np.flatnonzero(down).tolist() == list(range(20, 30))


def test_slices_share_more_the_less_the_overview_shows() -> None:
    overlaps = [reading_plan(Image.new("RGB", size)).profile.overlap for size in ((1500, 1200), (3000, 2400))]
    assert 0 < overlaps[0] < overlaps[1]
    assert reading_plan(Image.new("RGB", (1240, 1754)), EXACT, overlap=False).profile.overlap == 0


def test_the_real_reader_reads_through_slices() -> None:
    pytest.importorskip("rapidocr")
    from PIL import ImageDraw, ImageFont

    image = Image.new("RGB", (900, 150), (255, 255, 255))
    pen = ImageDraw.Draw(image)
    for number, code in enumerate(("HARBOUR", "GATE 27", "ELEVEN")):
        pen.text((30 + 300 * number, 60), code, fill=(0, 0, 0), font=ImageFont.load_default(30))
    reader = RapidReader(threads=1)
    planned = reading_plan(image, replace(EXACT, max_slices=2))
    assert planned.num_slices == 2
    reading = read_sliced(image, planned, reader)
    assert {"HARBOUR", "ELEVEN"} <= set(reading.text.split()) and "27" in reading.text
    assert reader.name.startswith("rapidocr ")
    assert reader.read(Image.new("RGB", (100, 100), (255, 255, 255))) == []
