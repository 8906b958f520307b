"""A catalogue that can be searched: shared by all environments of a suite, and never changed."""

from collections.abc import Iterable
from functools import cached_property

from games.text.webshop.catalogue import Product
from games.text.webshop.search import ProductIndex


class Shop:
    """The products, by number and by words."""

    def __init__(self, products: Iterable[Product]) -> None:
        self.products = tuple(products)
        self.by_asin = {product.asin: product for product in self.products}

    def find(self, query: str) -> tuple[Product, ...]:
        """What a search lists, best first."""
        return self._index.find(query)

    @cached_property
    def _index(self) -> ProductIndex:
        return ProductIndex(self.products)
