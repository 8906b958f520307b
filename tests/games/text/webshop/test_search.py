"""Search: what is found, in which order, and how many."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.text.webshop import synthetic
from games.text.webshop.search import MAX_HITS, ProductIndex, words
from games.text.webshop.shop import Shop
from tests.games.text.webshop.small_shop import LAMP, MUG, SHOP, SPOONS

BUNDLED = Shop(synthetic.products())


@pytest.mark.parametrize(
    "query",
    [
        "stoneware",  # title
        "warm tea",  # description
        "glazed",  # first bullet
        "forest",  # an option's value
        "size",  # an option's name
        "STONEWARE MUGS!",
    ],
)
def test_a_product_is_found_by_all_that_is_indexed(query: str) -> None:
    assert SHOP.find(query)[0] == MUG


@pytest.mark.parametrize("query", ["dishwasher", "coffee", "Kitchen", MUG.asin, "the of with", "?!", ""])
def test_other_bullets_categories_numbers_and_stop_words_find_nothing(query: str) -> None:
    assert SHOP.find(query) == ()


def test_more_matching_words_rank_higher() -> None:
    assert SHOP.find("reading spoon number lamp")[0] == LAMP
    assert {product.asin for product in SHOP.find("wooden lamp")} == {
        LAMP.asin,
        *(spoon.asin for spoon in SPOONS),
    }


def test_equal_products_keep_the_catalogues_order() -> None:
    twins = [replace(LAMP, asin=f"TWIN{number}") for number in range(40)]
    assert ProductIndex([MUG, *twins]).find("lamp") == tuple(twins)


def test_at_most_fifty_are_listed_each_with_a_word_of_the_query() -> None:
    found = BUNDLED.find("a black notebook, bleed proof")
    assert len(found) == MAX_HITS
    assert all({"black", "notebook", "bleed", "proof"} & set(words(product.search_text)) for product in found)


def test_a_goals_own_words_list_its_product() -> None:
    missed = [goal.instruction for goal in synthetic.goals() if _rank(goal.instruction, goal.asin) is None]
    assert missed == []


@given(query=st.text(max_size=60))
def test_any_query_is_answered_and_no_product_comes_twice(query: str) -> None:
    found = [product.asin for product in SHOP.find(query)]
    assert len(found) == len(set(found)) <= MAX_HITS


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("shoes", "shoe"),
        ("batteries", "battery"),
        ("glass", "glass"),
        ("plus", "plus"),
        ("gas", "gas"),
        ("ties", "ty"),
    ],
)
def test_words_lose_their_plural(plural: str, singular: str) -> None:
    assert words(plural.upper()) == [singular]


def _rank(query: str, asin: str) -> int | None:
    asins = [product.asin for product in BUNDLED.find(query)]
    return asins.index(asin) if asin in asins else None
