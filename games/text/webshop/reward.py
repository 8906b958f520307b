"""The reward of a purchase, as WebShop computes it.

    r = r_type * (|wanted attributes met| + |wanted options met| + [price <= limit])
               / (|wanted attributes| + |wanted options| + 1)

One thing differs: WebShop takes the nouns of titles from a tagger of parts of speech. Here they are the
content words, all words but function words and numbers, unless another `noun_fn` is given.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.fuzz import token_set_ratio
from rapidfuzz.utils import default_process

from games.text.webshop.catalogue import PATH_SEPARATOR, Goal, Product

NounFn = Callable[[str], Sequence[str]]
"""The nouns of a title in lower case, repeated ones as often as they occur."""

MATCH_ABOVE = 85
LATIN_1 = dict.fromkeys(range(128, 256))
"""Characters that WebShop's fuzzy comparison drops."""

# WebShop's base colours in its order: a value stands for the first of them that it contains.
_COLOURS = """
    alabaster apricot aqua ash asphalt azure banana beige black blue blush bordeaux bronze brown burgundy
    camel camo caramel champagne charcoal cheetah chestnut chocolate christmas coffee cognac copper coral
    cranberry cream crystal dark denim eggplant elephant espresso fuchsia gold granite grape graphite grass
    gray green grey heather indigo ivory ivy khaki lavender lemon leopard light lilac lime magenta maroon
    mauve merlot midnight mint mocha multicolor mushroom mustard natural navy nude olive orange peach pewter
    pink plum purple rainbow red rose royal rust sand sapphire seashell silver skull slate steel stone
    stonewash sunflower tan taupe teal tiger turquoise violet walnut wheat white wine yellow
"""
BASE_COLOURS = tuple(_COLOURS.split())

_FUNCTION_WORDS = """
    a about above all also an and any are as at be been best both but by can each else every few for from
    get has have her his how i if in into is it its just made more most my new no not of off on one only or
    other our out over own per plus so some such than that the their them then there these they this those
    to too two under up upon use used using very via was we were what when which while who will with within
    without you your
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_WORD = re.compile(r"[^\W\d_][\w'-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """A reward and what it is made of."""

    reward: float
    type_factor: float
    title_score: float
    attributes_met: int
    options_met: int
    price_met: bool


def content_words(title: str) -> list[str]:
    """All words of a title but function words and numbers: what stands in for its nouns."""
    return [word for word in _WORD.findall(title.lower()) if word not in FUNCTION_WORDS]


def score(bought: Product, chosen: Iterable[str], goal: Goal, *, noun_fn: NounFn = content_words) -> Score:
    """What a purchase with the chosen option values is worth to the customer."""
    title_score = _title_score(bought.title, goal.title, noun_fn)
    type_factor = _type_factor(bought, goal, title_score)
    attributes_met = sum(_has_attribute(bought, attribute) for attribute in goal.attributes)
    options_met = _options_met(chosen, goal.options)
    price_met = bought.price <= goal.price_upper
    met = attributes_met + options_met + price_met
    return Score(
        reward=met / (len(goal.attributes) + len(goal.options) + 1) * type_factor,
        type_factor=type_factor,
        title_score=title_score,
        attributes_met=attributes_met,
        options_met=options_met,
        price_met=price_met,
    )


def alike(first: str, second: str) -> bool:
    """Whether two descriptions count as the same: their token-set ratio, rounded, is above 85."""
    ratio = token_set_ratio(first.translate(LATIN_1), second.translate(LATIN_1), processor=default_process)
    return round(ratio) > MATCH_ABOVE


def base_colour(value: str) -> str:
    """The base colour that an option's value stands for, or the value itself."""
    return next((colour for colour in BASE_COLOURS if colour in value), value)


def _title_score(bought: str, wanted: str, noun_fn: NounFn) -> float:
    wanted_nouns = noun_fn(wanted)
    if not wanted_nouns:
        return 0.2
    return len(set(noun_fn(bought)) & set(wanted_nouns)) / len(wanted_nouns)


def _type_factor(bought: Product, goal: Goal, title_score: float) -> float:
    if title_score == 0:
        return 0.0
    if title_score < 0.1:
        return 0.1
    same_query = bought.query == goal.query
    near = len(_path(bought.category_path) & _path(goal.category_path)) >= 2
    return 1.0 if same_query or near or title_score > 0.2 else 0.5


def _path(category_path: str) -> set[str]:
    return {name.strip() for name in category_path.split(PATH_SEPARATOR)}


def _has_attribute(product: Product, wanted: str) -> bool:
    if any(alike(attribute, wanted) for attribute in product.attributes):
        return True
    texts = product.title, " ".join(product.bullets), product.description
    return any(wanted in text.lower() for text in texts)


def _options_met(chosen: Iterable[str], wanted: Iterable[str]) -> int:
    colours = [base_colour(value) for value in chosen]
    return sum(any(alike(colour, base_colour(value)) for colour in colours) for value in wanted)
