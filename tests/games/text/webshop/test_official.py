"""WebShop's own files, in small: what is read, what is left out, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from games.errors import GameError
from games.text.conformance import check_suite
from games.text.webshop.catalogue import NO_LIMIT, Product
from games.text.webshop.official import INSTRUCTIONS, SMALL, WHOLE, OfficialData, read_official
from games.text.webshop.suite import open_suite

Row = dict[str, Any]


def row(asin: str, **changes: object) -> Row:
    """A product as WebShop's file has it, with some of the fields that nobody reads."""
    return {
        "name": f"Kettle {asin}",
        "asin": asin,
        "brand": "Visit the store",
        "full_description": "Boils water.",
        "small_description": ["Steel", "Whistles"],
        "pricing": "$24.99",
        "list_price": "",
        "availability_quantity": None,
        "customization_options": {
            "Color": [{"is_selected": False, "value": " Red/Blue ", "image": "https://x"}]
        },
        "product_category": "Home & Kitchen › Kitchen & Dining › Kettles",
        "query": " Tea Kettles",
        "category": "garden",
        "images": ["https://x"],
        "aplus_present": "N/A",
    } | changes


def wish(instruction: str, attributes: list[str], options: object = ()) -> Row:
    return {
        "asin": "unread",
        "instruction": instruction,
        "instruction_attributes": attributes,
        "instruction_options": options,
        "worker_id": "w1",
    }


def write(
    folder: Path, products: list[Row], attributes: Row, wishes: Row, names: tuple[str, str] = SMALL
) -> Path:
    for name, content in zip((*names, INSTRUCTIONS), (products, attributes, wishes), strict=True):
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def read_one(folder: Path, **changes: object) -> Product:
    wishes = {"B000000001": [wish("i want it", ["steel"], [])]}
    data = read_official(write(folder, [row("B000000001", **changes)], {}, wishes))
    return data.products[0]


@pytest.fixture
def data(tmp_path: Path) -> OfficialData:
    products = [row(f"B{number:09}") for number in range(6)]
    attributes = {
        f"B{number:09}": {"attributes": ["steel kettle", "loud"], "instruction": None} for number in range(3)
    }
    wishes = {
        f"B{number:09}": [
            wish(f"i want kettle {number}.", ["loud"], ["red"]),
            wish(f"or {number}", ["steel"], []),
        ]
        for number in range(6)
    }
    return read_official(write(tmp_path, products, attributes, wishes))


def test_a_product_is_read_with_its_options_as_the_pages_write_them(data: OfficialData) -> None:
    first = data.products[0]
    assert (first.title, first.description, first.bullets) == (
        "Kettle B000000000",
        "Boils water.",
        ("Steel", "Whistles"),
    )
    assert first.options == {"color": ("red | blue",)}
    assert (first.query, first.category) == ("tea kettles", "garden")
    assert first.attributes == ("steel kettle", "loud")
    assert data.products[5].attributes == ()


@pytest.mark.parametrize(
    ("tag", "prices", "shown"),
    [
        ("$24.99", (24.99,), "$24.99"),
        ("$8.99 to $1,010.50", (8.99, 1010.5), "$8.99 to $1010.5"),
        ("$1.00 $2.00 $9.00", (1.0, 2.0), "$1.0 to $2.0"),
        ("", (100.0,), "$100.0"),
        (None, (100.0,), "$100.0"),
    ],
)
def test_prices_are_read_from_their_tags(
    tmp_path: Path, tag: str | None, prices: tuple[float, ...], shown: str
) -> None:
    product = read_one(tmp_path, pricing=tag)
    assert product.prices == prices
    assert product.price_tag == shown
    assert product.price == sum(prices) / len(prices)


@pytest.mark.parametrize("options", [None, "", {}, {"Size": None}])
def test_products_without_options_have_none(tmp_path: Path, options: object) -> None:
    assert read_one(tmp_path, customization_options=options).options == {}


def test_a_product_may_lack_a_description(tmp_path: Path) -> None:
    assert read_one(tmp_path, full_description=None).description == ""


def test_a_description_in_one_piece_is_one_bullet(tmp_path: Path) -> None:
    assert read_one(tmp_path, small_description="All in one").bullets == ("All in one",)


def test_repeated_and_misnumbered_products_are_left_out(tmp_path: Path) -> None:
    numbers = ["B000000001", "nan", "B00000000012", "B000000001", "B000000002"]
    wishes = {number: [wish("i want it", ["steel"])] for number in numbers}
    data = read_official(write(tmp_path, [row(number) for number in numbers], {}, wishes))
    assert [product.asin for product in data.products] == ["B000000001", "B000000002"]
    assert len(data.goals) == 2


