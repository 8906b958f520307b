"""WebShop's own three files, unchanged: products, their attributes, and the instructions people wrote.

Products and attributes come as a thousand (`items_shuffle_1000.json`, `items_ins_v2_1000.json`) or all 1.18
million (without `_1000`); the instructions are `items_human_ins.json`. Goals get WebShop's numbers: they are
shuffled as its server shuffles them, so `fixed_7` means the same instruction, given the same files.

WebShop draws a goal's price limit from the next four tens above the product's price. Here it is the highest
of the four, the one drawn most often; where fewer than two are left below 1,000 there is no limit.
"""

import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError

from games.errors import GameError
from games.text.webshop.catalogue import NO_LIMIT, Goal, Product, goal_for
from games.text.webshop.faults import first_fault

SMALL = ("items_shuffle_1000.json", "items_ins_v2_1000.json")
WHOLE = ("items_shuffle.json", "items_ins_v2.json")
INSTRUCTIONS = "items_human_ins.json"

PRICE_WITHOUT_TAG = 100.0
LIMITS = tuple(10.0 * tens for tens in range(1, 100))
LIMITS_IN_REACH = 4
SHUFFLE_SEED = 233
LONGEST_ASIN = 10

_AMOUNT = re.compile(r"\$\s*([\d,]*\.?\d+)")

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficialData:
    """What the files hold."""

    products: tuple[Product, ...]
    goals: tuple[Goal, ...]
    """In WebShop's order."""
    digest: str
    """Changes when a file does."""


class _OptionRow(BaseModel):
    value: str


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _none_as_blank(value: object) -> object:
    return "" if value is None else value


def _nothing_as_empty(value: object) -> object:
    return value or {}


class _ProductRow(BaseModel):
    asin: str
    name: str
    full_description: Annotated[str, BeforeValidator(_none_as_blank)]
    small_description: Annotated[list[str], BeforeValidator(_listed)]
    pricing: str | None = None
    customization_options: Annotated[
        dict[str, list[_OptionRow] | None], BeforeValidator(_nothing_as_empty)
    ] = {}
    product_category: str
    query: str
    category: str


class _AttributesRow(BaseModel):
    attributes: list[str] = []


class _InstructionRow(BaseModel):
    instruction: str
    instruction_attributes: list[str]
    instruction_options: Annotated[list[str] | dict[str, str], BeforeValidator(_nothing_as_empty)]

    @property
    def option_values(self) -> tuple[str, ...]:
        """Values alone, whichever way they are written."""
        given = self.instruction_options
        return tuple(given.values() if isinstance(given, dict) else given)


def read_official(folder: Path) -> OfficialData:
    """The thousand products where the folder holds them, else all.

    Raises:
        GameError: a file is missing or not what it should be.
    """
    names = SMALL if (folder / SMALL[0]).is_file() else WHOLE
    rows, rows_digest = _read(folder / names[0], TypeAdapter(list[_ProductRow]))
    attributes, attributes_digest = _read(folder / names[1], TypeAdapter(dict[str, _AttributesRow]))
    wishes, wishes_digest = _read(folder / INSTRUCTIONS, TypeAdapter(dict[str, list[_InstructionRow]]))
    products = tuple(_products(rows, attributes))
    goals = [goal for product in products for goal in _goals(product, wishes.get(product.asin, []))]
    if not goals:
        raise GameError(f"{folder / INSTRUCTIONS} has no instruction for a product of {names[0]}")
    random.Random(SHUFFLE_SEED).shuffle(goals)
    return OfficialData(
        products=products,
        goals=tuple(goals),
        digest=f"{rows_digest}-{attributes_digest}-{wishes_digest}",
    )


def _read(path: Path, kind: TypeAdapter[Row]) -> tuple[Row, str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GameError(
            f"{path}: {error.strerror}; WebShop's data are {SMALL[0]} and {SMALL[1]} (or {WHOLE[0]} and "
            f"{WHOLE[1]}) with {INSTRUCTIONS} in one folder"
        ) from error
    try:
        return kind.validate_json(content), hashlib.sha256(content).hexdigest()[:8]
    except ValidationError as error:
        raise GameError(f"{path} is not WebShop's file: {first_fault(error)}") from error


def _products(rows: list[_ProductRow], attributes: Mapping[str, _AttributesRow]) -> Iterator[Product]:
    """Each product once; rows without a proper number are left out, as WebShop does."""
    seen = {"nan"}
    for row in rows:
        if row.asin in seen or len(row.asin) > LONGEST_ASIN:
            continue
        seen.add(row.asin)
        known = attributes.get(row.asin)
        yield Product(
            asin=row.asin,
            title=row.name,
            description=row.full_description,
            bullets=tuple(row.small_description),
            options={
                name.lower(): tuple(_option_value(option.value) for option in values)
                for name, values in row.customization_options.items()
                if values is not None
            },
            attributes=() if known is None else tuple(known.attributes),
            query=row.query.lower().strip(),
            category=row.category,
            category_path=row.product_category,
            prices=_prices(row.pricing),
        )


def _option_value(written: str) -> str:
    return written.strip().replace("/", " | ").lower()


def _prices(tag: str | None) -> tuple[float, ...]:
    """The first two amounts of a tag such as `$8.99 to $1,010.50`."""
    amounts = _AMOUNT.findall(tag or "")
    return tuple(float(amount.replace(",", "")) for amount in amounts[:2]) or (PRICE_WITHOUT_TAG,)


def _goals(product: Product, wishes: list[_InstructionRow]) -> Iterator[Goal]:
    reachable = [limit for limit in LIMITS if limit > product.price][:LIMITS_IN_REACH]
    for wish in wishes:
        if wish.instruction_attributes:
            yield goal_for(
                product,
                instruction=" ".join(wish.instruction.strip(".").split()),
                attributes=tuple(wish.instruction_attributes),
                options=wish.option_values,
                price_upper=reachable[-1] if len(reachable) > 1 else NO_LIMIT,
            )
