"""The one protocol of vector indexes; `in_memory` is exact, `chroma` is kept on disk or on a server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import numpy as np

from memory.embedders import EmbedderMark, Vectors
from memory.errors import StoreError

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A vector with its id and what it can be filtered by."""

    id: str
    vector: Vectors
    metadata: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found; the score is the cosine, 1 for the same direction."""

    id: str
    score: float
    metadata: Mapping[str, Scalar]


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """Which entries count. An entry without the key is different from every value."""

    equals: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))
    differs: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))

    def holds(self, metadata: Mapping[str, Scalar]) -> bool:
        """Whether an entry with this metadata counts."""

        def same(key: str, value: Scalar) -> bool:
            there = metadata.get(key)
            return type(there) is type(value) and there == value

        return all(same(key, value) for key, value in self.equals.items()) and not any(
            same(key, value) for key, value in self.differs.items()
        )


EVERYTHING = Where()


class VectorIndex(Protocol):
    """Entries by id and by nearness. All vectors of an index come from one embedder."""

    @property
    def mark(self) -> EmbedderMark: ...

    def upsert(self, entries: Sequence[Entry]) -> None:
        """Add entries; one with a known id is replaced, metadata and all."""

    def query(self, vector: Vectors, k: int, where: Where = EVERYTHING) -> list[Hit]:
        """The k nearest, best first, equals by id."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove entries; unknown ids are no mistake."""

    def ids(self, where: Where = EVERYTHING) -> list[str]:
        """All ids in alphabetical order."""

    def values(self, key: str) -> dict[str, Scalar]:
        """What all entries that have this key hold under it, by id."""

    def damage(self) -> tuple[str, ...]:
        """Signs that vectors are lost, a line each; empty where all is well."""

    def __len__(self) -> int: ...


def unit(vectors: Vectors, mark: EmbedderMark) -> Vectors:
    """The vectors, one a row, at length one.

    Raises:
        StoreError: another dimension than the index has, or a vector without direction.
    """
    if vectors.ndim != 2 or vectors.shape[1] != mark.dimension:
        raise StoreError(
            f"vectors of shape {vectors.shape} do not fit an index of {mark.name}, which has "
            f"{mark.dimension} numbers each: rebuild the index with the embedder that you use now"
        )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
        raise StoreError("a vector is zero or not finite: the embedder is broken")
    return np.asarray(vectors / lengths, dtype=np.float32)


def refuse_other_embedder(where: str, found: EmbedderMark, asked: EmbedderMark) -> None:
    """Raises StoreError unless both are the same."""
    if found != asked:
        raise StoreError(
            f"{where} holds vectors of {found.name} ({found.dimension} numbers each), not of {asked.name} "
            f"({asked.dimension}): use that embedder, or rebuild the index"
        )