def test_goals_come_in_the_order_of_webshops_server(data: OfficialData) -> None:
    shuffled = (
        "o2 o4 k0 o0 k2 o3 k3 o1 k4 k1 o5 k5"  # k: i want kettle, o: or; as WebShop's own code gave them
    )
    starts = {"k": "i want kettle", "o": "or"}
    expected = [f"{starts[name[0]]} {name[1]}" for name in shuffled.split()]
    assert [goal.instruction.split(",")[0] for goal in data.goals] == expected


def test_a_goal_asks_for_what_people_wrote_down(data: OfficialData) -> None:
    (goal,) = (goal for goal in data.goals if goal.instruction.startswith("i want kettle 4"))
    assert goal.instruction == "i want kettle 4, and price lower than 60.00 dollars"
    assert (goal.attributes, goal.options, goal.price_upper) == (("loud",), ("red",), 60.0)
    assert (goal.asin, goal.title, goal.query) == ("B000000004", "Kettle B000000004", "tea kettles")


@pytest.mark.parametrize(
    ("tag", "limit"),
    [("$9.99", 40.0), ("$10.00", 50.0), ("$965.00", 990.0), ("$975.00", 990.0), ("$985.00", NO_LIMIT)],
)
def test_the_limit_is_the_fourth_ten_above_the_price_and_none_near_a_thousand(
    tmp_path: Path, tag: str, limit: float
) -> None:
    wishes = {"B000000001": [wish("i want it", ["steel"])]}
    (goal,) = read_official(write(tmp_path, [row("B000000001", pricing=tag)], {}, wishes)).goals
    assert goal.price_upper == limit
    assert ("price lower than" in goal.instruction) == (limit != NO_LIMIT)


def test_wishes_without_attributes_are_no_goals_and_named_options_keep_their_values(tmp_path: Path) -> None:
    wishes = {
        "B000000001": [wish("anything", []), wish("this one", ["steel"], {"color": "red", "size": "xl"})]
    }
    (goal,) = read_official(write(tmp_path, [row("B000000001")], {}, wishes)).goals
    assert goal.options == ("red", "xl")


def test_the_thousand_are_read_before_all(tmp_path: Path) -> None:
    wishes = {"B000000001": [wish("i want it", ["steel"])]}
    write(tmp_path, [row("B000000001"), row("B000000002")], {}, wishes, WHOLE)
    assert len(read_official(tmp_path).products) == 2
    write(tmp_path, [row("B000000001")], {}, wishes, SMALL)
    assert len(read_official(tmp_path).products) == 1


def test_the_digest_changes_with_the_files(tmp_path: Path) -> None:
    wishes = {"B000000001": [wish("i want it", ["steel"])]}
    first = read_official(write(tmp_path, [row("B000000001")], {}, wishes)).digest
    assert read_official(tmp_path).digest == first
    assert read_official(write(tmp_path, [row("B000000001", pricing="$1")], {}, wishes)).digest != first


def test_a_missing_file_is_named_with_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(
        GameError, match=r"items_shuffle\.json: No such file.*items_human_ins\.json in one folder"
    ):
        read_official(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not WebShop's file: Invalid JSON"),
        ("{}", "is not WebShop's file: Input should be a valid array"),
        ('[{"asin": "B000000001"}]', r"Field required at 0\.name"),
    ],
)
def test_a_broken_file_is_named_with_the_place(tmp_path: Path, content: str, message: str) -> None:
    write(tmp_path, [], {}, {})
    (tmp_path / SMALL[0]).write_text(content)
    with pytest.raises(GameError, match=rf"items_shuffle_1000\.json.*{message}"):
        read_official(tmp_path)


def test_files_without_a_goal_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GameError, match=r"items_human_ins\.json has no instruction for a product"):
        read_official(write(tmp_path, [row("B000000001")], {}, {"B000000002": [wish("x", ["y"])]}))


def test_a_suite_over_the_files_keeps_the_promises_of_suites(tmp_path: Path) -> None:
    wishes = {
        "B000000001": [wish("i want it", ["steel"], ["red | blue"])],
        "B000000002": [wish("or this", ["loud"])],
    }
    write(tmp_path, [row("B000000001"), row("B000000002")], {}, wishes)
    suite = open_suite(tmp_path)
    check_suite(suite)
    assert [task.id for task in suite.tasks] == ["fixed_0", "fixed_1"]
    assert suite.origin.startswith("2 human goals of WebShop over 2 products")


def test_a_purchase_from_the_files_is_rewarded(tmp_path: Path) -> None:
    wishes = {"B000000001": [wish("i want a whistling kettle", ["whistles"], ["red | blue"])]}
    suite = open_suite(write(tmp_path, [row("B000000001")], {}, wishes))
    env = suite.make()
    env.reset(suite.tasks[0])
    for action in ("search[kettle]", "click[B000000001]", "click[red | blue]"):
        env.step(action)
    assert env.step("click[Buy Now]").success
