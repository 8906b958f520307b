"""What was read is kept by content, and told to a model with its places."""

from pathlib import Path

from PIL import Image

from agents.perception.answering import messages_about_text
from agents.perception.reading import FolderShelf, ReadPicture, read_text
from backends.vision.ocr.sliced_reading import Reading, reading_plan
from backends.vision.ocr.words import Area, Line, Word
from backends.vision.pictures.picture import Picture
from tests.agents.perception.pictures import WordsReader


def picture(size: tuple[int, int] = (300, 200), colour: str = "white") -> Picture:
    return Picture(image=Image.new("RGB", size, colour), name="sign.png", kind="PNG", stored_bytes=1)


def read_with(lines: list[tuple[str, float, float]], size: tuple[int, int] = (300, 300)) -> ReadPicture:
    shown = picture(size)
    found = tuple(Line((Word(text, Area(x, y, x + 10, y + 10), 0.9),), text) for text, x, y in lines)
    return ReadPicture(shown, Reading(reading_plan(shown.image), found), kept=False)


def only_file(folder: Path) -> Path:
    (file,) = folder.glob("*.json")
    return file


async def test_equal_pixels_are_read_once_and_others_anew(tmp_path: Path) -> None:
    reader, shelf = WordsReader("open", "now"), FolderShelf(tmp_path)
    first = await read_text(picture(), reader, shelf)
    again = await read_text(picture(), reader, FolderShelf(tmp_path))
    assert (first.kept, again.kept, reader.looks) == (False, True, 1)
    assert again.reading.text == first.reading.text == "open\nnow"
    assert abs(again.reading.lines[0].area.left - first.reading.lines[0].area.left) < 0.1
    assert not (await read_text(picture(colour="black"), reader, shelf)).kept
    assert not (await read_text(picture(), WordsReader("other"), shelf)).kept


async def test_a_damaged_file_on_the_shelf_counts_as_not_there(tmp_path: Path) -> None:
    reader = WordsReader("open")
    await read_text(picture(), reader, FolderShelf(tmp_path))
    file = only_file(tmp_path)
    for damage in ("{", '{"lines": 3}', "\x00"):
        file.write_text(damage, encoding="utf-8")
        assert (await read_text(picture(), reader, FolderShelf(tmp_path))).reading.text == "open"
    assert reader.looks == 4


async def test_a_shelf_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    read = await read_text(picture(), WordsReader("open"), FolderShelf(blocked / "shelf"))
    assert read.reading.text == "open"


def test_the_shelf_keeps_the_newest(tmp_path: Path) -> None:
    import os

    for number in range(505):
        (tmp_path / f"{number:03}.json").write_text("{}", encoding="utf-8")
        os.utime(tmp_path / f"{number:03}.json", (number, number))
    FolderShelf(tmp_path).put("new", ())
    left = {file.stem for file in tmp_path.glob("*.json")}
    assert len(left) == 500 and "new" in left and "005" not in left and "504" in left


def test_a_model_is_told_words_with_their_places() -> None:
    read = read_with([("EXIT", 10, 10), ("Gate 3", 280, 150), ("page 1", 140, 285)])
    text = messages_about_text([read], "Where is the exit?")[-1].text
    assert '[top left] "EXIT"' in text
    assert '[centre right] "Gate 3"' in text
    assert '[bottom middle] "page 1"' in text
    assert "300 x 300 pixels" in text and "Question: Where is the exit?" in text


def test_long_texts_are_shortened_and_that_is_told() -> None:
    read = read_with([(f"line {number} " + "x" * 80, 0, number) for number in range(300)])
    text = messages_about_text([read, read], "?")[-1].text
    assert len(text) < 11_000
    assert "more lines are left out here" in text and "picture 2" in text


def test_words_in_a_picture_are_no_template() -> None:
    read = read_with([("$question ${pictures}", 10, 10)])
    text = messages_about_text([read], "What?")[-1].text
    assert '"$question ${pictures}"' in text


def test_a_picture_without_words_among_others_is_told_as_such() -> None:
    text = messages_about_text([read_with([]), read_with([("a", 1, 1)])], "?")[-1].text
    assert "There are no words in picture 1." in text
