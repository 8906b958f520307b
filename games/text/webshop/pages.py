"""What the shop's pages say: pure text, buttons in square brackets, a chosen option in two of them."""

from collections.abc import Iterable, Mapping

from games.text.webshop.catalogue import Product

SEARCH = "Search"
BACK = "Back to Search"
NEXT = "Next >"
PREVIOUS = "< Prev"
BUY = "Buy Now"

LINKED_PAGES = ("Description", "Features", "Reviews")
UNLINKED_PAGE = "Attributes"


def start_page(instruction: str) -> str:
    """What is wanted, and the search box."""
    return _page("Instruction:", instruction, _button(SEARCH))


def results_page(shown: Iterable[Product], *, number: int, total: int, buttons: Iterable[str]) -> str:
    """Products with title and price, and the buttons to other pages of results."""
    products = (line for item in shown for line in (_button(item.asin), item.title, item.price_tag))
    top = f"Page {number} (Total results: {total})"
    return _page(_button(BACK), top, *map(_button, buttons), *products)


def item_page(product: Product, chosen: Mapping[str, str]) -> str:
    """A product with its options, and the buttons to its sub-pages and to buy it."""
    options = (
        name
        + " "
        + "".join(f"[{_button(value)}]" if chosen.get(name) == value else _button(value) for value in values)
        for name, values in product.options.items()
    )
    return _page(
        _button(BACK),
        _button(PREVIOUS),
        *options,
        product.title,
        f"Price: {product.price_tag}",
        "Rating: N.A.",
        *map(_button, LINKED_PAGES),
        _button(BUY),
    )


def sub_page(product: Product, name: str) -> str:
    """One of a product's sub-pages; nobody has written reviews."""
    told = {
        "Description": (product.description,),
        "Features": product.bullets,
        "Reviews": (),
        UNLINKED_PAGE: (*product.attributes, product.category, product.query, product.category_path),
    }
    return _page(_button(BACK), _button(PREVIOUS), *told[name])


def end_page(reward: float) -> str:
    """The score, and nothing else."""
    return f"Your score (min 0.0, max 1.0): {reward}"


def _button(label: str) -> str:
    return f"[{label}]"


def _page(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
