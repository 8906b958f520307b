"""From texts to unit vectors. Vectors of different embedders are never compared, so each says who it is."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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
