"""The shop that comes with nimue: 600 invented products and 100 goals, the same on every machine.

Each goal has a family of six products: the one that is wanted; four near misses that differ in one wanted
attribute, in the other, in an option that is not to be had, or in a price above the limit; and a cousin, the
same ware with other features. In half of the families the second attribute stands on the Features page only.
"""

import hashlib
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product as pairs
from pathlib import Path
from random import Random

from pydantic import TypeAdapter

from games.text.webshop.catalogue import Goal, Product, goal_for

SEED = 4
FAMILIES_A_WARE = 5

_WARES = Path(__file__).with_name("wares.toml")
_FIRST_SYLLABLES = (
    "Al Bren Cor Dun El Far Gal Hol Is Jor Kel Lor Mar Nor Ost Pel Quin Ros Sel Tor Ul Ver Wen Yar"
)
_LAST_SYLLABLES = (
    "dale wick mont ford by den ica ley stad ton vale moor gate field haven bury crest holm lund more nest "
    "port rick side thorpe"
)
_WISHES = (
    "i am looking for a {one} that is {attributes}, with {options}",
    "find me a {one} which is {attributes}. it should come with {options}",
    "my next {one} should be {attributes}, and i would like {options}",
    "please get a {one} for me, one that is {attributes}. choose {options}",
    "do you have a {one} with {options}? it has to be {attributes}",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ware:
    """A kind of product, as `wares.toml` describes it."""

    title: str
    one: str
    path: str
    query: str
    category: str
    price: tuple[int, int]
    uses: tuple[str, ...]
    about: str
    attributes: tuple[str, ...]
    options: dict[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """A goal with the product that fits, and what surrounds it."""

    ware: Ware
    wanted: Product
    goal: Goal
    near_misses: Mapping[str, Product]
    """By what is wrong with them."""
    cousin: Product
    cousin_goal: Goal
    """None of the hundred: demonstrations may use it."""

    @property
    def products(self) -> tuple[Product, ...]:
        return self.wanted, *self.near_misses.values(), self.cousin


@dataclass(frozen=True, kw_only=True, slots=True)
class _Design:
    """What a product is to be, before it has a name."""

    attributes: tuple[str, ...]
    """Two that a customer may ask for, and one more."""
    offered: dict[str, tuple[str, ...]]
    price: float
    spread: float
    """How far the ends of the price range lie from its middle."""
    both_in_title: bool
    use: str


@cache
def read_wares() -> tuple[Ware, ...]:
    """All wares."""
    return TypeAdapter(tuple[Ware, ...]).validate_python(
        tomllib.loads(_WARES.read_text(encoding="utf-8"))["ware"]
    )


@cache
def families() -> tuple[Family, ...]:
    """All families: five of every ware."""
    brands = [first + last for first, last in pairs(_FIRST_SYLLABLES.split(), _LAST_SYLLABLES.split())]
    Random(SEED).shuffle(brands)
    unused = iter(brands)
    return tuple(
        _family(ware, Random(f"{SEED} {ware.title} {number}"), [next(unused) for _ in range(6)])
        for ware in read_wares()
        for number in range(FAMILIES_A_WARE)
    )


def products() -> tuple[Product, ...]:
    """All products, in an order that tells nothing."""
    found = [product for family in families() for product in family.products]
    Random(SEED).shuffle(found)
    return tuple(found)


def goals() -> tuple[Goal, ...]:
    """The hundred goals, in an order that mixes the wares."""
    found = [family.goal for family in families()]
    Random(SEED).shuffle(found)
    return tuple(found)


def spare_goals() -> tuple[Goal, ...]:
    """A hundred others, on other products."""
    return tuple(family.cousin_goal for family in families())


def solution(goal: Goal) -> list[str]:
    """Actions that buy what the goal was made from."""
    options = [f"click[{value}]" for value in goal.options]
    return [f"search[{goal.title}]", f"click[{goal.asin}]", *options, "click[Buy Now]"]


def _family(ware: Ware, draws: Random, brands: Sequence[str]) -> Family:
    wanted, other = _design(ware, draws), _design(ware, draws)
    first, second, third = wanted.attributes
    spare, *_ = [name for name in ware.attributes if name not in wanted.attributes]
    wishes = _wished_options(wanted, draws)
    limit = _next_ten(wanted.price)
    lacking, value = draws.choice(wishes)
    without = {**wanted.offered, lacking: tuple(v for v in ware.options[lacking] if v != value)}
    dear = limit + draws.randint(1, 12) + 0.99
    designs = {
        "wanted": wanted,
        "first attribute": replace(wanted, attributes=(spare, second, third)),
        "second attribute": replace(wanted, attributes=(first, spare, third)),
        "option": replace(wanted, offered=without),
        "price": replace(wanted, price=dear, spread=draws.choice((0.0, 14.0))),
        "cousin": other,
    }
    made = {
        name: _product(ware, design, brand)
        for (name, design), brand in zip(designs.items(), brands, strict=True)
    }
    product, cousin = made.pop("wanted"), made.pop("cousin")
    return Family(
        ware=ware,
        wanted=product,
        goal=_goal(ware, product, wanted, wishes, draws),
        near_misses=made,
        cousin=cousin,
        cousin_goal=_goal(ware, cousin, other, _wished_options(other, draws), draws),
    )


def _design(ware: Ware, draws: Random) -> _Design:
    offered = {}
    for name, values in ware.options.items():
        dropped = draws.choice(values) if len(values) > 2 else None
        offered[name] = tuple(value for value in values if value != dropped)
    return _Design(
        attributes=tuple(draws.sample(ware.attributes, 3)),
        offered=offered,
        price=draws.randint(*ware.price) + draws.choice((0.49, 0.99)),
        spread=draws.choice((0.0, 0.0, 2.0)),
        both_in_title=draws.random() < 0.5,
        use=draws.choice(ware.uses),
    )


def _wished_options(design: _Design, draws: Random) -> list[tuple[str, str]]:
    """One or two options that a customer cares for, with the value."""
    names = draws.sample(list(design.offered), draws.randint(1, len(design.offered)))
    return [(name, draws.choice(design.offered[name])) for name in names]


def _product(ware: Ware, design: _Design, brand: str) -> Product:
    first, second, third = (name.capitalize() for name in design.attributes)
    told = [first, second] if design.both_in_title else [first]
    low, high = design.price - design.spread, design.price + design.spread
    return Product(
        asin="B0" + hashlib.sha256(f"{SEED} {brand}".encode()).hexdigest()[:8].upper(),
        title=f"{brand} {ware.title} {design.use}, {', '.join(told)}",
        description=f"{brand} makes this {ware.one} {design.use.lower()}. {ware.about}",
        bullets=(third, second, first, ware.about),
        options=design.offered,
        attributes=design.attributes,
        query=ware.query,
        category=ware.category,
        category_path=ware.path,
        prices=(round(low, 2), round(high, 2)) if design.spread else (round(design.price, 2),),
    )


def _goal(
    ware: Ware, product: Product, design: _Design, wishes: Sequence[tuple[str, str]], draws: Random
) -> Goal:
    attributes = design.attributes[:2]
    return goal_for(
        product,
        instruction=draws.choice(_WISHES).format(
            one=ware.one,
            attributes=" and ".join(attributes),
            options=" and ".join(f"{name} {value}" for name, value in wishes),
        ),
        attributes=attributes,
        options=tuple(value for _, value in wishes),
        price_upper=_next_ten(product.price),
    )


def _next_ten(price: float) -> float:
    return 10.0 * (math.floor(price / 10) + 1)
