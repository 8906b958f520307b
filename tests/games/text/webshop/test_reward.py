"""The reward of a purchase: WebShop's formula, part by part."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from games.text.webshop import synthetic
from games.text.webshop.catalogue import Goal, Product
from games.text.webshop.reward import BASE_COLOURS, alike, base_colour, content_words, score
from tests.games.text.webshop.small_shop import LAMP, MUG, WANTS_MUG

ELSEWHERE = replace(MUG, query="other", category_path="Toys › Dolls › Tea Sets")
TWENTY_WORDS = "harbour " + " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrs")


@dataclass(frozen=True, kw_only=True)
class Case:
    id: str
    bought: Product = MUG
    chosen: tuple[str, ...] = ("sky blue",)
    goal: Goal = WANTS_MUG
    reward: float


CASES = [
    Case(id="the very thing", reward=1.0),
    Case(id="an option that nobody asked for does no harm", chosen=("tall", "sky blue"), reward=1.0),
    Case(id="wrong option", chosen=("forest green",), reward=3 / 4),
    Case(id="no option chosen", chosen=(), reward=3 / 4),
    Case(id="a shade of the same base colour", chosen=("blue, dark",), reward=1.0),
    Case(id="price at the limit", bought=replace(MUG, prices=(20.0,)), reward=1.0),
    Case(id="price above the limit", bought=replace(MUG, prices=(20.01,)), reward=3 / 4),
    Case(id="mean below the limit, upper end above", bought=replace(MUG, prices=(5.0, 35.0)), reward=1.0),
    Case(id="mean above the limit, lower end below", bought=replace(MUG, prices=(5.0, 35.2)), reward=3 / 4),
    Case(id="attribute only in a bullet", bought=replace(MUG, attributes=("microwave safe",)), reward=1.0),
    Case(
        id="attribute only in the description",
        bought=replace(MUG, bullets=(), description="It is DISHWASHER PROOF."),
        reward=1.0,
    ),
    Case(id="attribute only in the title", bought=replace(MUG, attributes=()), reward=1.0),
    Case(id="attribute missing", bought=replace(MUG, bullets=()), reward=3 / 4),
    Case(
        id="attribute in other order",
        bought=replace(MUG, bullets=(), attributes=("safe: Microwave", "proof dishwasher")),
        reward=1.0,
    ),
    Case(
        id="nothing but the type",
        bought=replace(MUG, title="Harbour Mug", bullets=(), attributes=(), prices=(99.0,)),
        chosen=(),
        reward=0.0,
    ),
    Case(
        id="other category, a title that hardly fits: half",
        bought=ELSEWHERE,
        goal=replace(WANTS_MUG, title="mug " + " ".join(TWENTY_WORDS.split()[1:6])),
        reward=0.5,
    ),
    Case(
        id="the same search makes up for the title",
        bought=replace(ELSEWHERE, query="coffee mugs"),
        goal=replace(WANTS_MUG, title="mug " + " ".join(TWENTY_WORDS.split()[1:6])),
        reward=1.0,
    ),
    Case(
        id="two common categories make up for the title",
        bought=replace(ELSEWHERE, category_path="Mugs› Home & Kitchen ›Toys"),
        goal=replace(WANTS_MUG, title="mug " + " ".join(TWENTY_WORDS.split()[1:6])),
        reward=1.0,
    ),
    Case(
        id="one word of twenty in common: a tenth, whatever the category",
        goal=replace(WANTS_MUG, title=TWENTY_WORDS),
        reward=0.1,
    ),
    Case(
        id="no word in common: nothing, whatever the category", bought=replace(MUG, title="Cup"), reward=0.0
    ),
    Case(
        id="a wanted title without nouns counts as 0.2", goal=replace(WANTS_MUG, title="for the"), reward=1.0
    ),
    Case(
        id="a wanted title without nouns, other category",
        bought=ELSEWHERE,
        goal=replace(WANTS_MUG, title="with 12 of the"),
        reward=0.5,
    ),
    Case(id="no options wanted", goal=replace(WANTS_MUG, options=()), chosen=(), reward=1.0),
    Case(id="another thing altogether", bought=LAMP, chosen=(), reward=0.0),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_purchase_is_worth_what_the_formula_says(case: Case) -> None:
    assert score(case.bought, case.chosen, case.goal).reward == pytest.approx(case.reward)


def test_a_score_says_what_it_is_made_of() -> None:
    scored = score(replace(MUG, bullets=(), prices=(21.0,)), ["tall"], WANTS_MUG)
    assert (scored.attributes_met, scored.options_met, scored.price_met) == (1, 0, False)
    assert scored.type_factor == scored.title_score == 1
    assert scored.reward == 1 / 4


def test_repeated_words_of_the_wanted_title_count_as_often_as_they_occur() -> None:
    goal = replace(WANTS_MUG, title="mug mug mug bowl")
    assert score(MUG, (), goal).title_score == 1 / 4


def test_another_tagger_may_say_what_the_nouns_are() -> None:
    def last_word(title: str) -> list[str]:
        return [title.split()[-1].lower()]

    bought = replace(MUG, title="Brass Reading Mug")
    goal = replace(WANTS_MUG, title="Stoneware Mug")
    assert score(bought, (), goal).title_score == 1 / 2
    assert score(bought, (), goal, noun_fn=last_word).title_score == 1
    assert score(LAMP, (), goal, noun_fn=last_word).reward == 0


@pytest.mark.parametrize(
    ("value", "colour"),
    [
        ("navy blue", "blue"),  # the first in the order of the list, not in the text
        ("light grey heather", "grey"),
        ("standard", "tan"),  # WebShop looks for letters, not for words
        ("xx-large", "xx-large"),
    ],
)
def test_a_value_stands_for_the_first_base_colour_it_contains(value: str, colour: str) -> None:
    assert base_colour(value) == colour


def test_base_colours_are_in_order_and_occur_once() -> None:
    assert list(BASE_COLOURS) == sorted(set(BASE_COLOURS))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("machine wash", "machine washable", True),  # 85.7, rounded up
        ("small", "x-small", True),  # one's words are among the other's
        ("100% cotton", "cotton 100", True),
        ("café chair", "caf chair", True),  # Latin-1 letters are dropped
        ("10 ounce", "20 ounce", True),
        ("16 ounce", "32 ounce", False),
        ("", "", False),
        ("easy clean", "easy to assemble", False),
    ],
)
def test_fuzzy_comparison_is_webshops(first: str, second: str, same: bool) -> None:
    assert alike(first, second) == alike(second, first) == same


def test_content_words_leave_out_function_words_and_numbers() -> None:
    assert content_words("The 12-Pack of Men's Socks, for him & 3x warm") == [
        "pack",
        "men's",
        "socks",
        "him",
        "x",
        "warm",
    ]


@given(
    bought=st.sampled_from(synthetic.products()),
    goal=st.sampled_from(synthetic.goals()),
    extra=st.lists(st.sampled_from(["blue", "king", "six bars", "nonsense"]), max_size=3),
    price=st.floats(0, 200),
)
def test_a_reward_lies_between_0_and_1_and_more_options_or_less_money_never_lower_it(
    bought: Product, goal: Goal, extra: list[str], price: float
) -> None:
    fewer = score(replace(bought, prices=(price,)), (), goal).reward
    more = score(replace(bought, prices=(price / 2,)), extra, goal).reward
    assert 0 <= fewer <= more <= 1
