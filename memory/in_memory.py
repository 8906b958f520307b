"""The exact index: all vectors in one array, every query looks at all of them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from memory.embedders import EmbedderMark, Vectors
from memory.vectors import EVERYTHING, Entry, Hit, Scalar, Where, unit

_MISSING = -1
_FIRST_CAPACITY = 64


class InMemoryIndex:
    """Rows of an array that doubles when it is full; a deleted row is filled with the last one."""

    def __init__(self, mark: EmbedderMark) -> None:
        self.mark = mark
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._metadata: list[Mapping[str, Scalar]] = []
        self._vectors: Vectors = np.empty((_FIRST_CAPACITY, mark.dimension), np.float32)
        # Values of a key as small numbers, so that a filter is a comparison of arrays.
        self._codes: dict[str, NDArray[np.int32]] = {}
        self._values: dict[str, dict[tuple[type, Scalar], int]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def upsert(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        vectors = unit(np.stack([entry.vector for entry in entries]), self.mark)
        for entry, vector in zip(entries, vectors, strict=True):
            row = self._rows.get(entry.id)
            if row is None:
                row = self._new_row(entry.id)
            self._vectors[row] = vector
            self._metadata[row] = dict(entry.metadata)
            self._encode(row, entry.metadata)

    def query(self, vector: Vectors, k: int, where: Where = EVERYTHING) -> list[Hit]:
        (direction,) = unit(vector[np.newaxis], self.mark)
        chosen = np.flatnonzero(self._matching(where))
        if k < 1 or not len(chosen):
            return []
        scores = self._vectors[: len(self)] @ direction
        if len(chosen) < len(self):
            scores = scores[chosen]
        k = min(k, len(chosen))
        # Everything as good as the k-th is sorted by id, so that ties do not depend on the order of rows.
        threshold = np.partition(scores, -k)[-k]
        best = np.flatnonzero(scores >= threshold)
        hits = [
            Hit(self._ids[row], float(score), self._metadata[row])
            for row, score in zip(chosen[best].tolist(), scores[best].tolist(), strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k]

    def delete(self, ids: Sequence[str]) -> None:
        for name in ids:
            row = self._rows.pop(name, None)
            if row is None:
                continue
            last = len(self._ids) - 1
            if row != last:
                self._ids[row] = self._ids[last]
                self._rows[self._ids[row]] = row
                self._metadata[row] = self._metadata[last]
                self._vectors[row] = self._vectors[last]
                for codes in self._codes.values():
                    codes[row] = codes[last]
            self._vectors[last] = 0
            self._ids.pop()
            self._metadata.pop()

    def ids(self, where: Where = EVERYTHING) -> list[str]:
        return sorted(self._ids[row] for row in np.flatnonzero(self._matching(where)))

    def values(self, key: str) -> dict[str, Scalar]:
        return {
            name: metadata[key]
            for name, metadata in zip(self._ids, self._metadata, strict=True)
            if key in metadata
        }

    def damage(self) -> tuple[str, ...]:
        return ()

    def _matching(self, where: Where) -> NDArray[np.bool_]:
        matching = np.ones(len(self), np.bool_)
        for key, value in where.equals.items():
            code = self._code(key, value)
            matching &= (self._codes[key][: len(self)] == code) if code is not None else False
        for key, value in where.differs.items():
            code = self._code(key, value)
            if code is not None:
                matching &= self._codes[key][: len(self)] != code
        return matching

    def _code(self, key: str, value: Scalar) -> int | None:
        return self._values.get(key, {}).get((type(value), value))

    def _new_row(self, name: str) -> int:
        row = len(self._ids)
        if row == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.empty_like(self._vectors)])
            for key, codes in self._codes.items():
                self._codes[key] = np.concatenate([codes, np.full_like(codes, _MISSING)])
        self._ids.append(name)
        self._metadata.append({})
        self._rows[name] = row
        return row

    def _encode(self, row: int, metadata: Mapping[str, Scalar]) -> None:
        for key in metadata.keys() - self._codes.keys():
            self._codes[key] = np.full(len(self._vectors), _MISSING, np.int32)
            self._values[key] = {}
        for key, codes in self._codes.items():
            if key in metadata:
                value = metadata[key]
                known = self._values[key]
                codes[row] = known.setdefault((type(value), value), len(known))
            else:
                codes[row] = _MISSING
