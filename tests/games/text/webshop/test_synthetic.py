"""The bundled shop: its size, its variety, and that near misses are misses."""

import re
from itertools import combinations

import pytest

from games.text.webshop import synthetic
from games.text.webshop.catalogue import Goal, Product
from games.text.webshop.reward import alike, base_colour, score


def best_choice(product: Product, goal: Goal) -> list[str]:
    """The wanted option values that the product offers."""
    offered = {value for values in product.options.values() for value in values}
    return [value for value in goal.options if value in offered]


def test_there_are_600_products_in_at_least_12_categories_and_100_goals() -> None:
    products = synthetic.products()
    assert len(products) == len({product.asin for product in products}) == 600
    assert len({product.title for product in products}) == 600
    assert len({product.category_path for product in products}) == 20
    assert len({product.category_path.split(" › ")[0] for product in products}) >= 12
    goals = synthetic.goals()
    assert (
        len(goals) == len({goal.asin for goal in goals}) == len({goal.instruction for goal in goals}) == 100
    )


def test_products_are_as_the_original_files_have_them() -> None:
    for product in synthetic.products():
        assert len(product.asin) == 10
        assert product.query == product.query.lower()
        assert all(value == value.strip().lower() for values in product.options.values() for value in values)
        assert 0 < product.prices[0] <= product.prices[-1]
        assert len(product.prices) in (1, 2)


@pytest.mark.parametrize("what", ["first attribute", "second attribute", "option", "price"])
def test_a_near_miss_fails_in_exactly_one_thing(what: str) -> None:
    for family in synthetic.families():
        goal = family.goal
        scored = score(family.near_misses[what], best_choice(family.near_misses[what], goal), goal)
        failed = {
            "attribute": len(goal.attributes) - scored.attributes_met,
            "option": len(goal.options) - scored.options_met,
            "price": int(not scored.price_met),
        }
        assert scored.type_factor == 1
        assert failed == {"attribute": 0, "option": 0, "price": 0} | {what.split()[-1]: 1}, goal.instruction


def test_the_wanted_product_is_worth_everything_and_half_of_the_goals_have_no_other_of_their_ware() -> None:
    alone = 0
    for goal in synthetic.goals():
        perfect = [
            product.asin
            for product in synthetic.products()
            if product.query == goal.query and score(product, best_choice(product, goal), goal).reward == 1
        ]
        assert goal.asin in perfect
        alone += len(perfect) == 1
    assert alone >= 50


def test_goals_vary_in_what_they_ask_for() -> None:
    goals = synthetic.goals()
    assert {len(goal.options) for goal in goals} == {1, 2}
    assert len({goal.attributes for goal in goals}) > 80
    assert len({goal.price_upper for goal in goals}) >= 8
    on_features_page = [family for family in synthetic.families() if not _in_title(family)]
    assert 30 <= len(on_features_page) <= 70


def test_instructions_name_all_that_is_wanted() -> None:
    for goal in (*synthetic.goals(), *synthetic.spare_goals()):
        for wanted in (*goal.attributes, *goal.options):
            assert wanted in goal.instruction
        assert goal.instruction.endswith(f"price lower than {goal.price_upper:.2f} dollars")
        assert re.fullmatch(r"[a-z0-9 ,.?]+", goal.instruction)


def test_spare_goals_are_on_other_products_than_the_hundred() -> None:
    spare = {goal.asin for goal in synthetic.spare_goals()}
    assert len(spare) == 100
    assert not spare & {goal.asin for goal in synthetic.goals()}


@pytest.mark.parametrize("ware", synthetic.read_wares(), ids=lambda ware: ware.title)
def test_no_attribute_or_option_of_a_ware_passes_for_another(ware: synthetic.Ware) -> None:
    for first, second in combinations(ware.attributes, 2):
        assert not alike(first, second)
        assert first not in second and second not in first
    values = [value for given in ware.options.values() for value in given]
    for one, other in combinations(values, 2):
        assert not alike(base_colour(one), base_colour(other)), (one, other)
    for attribute in ware.attributes:
        assert attribute not in f"{ware.about} {ware.title} {ware.uses}".lower()


def _in_title(family: synthetic.Family) -> bool:
    return family.goal.attributes[1] in family.wanted.title.lower()
