"""Experiences by likeness: the log of record and a vector index, kept in step.

The file is written first and the index after it, under ids that derive from the experience, so an
interruption leaves at worst a gap that `rebuild` closes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from memory.embedders import Embedder
from memory.experiences import ExperienceStore
from memory.records import Experience
from memory.vectors import Entry, Hit, Scalar, VectorIndex, Where, refuse_other_embedder

Kind = Literal["task", "thought", "action"]

_BATCH = 256  # texts embedded at once
_NO_FOLD = -1


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """Examples for a prompt, nearest first, and how many at the end are only padding."""

    chosen: tuple[Experience, ...]
    num_padded: int = 0


@dataclass(frozen=True, slots=True)
class IndexState:
    """Documents that the index lacks, and such that belong to no experience."""

    missing: tuple[str, ...]
    surplus: tuple[str, ...]

    @property
    def in_step(self) -> bool:
        return not self.missing and not self.surplus


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

    def remember(self, experience: Experience, *, recalled: Sequence[str] = ()) -> str:
        """Keep an attempt and make it findable; see `ExperienceStore.add`."""
        experience_id = self.store.add(experience, recalled=recalled)
        self._drop_documents(experience_id)
        self._add([self.store.get(experience_id)])
        return experience_id

    def forget(self, experience_id: str) -> None:
        """Remove an attempt with its vectors.

        Raises:
            StoreError: there is none.
        """
        self.store.get(experience_id)
        # The vectors first: if this is cut short, the attempt is still there to be forgotten again.
        self._drop_documents(experience_id)
        self.store.delete(experience_id)

    def nearest(self, text: str, k: int, *, kind: Kind = "task", where: Where | None = None) -> list[Hit]:
        """The k documents of a kind most like the text, whatever their outcome."""
        asked = where or Where()
        (vector,) = self._embedder.embed([text])
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
        """Whether the index holds exactly the documents of the file."""
        expected = {name for one in self.store.find(domain=self.domain) for name, _ in self._documents(one)}
        found = set(self.index.ids())
        return IndexState(tuple(sorted(expected - found)), tuple(sorted(found - expected)))

    def rebuild(self) -> int:
        """Fill the index anew from the file and give the number of documents."""
        self.index.delete(self.index.ids())
        self._add(self.store.find(domain=self.domain))
        return len(self.index)

    def _add(self, experiences: Sequence[Experience]) -> None:
        documents = [(one, name, text) for one in experiences for name, text in self._documents(one)]
        for start in range(0, len(documents), _BATCH):
            batch = documents[start : start + _BATCH]
            vectors = self._embedder.embed([text for _, _, text in batch])
            self.index.upsert(
                [
                    Entry(name, vector, _metadata(one, name))
                    for (one, name, _), vector in zip(batch, vectors, strict=True)
                ]
            )

    def _documents(self, experience: Experience) -> list[tuple[str, str]]:
        documents = [(f"{experience.id}:task:0", experience.task)] if "task" in self._kinds else []
        return documents + [
            (f"{experience.id}:{step.kind}:{place}", step.text)
            for place, step in enumerate(experience.steps)
            if step.kind in self._kinds
        ]

    def _drop_documents(self, experience_id: str) -> None:
        self.index.delete(self.index.ids(Where(equals={"traj_id": experience_id})))


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


def _metadata(experience: Experience, document: str) -> dict[str, Scalar]:
    return {
        "kind": document.split(":")[1],
        "traj_id": experience.id,
        "task_id": experience.task_id,
        "run_id": experience.run_id,
        "env_name": experience.env_name,
        "phase": experience.phase,
        "outcome": experience.outcome,
        "fold": _NO_FOLD if experience.fold is None else experience.fold,
        "trial": experience.trial,
    }
