"""Chroma as a vector index: a folder on disk, or a server by URL.

Embeddings are always ours: a collection that is opened without naming its embedding function gets Chroma's
default one, which downloads a model at its first use. Texts are not stored here, only ids, vectors and what
they are filtered by.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

import numpy as np

from memory.embedders import EmbedderMark, Vectors
from memory.errors import StoreError
from memory.vectors import EVERYTHING, Entry, Hit, Scalar, Where, refuse_other_embedder, unit

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

_T = TypeVar("_T")

# Fixed when a collection is made. Wider than Chroma's defaults (16, 100, 100): recall@10 of .996 at 20,000
# vectors (benchmarks/memory_recall.py).
_HNSW = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 300}


def open_chroma(location: Path | str) -> "ClientAPI":
    """A client of a folder, or of the server at an `http://` or `https://` address.

    Raises:
        StoreError: the folder is broken or no server answers.
    """
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    settings = Settings(anonymized_telemetry=False)
    try:
        if isinstance(location, Path):
            return chromadb.PersistentClient(path=location, settings=settings)
    except (ChromaError, OSError) as problem:
        raise StoreError(
            f"Chroma's folder {location} cannot be opened: {problem}; remove it and rebuild the index"
        ) from problem
    address = urlsplit(location)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise StoreError(f"{location!r} is no address of a Chroma server: write http://HOST:PORT")
    encrypted = address.scheme == "https"
    port = address.port or (443 if encrypted else 80)
    try:
        return chromadb.HttpClient(host=address.hostname, port=port, ssl=encrypted, settings=settings)
    except (ChromaError, OSError, ValueError) as problem:  # ValueError where nothing answers
        raise StoreError(
            f"no Chroma server answers at {location}: {problem}; start one with `chroma run`"
        ) from problem


class ChromaIndex:
    """One collection, made for one embedder and refused to all others."""

    def __init__(self, client: "ClientAPI", name: str, mark: EmbedderMark) -> None:
        """Open the collection, or make it.

        Raises:
            StoreError: it holds vectors of another embedder, or was not made here.
        """
        self.mark = mark
        self.name = collection_name(name)
        self._batch = client.get_max_batch_size()
        self._collection = _opened(client, self.name, mark)

    def __len__(self) -> int:
        return self._collection.count()

    def upsert(self, entries: Sequence[Entry]) -> None:
        latest = list({entry.id: entry for entry in entries}.values())
        for batch in self._batches(latest):
            vectors = unit(np.stack([entry.vector for entry in batch]), self.mark)
            names = [entry.id for entry in batch]
            self._collection.delete(ids=names)  # an upsert alone would keep old keys of the metadata
            self._collection.add(
                ids=names,
                embeddings=vectors,
                metadatas=[dict(entry.metadata) for entry in batch],
            )

    def query(self, vector: Vectors, k: int, where: Where = EVERYTHING) -> list[Hit]:
        direction = unit(vector[np.newaxis], self.mark)
        if k < 1 or not len(self):
            return []
        found = self._collection.query(
            query_embeddings=direction,
            n_results=k,
            where=_condition(where),
            include=["metadatas", "distances"],
        )
        metadatas = cast("list[list[Mapping[str, Scalar]]]", found["metadatas"])
        distances = cast("list[list[float]]", found["distances"])
        hits = [
            Hit(name, 1.0 - float(distance), dict(metadata))
            for name, distance, metadata in zip(found["ids"][0], distances[0], metadatas[0], strict=True)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))

    def delete(self, ids: Sequence[str]) -> None:
        for batch in self._batches(list(ids)):
            self._collection.delete(ids=batch)

    def ids(self, where: Where = EVERYTHING) -> list[str]:
        return sorted(self._collection.get(where=_condition(where), include=[])["ids"])

    def _batches(self, items: list[_T]) -> Iterator[list[_T]]:
        for start in range(0, len(items), self._batch):
            yield items[start : start + self._batch]


def collection_name(name: str) -> str:
    """A name Chroma takes: 3 to 512 of letters, digits, dot, dash and underscore, ends alphanumeric."""
    plain = re.sub(r"[^a-zA-Z0-9._-]+", "-", name).strip("._-")
    if not plain:
        raise StoreError(f"{name!r} has no letter or digit to name a collection by")
    return f"exp-{plain}"[:512].rstrip("._-")


def remove_collection(client: "ClientAPI", name: str) -> None:
    """Drop a collection with all its vectors; one that is not there is no mistake."""
    from chromadb.errors import NotFoundError

    try:
        client.delete_collection(collection_name(name))
    except NotFoundError:
        return


def _opened(client: "ClientAPI", name: str, mark: EmbedderMark) -> "Collection":
    from chromadb.errors import NotFoundError

    try:
        collection = client.get_collection(name, embedding_function=None)
    except NotFoundError:
        return client.create_collection(
            name,
            metadata={"embedder": mark.name, "dimension": mark.dimension},
            configuration={"hnsw": cast("Any", _HNSW)},
            embedding_function=None,
        )
    kept = collection.metadata or {}
    if "embedder" not in kept or "dimension" not in kept:
        raise StoreError(f"collection {name!r} was not made by nimue: name another folder or domain")
    refuse_other_embedder(
        f"collection {name!r}", EmbedderMark(str(kept["embedder"]), int(kept["dimension"])), mark
    )
    return collection


def _condition(where: Where) -> Any:
    terms = [{key: {"$eq": value}} for key, value in where.equals.items()]
    terms += [{key: {"$ne": value}} for key, value in where.differs.items()]
    if not terms:
        return None
    return terms[0] if len(terms) == 1 else {"$and": terms}
