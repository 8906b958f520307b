"""Words of a line, from the text that the reader gives and the parts that it places."""

from backends.vision.ocr.reader import placed_words

Corners = list[list[float]]


def box(left: float, right: float) -> Corners:
    return [[left, 10], [right, 10], [right, 30], [left, 30]]


def part(text: str, left: float, right: float) -> tuple[str, float, Corners]:
    return text, 0.9, box(left, right)


def test_a_wide_blank_that_the_text_leaves_out_parts_words() -> None:
    words = placed_words("1129.50", 0.9, box(0, 110), [part("1", 0, 10), part("129.50", 50, 110)])
    assert [word.text for word in words] == ["1", "129.50"]
    assert (words[0].area.right, words[1].area.left) == (10, 50)


def test_letters_that_stand_a_little_apart_stay_one_word() -> None:
    words = placed_words("WMWM", 0.9, box(0, 96), [part("WM", 0, 44), part("WM", 52, 96)])
    assert [word.text for word in words] == ["WMWM"]
    assert (words[0].area.left, words[0].area.right) == (0, 96)


def test_blanks_of_the_text_part_words_however_the_parts_lie() -> None:
    words = placed_words("Desk lamp", 0.9, box(0, 80), [part("Desklamp", 0, 80)])
    assert [(word.text, word.area.left, word.area.right) for word in words] == [
        ("Desk", 0, 40),
        ("lamp", 40, 80),
    ]


def test_narrow_and_wide_blanks_of_one_line_are_told_apart() -> None:
    words = placed_words(
        "Oak shelf1 9.50",
        0.9,
        box(0, 200),
        [part("Oak", 0, 30), part("shelf", 36, 86), part("1", 120, 130), part("9.50", 136, 176)],
    )
    assert [word.text for word in words] == ["Oak", "shelf", "1", "9.50"]


def test_parts_that_do_not_fit_the_text_are_left_aside() -> None:
    words = placed_words("a bc", 0.9, box(0, 40), [part("a", 0, 5), part("b", 35, 40)])
    assert [(word.text, word.area.left, word.area.right) for word in words] == [("a", 0, 10), ("bc", 20, 40)]
