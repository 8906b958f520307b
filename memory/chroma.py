"""Chroma as a vector index: a folder on disk, or a server by URL.

Embeddings are always ours: a collection that is opened without naming its embedding function gets Chroma's
default one, which downloads a model at its first use. Texts are not stored here, only ids, vectors and what
they are filtered by.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

import numpy as np

from memory.embedders import EmbedderMark, Vectors
from memory.errors import StoreError
from memory.shards import SHARD_KEYS, Shard, ShardedIndex
from memory.vectors import EVERYTHING, Entry, Hit, Scalar, Where, refuse_other_embedder, unit

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

_T = TypeVar("_T")

# Fixed when a collection is made. Wider than Chroma's defaults (16, 100, 100): recall@10 of 1.0 at 100,000
# vectors (benchmarks/memory_recall.py). A query reads again what is not synced yet, so that is kept short.
_HNSW = {
    "space": "cosine",
    "max_neighbors": 32,
    "ef_construction": 200,
    "ef_search": 300,
    "batch_size": 50,
    "sync_threshold": 100,
}
_OVERFETCH = (4, 16)  # times k entries are looked at for k that match, before Chroma's own filter is asked
_DEEPEST = 400
_SAMPLE = 200  # vectors looked at to see whether they are there
_PAGE = 10_000  # entries fetched at once; more would be too many variables for Chroma's SQL
_FILE_NAME = "chroma.sqlite3"


def open_chroma(location: Path | str) -> "Client":
    """A client of a folder, or of the server at an `http://` or `https://` address.

    Raises:
        StoreError: the folder is broken or foreign, or no server answers.
    """
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    settings = Settings(anonymized_telemetry=False)
    if isinstance(location, Path):
        _refuse_foreign(location)
        try:
            return cast("Client", chromadb.PersistentClient(path=location, settings=settings))
        except (ChromaError, OSError) as problem:
            # Chroma would hand out the half-open one again, even after the folder is mended.
            SharedSystemClient._identifier_to_system.pop(str(location), None)
            raise StoreError(
                f"Chroma's folder {location} cannot be opened: {problem}; remove it and rebuild the index"
            ) from problem
    address = urlsplit(location)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise StoreError(f"{location!r} is no address of a Chroma server: write http://HOST:PORT")
    encrypted = address.scheme == "https"
    port = address.port or (443 if encrypted else 80)
    try:
        client = chromadb.HttpClient(host=address.hostname, port=port, ssl=encrypted, settings=settings)
    except (ChromaError, OSError, ValueError) as problem:  # ValueError where nothing answers
        raise StoreError(
            f"no Chroma server answers at {location}: {problem}; start one with `chroma run`"
        ) from problem
    return cast("Client", client)


def close_chroma(client: "Client") -> None:
    """Let go of the folder or of the server."""
    servers = (client._server, getattr(client._admin_client, "_server", None))
    client.close()
    for server in servers:
        session = getattr(server, "_session", None)
        if session is not None:  # connections over HTTP, which Chroma 1.5 leaves open
            session.close()


def remove_folder(folder: Path) -> None:
    """Delete a Chroma folder, which can be filled again from the log of record; no client may have it open.

    Raises:
        StoreError: it holds other things.
    """
    _refuse_foreign(folder)
    if folder.exists():
        shutil.rmtree(folder)


class ChromaIndex:
    """One collection, made for one embedder and refused to all others."""

    def __init__(
        self,
        client: "Client",
        name: str,
        mark: EmbedderMark,
        *,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Open the collection, or make it, with labels that tell it from other collections.

        Raises:
            StoreError: it holds vectors of another embedder, or was not made here.
        """
        self.mark = mark
        self.name = collection_name(name)
        with _told(self.name):
            self._batch = client.get_max_batch_size()
            self._collection = _opened(client, self.name, mark, labels or {})

    def __len__(self) -> int:
        with _told(self.name):
            return self._collection.count()

    def upsert(self, entries: Sequence[Entry]) -> None:
        latest = list({entry.id: entry for entry in entries}.values())
        for batch in self._batches(latest):
            vectors = unit(np.stack([entry.vector for entry in batch]), self.mark)
            names = [entry.id for entry in batch]
            self._delete(names)  # an upsert alone would keep old keys of the metadata
            with _told(self.name):
                self._collection.add(
                    ids=names,
                    embeddings=vectors,
                    metadatas=[dict(entry.metadata) for entry in batch],
                )

    def query(self, vector: Vectors, k: int, where: Where = EVERYTHING) -> list[Hit]:
        direction = unit(vector[np.newaxis], self.mark)
        if k < 1:
            return []
        if not where.equals and not where.differs:
            return self._nearest(direction, k)
        for depth in (k * times for times in _OVERFETCH):
            if depth > _DEEPEST:
                break
            hits = self._nearest(direction, depth)
            matching = [hit for hit in hits if where.holds(hit.metadata)]
            if len(matching) >= k:
                return matching[:k]
            if len(hits) < depth:
                break
        return self._nearest(direction, k, where)

    def delete(self, ids: Sequence[str]) -> None:
        for batch in self._batches(list(ids)):
            self._delete(batch)

    def ids(self, where: Where = EVERYTHING) -> list[str]:
        with _told(self.name):
            return sorted(self._collection.get(where=_condition(where), include=[])["ids"])

    def values(self, key: str) -> dict[str, Scalar]:
        found: dict[str, Scalar] = {}
        for start in range(0, len(self), _PAGE):
            with _told(self.name):
                page = self._collection.get(limit=_PAGE, offset=start, include=["metadatas"])
            metadatas = cast("list[Mapping[str, Scalar]]", page["metadatas"])
            found |= {
                name: metadata[key]
                for name, metadata in zip(page["ids"], metadatas, strict=True)
                if key in metadata
            }
        return found

    def damage(self) -> tuple[str, ...]:
        # Chroma keeps ids in one file and vectors in another. Where the latter is lost, it still counts and
        # lists the ids, and a query gives what little is left; only asking for the vectors tells.
        try:
            with _told(self.name):
                names = self._collection.get(include=[])["ids"]
                sample = names[:: max(1, len(names) // _SAMPLE)]
                if sample:
                    self._collection.get(ids=sample, include=["embeddings"])
        except StoreError as problem:
            return (str(problem),)
        return ()

    def _delete(self, names: list[str]) -> None:
        with _told(self.name):
            # Chroma logs deletions of what is not there as well, and reads its log at every query.
            there = self._collection.get(ids=names, include=[])["ids"]
            if there:
                self._collection.delete(ids=there)

    def _nearest(self, direction: Vectors, k: int, where: Where = EVERYTHING) -> list[Hit]:
        with _told(self.name):
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

    def _batches(self, items: list[_T]) -> Iterator[list[_T]]:
        for start in range(0, len(items), self._batch):
            yield items[start : start + self._batch]


def sharded(
    client: "Client", name: str, mark: EmbedderMark, *, keys: Sequence[str] = SHARD_KEYS
) -> ShardedIndex:
    """An index of many collections, those that are there and those that it will need; closing it closes the
    client.

    Raises:
        StoreError: it holds vectors of another embedder.
    """

    def make(shard: Shard) -> ChromaIndex:
        written = json.dumps(shard)
        digest = hashlib.sha256(written.encode()).hexdigest()[:8]
        return ChromaIndex(
            client, f"{name}-{digest}", mark, labels={"index": collection_name(name), "shard": written}
        )

    with _told(name):
        known = [tuple(json.loads(labels["shard"])) for _, labels in _parts(client, name)]
    return ShardedIndex(mark, make, keys=keys, known=known, on_close=lambda: close_chroma(client))


def remove_sharded(client: "Client", name: str) -> None:
    """Drop all collections of an index, whichever embedder they are of."""
    with _told(name):
        for collection, _ in _parts(client, name):
            client.delete_collection(collection)


def collection_name(name: str) -> str:
    """A name Chroma takes: 3 to 512 of letters, digits, dot, dash and underscore, ends alphanumeric."""
    plain = re.sub(r"[^a-zA-Z0-9._-]+", "-", name).strip("._-")
    if not plain:
        raise StoreError(f"{name!r} has no letter or digit to name a collection by")
    if len(plain) > 500:
        plain = f"{plain[:480]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"exp-{plain}"


def remove_collection(client: "Client", name: str) -> None:
    """Drop a collection with all its vectors; one that is not there is no mistake."""
    from chromadb.errors import NotFoundError

    try:
        client.delete_collection(collection_name(name))
    except NotFoundError:
        return


@contextmanager
def _told(name: str) -> Iterator[None]:
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, httpx.HTTPError) as problem:
        raise StoreError(
            f"Chroma failed at {name!r}: {problem}; nothing is lost, as the file can fill the index again: "
            "see that the disk has room and the server runs, then rebuild"
        ) from problem


def _refuse_foreign(folder: Path) -> None:
    if folder.is_file():
        raise StoreError(f"{folder} is a file, no folder for Chroma")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _FILE_NAME).exists():
        raise StoreError(f"{folder} is no folder of Chroma's (no {_FILE_NAME}): name another one")


def _parts(client: "Client", name: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Name and labels of each collection of an index."""
    return [
        (collection.name, collection.metadata)
        for collection in client.list_collections()
        if (collection.metadata or {}).get("index") == collection_name(name)
    ]


def _opened(client: "Client", name: str, mark: EmbedderMark, labels: Mapping[str, str]) -> "Collection":
    from chromadb.errors import NotFoundError

    try:
        collection = client.get_collection(name, embedding_function=None)
    except NotFoundError:
        return client.create_collection(
            name,
            metadata={"embedder": mark.name, "dimension": mark.dimension, **labels},
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
