"""Sentences, answers and labels as they are read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.text.docstore.labels import read_label
from games.text.docstore.scoring import exact_match, f1, normalised
from games.text.docstore.sentences import sentences


@pytest.mark.parametrize(
    ("paragraph", "count"),
    [
        ("One is here. Two is there.", 2),
        ("Dr. Ost met J. R. Vell. They spoke.", 2),
        ("Is it? It is! Good.", 3),
        ('He said "Go." Then he left.', 2),
        ("The ship of St. Orm sank. 12 men drowned.", 2),
        ("It is 3.5 km long and ends at the F.C. ground.", 1),
        ("No stop at the end", 1),
        ("   ", 0),
    ],
)
def test_a_paragraph_has_its_sentences(paragraph: str, count: int) -> None:
    assert len(sentences(paragraph)) == count


@settings(deadline=None)
@given(st.text())
def test_sentences_lose_nothing_but_blanks(paragraph: str) -> None:
    assert "".join("".join(sentences(paragraph)).split()) == "".join(paragraph.split())


@pytest.mark.parametrize(
    ("answer", "plain"),
    [
        ("The Harbour", "harbour"),
        ("  a   Dog, an owl & the cat! ", "dog owl cat"),
        ("U.S.", "us"),
        ("theatre", "theatre"),
        ("100,654", "100654"),
        ("The", ""),
    ],
)
def test_an_answer_is_normalised(answer: str, plain: str) -> None:
    assert normalised(answer) == plain


def test_the_same_words_in_another_dress_match_exactly() -> None:
    assert exact_match("the Rooks.", "Rooks") and not exact_match("Rook", "Rooks")


@pytest.mark.parametrize(
    ("answer", "gold", "score"),
    [
        ("the old mill", "old mill", 1.0),
        ("old mill road", "old mill", 0.8),
        ("mill mill", "mill", 2 / 3),
        ("sea", "mill", 0.0),
        ("yes it is", "yes", 0.0),
        ("yes", "no", 0.0),
        ("yes", "Yes.", 1.0),
        ("", "", 1.0),
    ],
)
def test_f1_counts_common_words(answer: str, gold: str, score: float) -> None:
    assert f1(answer, gold) == pytest.approx(score)


@settings(deadline=None)
@given(st.text("ab c", max_size=12), st.text("ab c", max_size=12))
def test_f1_is_symmetric_and_one_for_a_match(answer: str, gold: str) -> None:
    assert f1(answer, gold) == f1(gold, answer)
    assert 0 <= f1(answer, gold) <= 1
    assert not exact_match(answer, gold) or f1(answer, gold) == 1


@pytest.mark.parametrize(
    ("answer", "label", "translated"),
    [
        ("SUPPORTS", "SUPPORTS", False),
        ("refutes", "REFUTES", False),
        (" Not  Enough Info. ", "NOT ENOUGH INFO", False),
        ("NOT_ENOUGH_INFO", "NOT ENOUGH INFO", False),
        ("SUPPORTED", "SUPPORTS", True),
        ("Refuted", "REFUTES", True),
        ("not enough information", "NOT ENOUGH INFO", True),
        ("true", None, False),
        ("", None, False),
    ],
)
def test_a_label_is_read_and_another_word_for_it_is_noted(
    answer: str, label: str | None, translated: bool
) -> None:
    assert read_label(answer) == (label, translated)
