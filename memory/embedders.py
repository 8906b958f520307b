"""From texts to unit vectors. Vectors of different embedders are never compared, so each says who it is."""

import hashlib
import math
import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from memory.errors import StoreError

Vectors = NDArray[np.float32]

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class EmbedderMark:
    """Who made a vector: the name covers version and weights."""

    name: str
    dimension: int


class Embedder(Protocol):
    """Makes one vector of length one for each text, the same for the same text."""

    @property
    def mark(self) -> EmbedderMark: ...

    def embed(self, texts: Sequence[str]) -> Vectors: ...


class HashingEmbedder:
    """Words and pairs of words, hashed into signed buckets: needs no model and no download.

    Texts are alike as far as they share words; it knows no synonyms.
    """

    def __init__(self, dimension: int = 512) -> None:
        self.mark = EmbedderMark(f"hashing-1-{dimension}", dimension)

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._embedded(text) for text in texts]) if texts else self._nothing()

    def _nothing(self) -> Vectors:
        return np.empty((0, self.mark.dimension), np.float32)

    def _embedded(self, text: str) -> Vectors:
        words = _WORD.findall(text.casefold())
        # The empty feature keeps a text without words from being the zero vector.
        features = Counter(["", *words, *map(" ".join, pairwise(words))])
        vector = np.zeros(self.mark.dimension, np.float32)
        for feature, count in features.items():
            digest = hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest()
            number = int.from_bytes(digest, "little")
            sign = 1 if number & 1 else -1
            vector[(number >> 1) % self.mark.dimension] += sign * (1 + math.log(count))
        length = float(np.linalg.norm(vector))
        if length == 0:  # opposite signs met in every bucket
            vector[0] = length = 1.0
        return vector / np.float32(length)


class CachingEmbedder:
    """Another embedder that is asked only once for a text, as long as the text is among the last used.

    Kept in memory alone: a vector tells much of its text, and what is forgotten must not linger in a file.
    """

    def __init__(self, embedder: Embedder, *, capacity: int = 10_000) -> None:
        self.mark = embedder.mark
        self._embedder = embedder
        self._capacity = capacity
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._guard = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.mark.dimension), np.float32)
        with self._guard:
            new = list(dict.fromkeys(text for text in texts if text not in self._known))
            self._known.update(zip(new, self._embedder.embed(new), strict=True))
            for place, text in enumerate(texts):
                vectors[place] = self._known[text]
                self._known.move_to_end(text)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)
        return vectors


def open_embedder(name: str, folder: Path | None = None) -> Embedder:
    """`hash`, which needs no model, or `minilm`, whose files lie in `folder`; with a cache.

    Raises:
        StoreError: no embedder is called so, or its files are missing.
    """
    if name == "hash":
        return CachingEmbedder(HashingEmbedder())
    if name == "minilm":
        from memory.minilm import MiniLMEmbedder

        if folder is None:
            raise StoreError("the embedder minilm needs the folder of its model: name it, or take `hash`")
        return CachingEmbedder(MiniLMEmbedder(folder))
    raise StoreError(f"no embedder is called {name!r}: take hash or minilm")
