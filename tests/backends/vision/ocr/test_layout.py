"""Words become lines, and lines are put into the order in which a person reads."""

from hypothesis import given
from hypothesis import strategies as st

from backends.vision.ocr.layout import lines_of
from backends.vision.ocr.words import Area, Word, tokens


def row(text: str, left: float, top: float, *, height: float = 10) -> list[Word]:
    """A line of text, half as wide a letter as it is high."""
    words, x = [], left
    for part in text.split():
        width = len(part) * height / 2
        words.append(Word(part, Area(x, top, x + width, top + height), 0.9))
        x += width + height / 2
    return words


def read(*rows: list[Word]) -> list[str]:
    return [line.text for line in lines_of([word for words in rows for word in words])]


def test_words_of_a_line_are_joined_with_blanks() -> None:
    assert read(row("the quick brown fox", 0, 0)) == ["the quick brown fox"]


def test_lines_are_read_from_top_to_bottom_however_they_come() -> None:
    assert read(row("third", 0, 40), row("first", 0, 0), row("second", 0, 20)) == ["first", "second", "third"]


def test_a_slightly_slanting_line_stays_one_line() -> None:
    words = [Word(text, Area(30 * n, 2 * n, 30 * n + 25, 2 * n + 10), 0.9) for n, text in enumerate("abcdef")]
    assert [line.text for line in lines_of(words)] == ["a b c d e f"]


def test_columns_of_prose_are_read_one_after_the_other() -> None:
    left = [row(f"left column line {n}", 0, 30 + 15 * n) for n in range(4)]
    right = [row(f"right column line {n}", 200, 30 + 15 * n) for n in range(4)]
    title = row("a title over both of the columns here it is long", 0, 0)
    found = read(*right, title, *left)
    assert found == [
        "a title over both of the columns here it is long",
        *(f"left column line {n}" for n in range(4)),
        *(f"right column line {n}" for n in range(4)),
    ]


def test_a_table_is_read_row_by_row() -> None:
    cells = [row(f"{name}{n}", x, 20 * n) for n in range(3) for name, x in (("a", 0), ("b", 100), ("c", 200))]
    assert read(*cells) == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_large_letters_and_small_ones_are_different_lines() -> None:
    assert set(read(row("BIG", 0, 0, height=40), row("small", 65, 15))) == {"BIG", "small"}


def test_scripts_without_blanks_are_joined_without_blanks() -> None:
    words = [Word(text, Area(12 * n, 0, 12 * n + 10, 10), 0.9) for n, text in enumerate("中文字")]
    assert [line.text for line in lines_of(words)] == ["中文字"]
    assert tokens("ab 中文 c") == ["ab", "中", "文", "c"]


def test_no_words_are_no_lines() -> None:
    assert lines_of([]) == []


@given(
    st.lists(
        st.tuples(st.floats(0, 500), st.floats(0, 500), st.floats(5, 80), st.floats(5, 30)),
        min_size=1,
        max_size=30,
    )
)
def test_every_word_is_read_exactly_once(places: list[tuple[float, float, float, float]]) -> None:
    words = [
        Word(f"w{n}", Area(x, y, x + width, y + height), 0.9)
        for n, (x, y, width, height) in enumerate(places)
    ]
    lines = lines_of(words)
    assert sorted(word.text for line in lines for word in line.words) == sorted(word.text for word in words)
    assert all(line.confidence == 0.9 for line in lines)
