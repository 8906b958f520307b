"""What the shop sells and what a customer wants, whichever files they come from."""

from collections.abc import Mapping
from dataclasses import dataclass

PATH_SEPARATOR = "›"
NO_LIMIT = 1_000_000.0
"""The price limit of a goal that names none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """Something that can be bought."""

    asin: str
    title: str
    description: str
    bullets: tuple[str, ...]
    """The points of the Features page."""
    options: Mapping[str, tuple[str, ...]]
    """What can be chosen: the values of each option, lower-cased."""
    attributes: tuple[str, ...]
    """What the product is known to be; part of the reward, and of no page that is linked."""
    query: str
    """The search that the product was collected with: its fine category."""
    category: str
    """The department, such as `garden`."""
    category_path: str
    """The path of categories, such as `Pet Supplies › Dogs › Beds`."""
    prices: tuple[float, ...]
    """The price, or the lowest and the highest."""

    @property
    def price(self) -> float:
        """What it costs: the mean of its range (ExpeL; WebShop draws from the range)."""
        return sum(self.prices) / len(self.prices)

    @property
    def price_tag(self) -> str:
        return " to ".join(f"${price}" for price in self.prices)

    @property
    def search_text(self) -> str:
        """What a search is compared with: title, description, first bullet and options."""
        options = ", and ".join(f"{name}: {', '.join(values)}" for name, values in self.options.items())
        return " ".join([self.title, self.description, *self.bullets[:1], options]).lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What a customer wants: the features of one product, which need not be the one that is bought."""

    asin: str
    instruction: str
    """All that the actor is told, the price limit included."""
    attributes: tuple[str, ...]
    options: tuple[str, ...]
    """Option values to be chosen, whatever the options are called."""
    price_upper: float
    title: str
    query: str
    category_path: str


def goal_for(
    product: Product,
    *,
    instruction: str,
    attributes: tuple[str, ...],
    options: tuple[str, ...],
    price_upper: float,
) -> Goal:
    """A customer's wish for a product; the price limit is said at the end of the instruction."""
    limit = "" if price_upper == NO_LIMIT else f", and price lower than {price_upper:.2f} dollars"
    return Goal(
        asin=product.asin,
        instruction=instruction + limit,
        attributes=attributes,
        options=options,
        price_upper=price_upper,
        title=product.title,
        query=product.query,
        category_path=product.category_path,
    )
