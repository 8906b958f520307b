"""Experiences by likeness: the log of record and a vector index, kept in step.

The file is written first and the index after it, under ids that derive from the experience, so an
interruption leaves at worst a gap that `rebuild` closes.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from memory.embedders import Embedder
from memory.errors import StoreError
from memory.experiences import Document, ExperienceStore
from memory.records import Experience
from memory.vectors import Entry, Hit, Scalar, VectorIndex, Where, refuse_other_embedder

Kind = Literal["task", "thought", "action"]

_BATCH = 2048  # documents indexed at once; Chroma writes a whole part's vectors after each batch


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """Examples for a prompt, nearest first, and how many at the end are only padding."""

    chosen: tuple[Experience, ...]
    num_padded: int = 0


@dataclass(frozen=True, slots=True)
class IndexState:
    """How an index differs from the file that it was made from."""

    missing: tuple[str, ...]
    """Documents that the index lacks."""
    surplus: tuple[str, ...]
    """Entries that belong to no experience."""
    changed: tuple[str, ...] = ()
    """Documents whose text or metadata was another when they were indexed."""
    damage: tuple[str, ...] = ()
    """Signs that vectors are lost."""

    @property
    def in_step(self) -> bool:
        return not (self.missing or self.surplus or self.changed or self.damage)


class ExperienceMemory:
    """Remember, recall and forget attempts of one domain."""

    def __init__(
        self,
        store: ExperienceStore,
        index: VectorIndex,
        embedder: Embedder,
        *,
        domain: str,
        kinds: Sequence[Kind] = ("task",),
    ) -> None:
        """Raises StoreError where the index belongs to another embedder."""
        refuse_other_embedder("this index", index.mark, embedder.mark)
        self.store = store
        self.index = index
        self.domain = domain
        self._embedder = embedder
        self._kinds = tuple(kinds)
        self._guard = threading.RLock()  # an index is not made for several threads at once

    def remember(
        self,
        experience: Experience,
        *,
        recalled: Sequence[str] = (),
        used_insights: Sequence[tuple[str, str]] = (),
        shown: Sequence[str] = (),
    ) -> str:
        """Keep an attempt and make it findable; see `ExperienceStore.add`."""
        with self._guard:
            before = [document.id for document in self._documents(experience.id)]
            experience_id = self.store.add(
                experience, recalled=recalled, used_insights=used_insights, shown=shown
            )
            self.index.delete(before)
            self._add(self._documents(experience_id))
        return experience_id

    def forget(self, experience_id: str) -> None:
        """Remove an attempt with its vectors.

        Raises:
            StoreError: there is none.
        """
        self.store.get(experience_id)
        with self._guard:
            # The vectors first: if this is cut short, the attempt is still there to be forgotten again.
            self.index.delete(self.index.ids(Where(equals={"traj_id": experience_id})))
            self.store.delete(experience_id)

    def nearest(self, text: str, k: int, *, kind: Kind = "task", where: Where | None = None) -> list[Hit]:
        """The k documents of a kind most like the text, whatever their outcome."""
        asked = where or Where()
        (vector,) = self._embedder.embed([text])
        with self._guard:
            return self.index.query(
                vector, k, Where(equals={**asked.equals, "kind": kind}, differs=asked.differs)
            )

    def demonstrations(
        self,
        task: str,
        k: int,
        *,
        task_id: str,
        env_name: str | None = None,
        not_fold: int | None = None,
        ratio: int = 4,
        max_length: int | None = None,
        length: Callable[[str], int] = len,
        padding: Sequence[Experience] = (),
    ) -> Demonstrations:
        """Successes gathered on the tasks most like this one (spec B.5, strategy `task_similarity`).

        `not_fold` leaves out the tasks that are evaluated in that fold; `length` and `max_length` bound a
        trajectory; `ratio` times k candidates are looked at; `padding` fills up what is missing.
        """
        equals: dict[str, Scalar] = {"outcome": "success", "phase": "gather"}
        if env_name is not None:
            equals["env_name"] = env_name
        where = Where(equals=equals, differs={} if not_fold is None else {"fold": not_fold})
        hits = self.nearest(task, k * ratio, where=where)
        candidates = [self.store.get(str(hit.metadata["traj_id"])) for hit in hits]
        return choose_demonstrations(
            candidates, k, task_id=task_id, max_length=max_length, length=length, padding=padding
        )

    def check(self) -> IndexState:
        """Whether the index holds exactly the documents of the file, as they are now."""
        expected = {document.id: document.metadata["content"] for document in self._documents()}
        found = self.index.values("content")
        unmarked = set(self.index.ids()) - found.keys()
        return IndexState(
            missing=tuple(sorted(expected.keys() - found.keys() - unmarked)),
            surplus=tuple(sorted((found.keys() | unmarked) - expected.keys())),
            changed=tuple(
                sorted(
                    name
                    for name in expected
                    if name in unmarked or found.get(name, expected[name]) != expected[name]
                )
            ),
            damage=self.index.damage(),
        )

    def mend(self, state: IndexState | None = None) -> IndexState:
        """Bring the index in step with the file by what differs alone, and give what that was.

        Raises:
            StoreError: vectors are lost, which only `rebuild` on a new index mends.
        """
        state = state or self.check()
        if state.damage:
            raise StoreError(f"the index is damaged ({state.damage[0]}): rebuild it")
        self.index.delete([*state.surplus, *state.changed])
        wanted = {*state.missing, *state.changed}
        self._add(document for document in self._documents() if document.id in wanted)
        return state

    def rebuild(self) -> int:
        """Fill the index anew from the file and give the number of documents."""
        self.index.delete(self.index.ids())
        self._add(self._documents())
        return len(self.index)

    def _add(self, documents: Iterable[Document]) -> None:
        for batch in _batches(documents):
            vectors = self._embedder.embed([document.text for document in batch])
            self.index.upsert(
                [
                    Entry(document.id, vector, document.metadata)
                    for document, vector in zip(batch, vectors, strict=True)
                ]
            )

    def _documents(self, experience_id: str | None = None) -> Iterator[Document]:
        return self.store.documents(self.domain, self._kinds, experience_id=experience_id)


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    remaining = iter(documents)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def choose_demonstrations(
    candidates: Iterable[Experience],
    k: int,
    *,
    task_id: str,
    max_length: int | None = None,
    length: Callable[[str], int] = len,
    padding: Sequence[Experience] = (),
) -> Demonstrations:
    """The first k tasks, each by its shortest trajectory, without the task itself and what is too long."""
    by_task: dict[str, list[Experience]] = {}
    for candidate in candidates:
        by_task.setdefault(candidate.task_id, []).append(candidate)
    shortest = (min(attempts, key=lambda one: (len(one.text), one.id)) for attempts in by_task.values())
    fitting = [
        one
        for one in shortest
        if one.task_id != task_id and (max_length is None or length(one.text) <= max_length)
    ][:k]
    filled = list(padding[: k - len(fitting)]) if len(fitting) < k else []
    return Demonstrations((*fitting, *filled), len(filled))
