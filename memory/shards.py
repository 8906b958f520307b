"""One index made of many: entries that are asked for together lie together.

The keys that every recall fixes (kind, outcome, phase, mostly the kind of task) choose the parts, so that a
query reads only what can match. Chroma in particular looks up a filter in its tables before it searches,
which takes a quarter of a second at 100,000 entries.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self

import numpy as np

from memory.embedders import EmbedderMark, Vectors
from memory.errors import StoreError
from memory.vectors import EVERYTHING, Entry, Hit, Scalar, VectorIndex, Where, unit

SHARD_KEYS = ("kind", "env_name", "outcome", "phase")

Shard = tuple[Scalar | None, ...]
"""The values of the keys, None where an entry has none."""


class ShardedIndex:
    """Routes entries to one index for each combination of the keys' values."""

    def __init__(
        self,
        mark: EmbedderMark,
        make: Callable[[Shard], VectorIndex],
        *,
        keys: Sequence[str] = SHARD_KEYS,
        known: Iterable[Shard] = (),
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        """`make` opens or makes a part; `known` are the parts that are there already."""
        self.mark = mark
        self._make = make
        self._keys = tuple(keys)
        self._on_close = on_close
        self._parts = {shard: make(shard) for shard in known}
        self._places: dict[str, Shard] | None = None
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder or of the server."""
        self._on_close()

    def __len__(self) -> int:
        return sum(map(len, self._parts.values()))

    def upsert(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        unit(np.stack([entry.vector for entry in entries]), self.mark)  # all or none
        by_shard: dict[Shard, list[Entry]] = defaultdict(list)
        moved: dict[Shard, list[str]] = defaultdict(list)
        with self._writing() as places:
            for entry in {entry.id: entry for entry in entries}.values():
                shard = self._shard(entry.metadata)
                by_shard[shard].append(entry)
                if places.get(entry.id, shard) != shard:
                    moved[places[entry.id]].append(entry.id)
            for shard, names in moved.items():
                self._parts[shard].delete(names)
            for shard, group in by_shard.items():
                if shard not in self._parts:
                    self._parts[shard] = self._make(shard)
                self._parts[shard].upsert(group)
                places.update((entry.id, shard) for entry in group)

    def query(self, vector: Vectors, k: int, where: Where = EVERYTHING) -> list[Hit]:
        unit(vector[np.newaxis], self.mark)
        parts, rest = self._matching(where)
        if len(parts) > 1:
            with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as pool:
                found = list(pool.map(lambda part: part.query(vector, k, rest), parts))
        else:
            found = [part.query(vector, k, rest) for part in parts]
        return sorted((hit for hits in found for hit in hits), key=lambda hit: (-hit.score, hit.id))[:k]

    def delete(self, ids: Sequence[str]) -> None:
        by_shard: dict[Shard, list[str]] = defaultdict(list)
        with self._writing() as places:
            for name in set(ids) & places.keys():
                by_shard[places.pop(name)].append(name)
            for shard, names in by_shard.items():
                self._parts[shard].delete(names)

    def ids(self, where: Where = EVERYTHING) -> list[str]:
        parts, rest = self._matching(where)
        return sorted(name for part in parts for name in part.ids(rest))

    def values(self, key: str) -> dict[str, Scalar]:
        merged: dict[str, Scalar] = {}
        for part in self._parts.values():
            merged |= part.values(key)
        return merged

    def damage(self) -> tuple[str, ...]:
        return tuple(line for part in self._parts.values() for line in part.damage())

    @contextmanager
    def _writing(self) -> Iterator[dict[str, Shard]]:
        """The part of each entry; read at the first write, as a writer is alone."""
        if self._failed:
            raise StoreError("an earlier write to this index failed: open the memory again to go on")
        if self._places is None:
            self._places = {name: shard for shard, part in self._parts.items() for name in part.ids()}
        try:
            yield self._places
        except BaseException:
            self._failed = True  # after a full disk Chroma would hang at the next write in this process
            raise

    def _shard(self, metadata: Mapping[str, Scalar]) -> Shard:
        return tuple(metadata.get(key) for key in self._keys)

    def _matching(self, where: Where) -> tuple[list[VectorIndex], Where]:
        """The parts that can hold matches, and what remains to be asked of each."""
        parts = [
            part
            for shard, part in self._parts.items()
            if all(
                where.equals.get(key, value) == value
                and (key not in where.differs or where.differs[key] != value)
                for key, value in zip(self._keys, shard, strict=True)
            )
        ]
        return parts, Where(
            equals={key: value for key, value in where.equals.items() if key not in self._keys},
            differs={key: value for key, value in where.differs.items() if key not in self._keys},
        )
