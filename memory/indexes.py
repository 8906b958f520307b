"""Opening the index of a domain: in memory, in a folder, or on a server."""

from pathlib import Path

from memory.embedders import EmbedderMark
from memory.errors import StoreError
from memory.in_memory import InMemoryIndex
from memory.shards import ShardedIndex


def open_index(
    location: Path | str | None, domain: str, mark: EmbedderMark, *, renew: bool = False
) -> ShardedIndex:
    """The index of a domain at Chroma's folder, at a server's address, or in memory (None).

    `renew` empties it first, whoever made its vectors; a folder that cannot be read at all is removed, which
    takes the indexes of other domains along. `ExperienceMemory.rebuild` fills them again.

    Raises:
        StoreError: the folder is broken or foreign, no server answers, or the vectors are another embedder's.
    """
    if location is None:
        return ShardedIndex(mark, lambda _: InMemoryIndex(mark))
    from memory.chroma import close_chroma, open_chroma, sharded

    if renew:
        _emptied(location, domain)
    client = open_chroma(location)
    try:
        return sharded(client, domain, mark)
    except BaseException:
        close_chroma(client)
        raise


def _emptied(location: Path | str, domain: str) -> None:
    from memory.chroma import close_chroma, open_chroma, remove_folder, remove_sharded

    try:
        client = open_chroma(location)
        try:
            remove_sharded(client, domain)
        finally:
            close_chroma(client)
    except StoreError:
        if not isinstance(location, Path):
            raise
        remove_folder(location)
