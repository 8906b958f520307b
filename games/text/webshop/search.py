"""Full-text search over the products: BM25 with the constants of WebShop's own engine.

WebShop searches with Lucene through Pyserini (k1 = 0.9, b = 0.4, English stop words, Porter stems). Here
words only lose their plural (Harman's S-stemmer), so ranks can differ from Lucene's. Products that score
the same keep the catalogue's order, on every machine.
"""

import re
from collections.abc import Sequence

import numpy as np

from games.text.webshop.catalogue import Product

MAX_HITS = 50
_WORD = re.compile(r"[a-z0-9]+")

_LUCENE_STOP_WORDS = """
    a an and are as at be but by for if in into is it no not of on or such that the their then there these
    they this to was will with
"""
STOP_WORDS = frozenset(_LUCENE_STOP_WORDS.split())


class ProductIndex:
    """Finds products by words."""

    def __init__(self, products: Sequence[Product]) -> None:
        from bm25s import BM25  # takes half a second with what it imports

        self._products = products
        self._bm25 = BM25(k1=0.9, b=0.4, method="lucene")
        self._bm25.index([words(product.search_text) for product in products], show_progress=False)

    def find(self, query: str) -> tuple[Product, ...]:
        """The best matches, at most 50, best first; products without a word of the query are none."""
        known = [word for word in words(query) if word in self._bm25.vocab_dict]
        if not known:
            return ()
        scores = self._bm25.get_scores(known)
        best = np.argsort(-scores, kind="stable")[:MAX_HITS]
        return tuple(self._products[place] for place in best if scores[place] > 0)


def words(text: str) -> list[str]:
    """The words that are searched for, in the singular."""
    return [_singular(word) for word in _WORD.findall(text.lower()) if word not in STOP_WORDS]


def _singular(word: str) -> str:
    """Harman's S-stemmer (How Effective is Suffixing?, 1991)."""
    if len(word) < 4 or not word.endswith("s"):
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    return word if word[-2] in "us" else word[:-1]
