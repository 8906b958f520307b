"""The whole memory of a folder, opened and checked at once, and its repair."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from memory.embedders import Embedder
from memory.experiences import ExperienceStore
from memory.indexes import open_index
from memory.insight_store import InsightStore
from memory.recall import ExperienceMemory, IndexState, Kind
from memory.recovery import Salvaged, is_damaged, salvage
from memory.runs import RunStore
from memory.workspace import Workspace

CHROMA_FOLDER = "chroma"


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenMemory:
    """Everything of one domain."""

    experiences: ExperienceMemory
    insights: InsightStore
    runs: RunStore
    mended: IndexState
    """What was out of step when it was opened and is in step now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rebuilt:
    """What a repair found and did."""

    salvaged: Salvaged | None
    """None where the file was sound."""
    num_documents: int
    insights: dict[str, list[str]]
    """What was wrong with the kept list of each set, a line each."""


@contextmanager
def open_memory(
    folder: Path,
    domain: str,
    embedder: Embedder,
    *,
    chroma: Path | str | None = None,
    kinds: Sequence[Kind] = ("task",),
) -> Iterator[OpenMemory]:
    """Open a memory for writing and close the gaps that an interruption left in its index.

    `chroma` is a folder or a server's address; the folder `chroma` in the memory's own by default. `kinds`
    says what of an attempt is made findable.

    Raises:
        StoreError: what `Workspace` and `open_index` say, or vectors are lost.
    """
    with Workspace(folder) as workspace, open_index(_place(folder, chroma), domain, embedder.mark) as index:
        memory = ExperienceMemory(ExperienceStore(workspace), index, embedder, domain=domain, kinds=kinds)
        yield OpenMemory(
            experiences=memory,
            insights=InsightStore(workspace),
            runs=RunStore(workspace),
            mended=memory.mend(),
        )


def rebuild_memory(
    folder: Path,
    domain: str,
    embedder: Embedder,
    *,
    chroma: Path | str | None = None,
    kinds: Sequence[Kind] = ("task",),
) -> Rebuilt:
    """Make all anew that can be derived: a damaged file from what is readable, index and lists from the file.

    Raises:
        StoreError: there is no memory, somebody writes to it, or it is foreign or newer.
    """
    salvaged = salvage(folder) if is_damaged(folder) else None
    place = _place(folder, chroma)
    with Workspace(folder) as workspace, open_index(place, domain, embedder.mark, renew=True) as index:
        memory = ExperienceMemory(ExperienceStore(workspace), index, embedder, domain=domain, kinds=kinds)
        insights = InsightStore(workspace)
        return Rebuilt(
            salvaged=salvaged,
            num_documents=memory.rebuild(),
            insights={one.set_id: insights.rebuild(one.set_id) for one in insights.sets()},
        )


def _place(folder: Path, chroma: Path | str | None) -> Path | str:
    return folder / CHROMA_FOLDER if chroma is None else chroma
