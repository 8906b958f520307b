"""Which reading of a word counts where pieces overlap."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backends.vision.llava_uhd.pieces import Box, Piece
from backends.vision.ocr.merging import merged
from backends.vision.ocr.words import Area, Word

PICTURE = (200, 100)


def piece(left: int, top: int, right: int, bottom: int, *, scale: float = 1.0, slice_: bool = True) -> Piece:
    return Piece(
        row=0 if slice_ else None,
        column=0 if slice_ else None,
        box=Box(left, top, right, bottom),
        origin=(left, top),
        scale=(scale, scale),
        size=(round((right - left) * scale), round((bottom - top) * scale)),
        patches=(1, 1),
    )


LEFT, RIGHT = piece(0, 0, 110, 100), piece(90, 0, 200, 100)
OVERVIEW = piece(0, 0, 200, 100, scale=0.5, slice_=False)


def word(text: str, left: float, right: float, *, top: float = 40, confidence: float = 0.99) -> Word:
    return Word(text, Area(left, top, right, top + 10), confidence)


def texts(*pieces: tuple[Piece, list[Word]]) -> list[str]:
    return sorted(each.word.text for each in merged(pieces, PICTURE))


def test_a_word_that_both_slices_show_whole_is_kept_once() -> None:
    assert texts((LEFT, [word("once", 92, 105)]), (RIGHT, [word("once", 2, 15)])) == ["once"]


def test_a_whole_word_goes_before_a_cut_one() -> None:
    assert texts((LEFT, [word("bord", 97, 109)]), (RIGHT, [word("border", 7, 40)])) == ["border"]


def test_of_two_that_may_be_cut_the_one_that_shows_more_is_kept() -> None:
    assert texts((LEFT, [word("bor", 92, 109)]), (RIGHT, [word("border", 2, 40)])) == ["border"]


def test_halves_are_kept_where_nothing_shows_the_whole() -> None:
    left, right = piece(0, 0, 100, 100), piece(100, 0, 200, 100)
    assert texts((left, [word("bor", 80, 100)]), (right, [word("der", 0, 20)])) == ["bor", "der"]


def test_the_overview_shows_whole_what_every_slice_cuts() -> None:
    left, right = piece(0, 0, 100, 100), piece(100, 0, 200, 100)
    whole = Word("border", Area(40, 20, 60, 25), 0.9)
    found = merged(
        [(left, [word("bor", 80, 100)]), (right, [word("der", 0, 20)]), (OVERVIEW, [whole])], PICTURE
    )
    assert [each.word.text for each in found] == ["border"]
    assert found[0].word.area == Area(80, 40, 120, 50)


def test_the_finer_reading_goes_before_the_overview() -> None:
    assert texts((LEFT, [word("clear", 10, 40)]), (OVERVIEW, [Word("ciear", Area(5, 20, 20, 25), 0.9)])) == [
        "clear"
    ]


def test_a_sure_overview_goes_before_a_doubtful_slice() -> None:
    doubtful = word("cl r", 10, 40, confidence=0.6)
    assert texts((LEFT, [doubtful]), (OVERVIEW, [Word("clear", Area(5, 20, 20, 25), 0.95)])) == ["clear"]


def test_words_beside_and_below_each_other_are_all_kept() -> None:
    words = [word("a", 10, 20), word("b", 21, 31), word("c", 10, 20, top=51)]
    assert texts((LEFT, words)) == ["a", "b", "c"]


def test_the_edge_of_the_picture_cuts_nothing() -> None:
    found = merged([(LEFT, [word("first", 0, 30), word("last", 85, 110)])], PICTURE)
    assert {each.word.text: each.cut for each in found} == {"first": False, "last": True}
    assert {each.word.text: each.doubtful for each in found} == {"first": False, "last": True}


@given(st.lists(st.tuples(st.integers(0, 180), st.integers(0, 90)), max_size=12))
def test_reading_a_piece_twice_changes_nothing(places: list[tuple[int, int]]) -> None:
    words = [
        Word(str(number), Area(x, y, x + 15, y + 8), 0.9 + number / 1000)
        for number, (x, y) in enumerate(places)
    ]
    whole = replace(LEFT, box=Box(0, 0, 200, 100))
    assert merged([(whole, words)], PICTURE) == merged([(whole, words), (whole, words)], PICTURE)
