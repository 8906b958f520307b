"""Pages by title, and the titles that come nearest where there is none (BM25 of `bm25s`)."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import count

import numpy as np
from numpy.typing import NDArray

from games.text.docstore.pages import Page, title_key

TITLE_WEIGHT = 4.0
"""A match in the title counts this many times one in the text: people search for names."""
LEAD_WORDS = 60
"""Of a page's text, only so many words are ranked: what it is about stands first, and an index over all words
of a large encyclopedia would take minutes to build."""
_WORDS = re.compile(r"\w+")


class Docstore:
    """Pages that can be found by their title or another name, whatever the case."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self.pages = tuple(pages)
        self._exact = {page.title: page for page in reversed(self.pages)}
        # Titles come before aliases, and the earlier page before the later.
        self._by_key: dict[str, Page] = {}
        for page in self.pages:
            self._by_key.setdefault(title_key(page.title), page)
        for page in self.pages:
            for alias in page.aliases:
                self._by_key.setdefault(title_key(alias), page)

    def find(self, title: str) -> Page | None:
        """The page of this title, however it is written, or of this other name."""
        return self._exact.get(title.strip()) or self._by_key.get(title_key(title))

    def similar(self, title: str, at_most: int) -> tuple[str, ...]:
        """Titles of pages that have words of this one in their title or text, the nearest first."""
        words = _words(title)
        if not words or not self.pages:
            return ()
        scores = TITLE_WEIGHT * self._titles.scores(words) + self._texts.scores(words)
        # Rounded, so that equal pages stay in the order of the store whatever the sum's order was.
        nearest = np.argsort(-np.round(scores, 4), kind="stable")
        found = (self.pages[place] for place in nearest if scores[place] > 0)
        chosen = (page.title for page in found if not page.lists_namesakes)
        return tuple(title for title, _ in zip(chosen, range(at_most), strict=False))

    @cached_property
    def digest(self) -> str:
        """Changes when a page does."""
        state = hashlib.sha256()
        for page in self.pages:
            for text in (page.title, *page.paragraphs, "", *page.aliases):
                state.update(text.encode())
                state.update(b"\0")
        return state.hexdigest()[:12]

    @cached_property
    def _titles(self) -> "_Ranking":
        return _Ranking(_words(" ".join((page.title, *page.aliases))) for page in self.pages)

    @cached_property
    def _texts(self) -> "_Ranking":
        return _Ranking(_words(" ".join(page.paragraphs))[:LEAD_WORDS] for page in self.pages)


class _Ranking:
    """BM25 over one list of words a page."""

    def __init__(self, pages: Iterable[Sequence[str]]) -> None:
        from bm25s import BM25  # half a second: only who misses a title pays it
        from bm25s.tokenization import Tokenized

        # Numbered here and not by bm25s, whose order of words follows the hash seed of the process.
        numbers: dict[str, int] = defaultdict(count().__next__)
        numbered = [[numbers[word] for word in words] for words in pages]
        self._numbers = dict(numbers)
        self._num_pages = len(numbered)
        self._bm25 = BM25()
        if numbers:
            self._bm25.index(Tokenized(ids=numbered, vocab=dict(numbers)), show_progress=False)

    def scores(self, words: Sequence[str]) -> NDArray[np.float32]:
        known = [self._numbers[word] for word in words if word in self._numbers]
        if not known:
            return np.zeros(self._num_pages, np.float32)
        scores: NDArray[np.float32] = self._bm25.get_scores_from_ids(known)
        return scores


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())
