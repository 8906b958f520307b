"""Titles found exactly, by case and by alias, and ranked where they are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.text.docstore.pages import Page
from games.text.docstore.store import Docstore


def _page(title: str, text: str = "Nothing.", *aliases: str) -> Page:
    return Page(title=title, paragraphs=(text,), aliases=aliases)


def test_an_exact_title_comes_before_one_in_another_case() -> None:
    store = Docstore((_page("SOLO", "The band."), _page("Solo", "The film.")))
    found = store.find("Solo")
    assert found is not None and found.paragraphs == ("The film.",)


def test_a_title_comes_before_an_alias() -> None:
    store = Docstore((_page("Main Street", "A road.", "Main"), _page("Main", "A river.")))
    found = store.find("main")
    assert found is not None and found.title == "Main"


def test_the_first_page_of_two_with_one_title_is_found() -> None:
    store = Docstore((_page("Main", "First."), _page("Main", "Second.")))
    found = store.find("Main")
    assert found is not None and found.paragraphs == ("First.",)


def test_accents_may_be_coded_in_two_ways() -> None:
    store = Docstore((_page("Ren\u00e9e"),))
    assert store.find("rene\u0301e") is not None


@pytest.mark.parametrize(
    "text", ["Osk may refer to: a town, a film.", "Osk may refer to : a town", "Osk may also refer to:"]
)
def test_a_page_that_only_lists_namesakes_is_known_by_its_words(text: str) -> None:
    assert _page("Osk", text).lists_namesakes
    assert not _page("Osk", "Osk is a town. The name may refer to a film.").lists_namesakes


def test_a_word_in_the_title_counts_more_than_in_the_text() -> None:
    store = Docstore((_page("Fish", "otter otter otter otter"), _page("Otter", "It swims.")))
    assert store.similar("otter", 5) == ("Otter", "Fish")


def test_a_title_can_be_recognised_by_its_alias() -> None:
    store = Docstore((_page("Osk F.C.", "A club.", "The Herons"), _page("Bird", "It flies.")))
    assert store.similar("herons", 5) == ("Osk F.C.",)


def test_equal_pages_stay_in_their_order() -> None:
    store = Docstore(tuple(_page(f"Osk ({sort})") for sort in ("river", "band", "film", "town")))
    assert store.similar("Osk", 3) == ("Osk (river)", "Osk (band)", "Osk (film)")


def test_an_empty_store_knows_nothing() -> None:
    store = Docstore(())
    assert store.find("x") is None and store.similar("x", 5) == ()


def test_pages_without_any_word_are_no_obstacle() -> None:
    assert Docstore((_page("?!", "..."),)).similar("x", 5) == ()


def test_a_query_of_punctuation_is_similar_to_nothing() -> None:
    assert Docstore((_page("Osk"),)).similar("...", 5) == ()


def test_the_digest_follows_the_text() -> None:
    one, same, other = (Docstore((_page("Osk", text),)) for text in ("A.", "A.", "B."))
    assert one.digest == same.digest != other.digest


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.text("ab c", min_size=1, max_size=8), min_size=1, max_size=12), st.text("abc ", max_size=8)
)
def test_similar_titles_share_a_word_and_the_order_is_that_of_the_plain_formula(
    titles: list[str], query: str
) -> None:
    store = Docstore(tuple(_page(title, "z") for title in titles))
    words = query.split()
    documents = [title.split() for title in titles]
    scores = _bm25(documents, words)
    expected = [place for place in np.argsort(-np.round(scores, 4), kind="stable") if scores[place] > 0]
    assert store.similar(query, 5) == tuple(titles[place] for place in expected[:5])


def _bm25(documents: list[list[str]], query: list[str], k1: float = 1.5, b: float = 0.75) -> "np.ndarray":
    """The formula with Lucene's idf, without its constant factor k1 + 1, times our weight of titles."""
    mean_length = sum(map(len, documents)) / len(documents)
    scores = np.zeros(len(documents), np.float64)
    for word in query:
        holding = sum(word in document for document in documents)
        idf = np.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
        for place, document in enumerate(documents):
            count = document.count(word)
            if count:
                scores[place] += idf * count / (count + k1 * (1 - b + b * len(document) / mean_length))
    return 4.0 * scores
