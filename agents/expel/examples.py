"""Which solved tasks an actor is shown (specification B.5).

Candidates are the successes that were gathered outside the fold, and the demonstrations that ship with
the environment. Each task counts once, by its shortest success; what is longer than the longest
demonstration is left out; where too few are left, demonstrations fill up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from agents.expel.arms import ExampleSource
from agents.expel.session import Session
from agents.react.lines import Entry
from agents.react.prompt import Example
from agents.react.trajectory import entries_of
from games.text.env import Line, Task
from memory.recall import Kind
from memory.records import Experience
from memory.vectors import Scalar, Where


@dataclass(frozen=True, slots=True)
class Chosen:
    """Examples, and the tasks and experiences they are from (demonstrations have no experience)."""

    examples: tuple[Example, ...]
    task_ids: tuple[str, ...]
    experience_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    score: float
    task_id: str
    example: Example
    experience_id: str = ""

    @property
    def num_chars(self) -> int:
        return sum(len(entry["text"]) for entry in self.example.entries)


class ExampleChooser:
    """Chooses examples for the tasks of one fold; the same question is answered once."""

    def __init__(self, session: Session, fold: int | None) -> None:
        self._session = session
        self._fold = fold
        self._known: dict[tuple[str, str, str], Chosen] = {}
        shown = session.suite.demonstrations
        self._longest_demonstration = max(
            (sum(len(line.text) for line in one.lines) for one in shown), default=None
        )
        """In characters; of the whole benchmark, not of one kind of task."""

    def manual(self, task: Task) -> Chosen:
        """The demonstrations that ship with the environment, those of the task's kind where kinds matter."""
        k = self._session.settings.num_examples or 0
        shown = self._demonstrations(task)[:k]
        return Chosen(tuple(one.example for one in shown), (), ())

    def choose(self, source: ExampleSource, task: Task, text: str, entries: Sequence[Entry]) -> Chosen:
        """Examples for the next answer; only `thought` changes them during an attempt."""
        if source == "manual":
            return self.manual(task)
        query, kind = text, "task"
        if source == "thought":
            thoughts = [entry["text"] for entry in entries if entry["kind"] == "thought" and entry["text"]]
            if not thoughts:
                return self.manual(task)
            query, kind = thoughts[-1], "thought"
        key = (source, task.id, query)
        if key not in self._known:
            self._known[key] = self._chosen(source, task, query, "thought" if kind == "thought" else "task")
        return self._known[key]

    def _chosen(self, source: ExampleSource, task: Task, query: str, kind: Kind) -> Chosen:
        settings = self._session.settings
        k = settings.num_examples or 0
        manual = self._scored_demonstrations(task, query)
        longest = settings.max_example_chars or self._longest_demonstration
        wanted = k * (settings.buffer_retrieve_ratio or 1)
        # Of thoughts many belong to one trajectory, so more of them are looked at.
        found = [*self._gathered(task, query, kind, wanted if kind == "task" else 8 * wanted), *manual]
        found.sort(key=lambda one: (-one.score, one.task_id, one.experience_id))
        if source == "random":
            found = [one for one in found if one.experience_id]
            Random(f"{settings.seed}/{task.id}").shuffle(found)
        if settings.reranker == "length":
            found.sort(key=lambda one: -one.num_chars)
        shortest: dict[str, _Candidate] = {}
        for one in found:
            before = shortest.get(one.task_id)
            if before is None or one.num_chars < before.num_chars:
                shortest[one.task_id] = one
        picked: dict[str, _Candidate] = {}
        for one in (*found, *manual):  # demonstrations once more, to fill up
            best = shortest.get(one.task_id, one)
            fits = longest is None or best.num_chars <= longest
            if len(picked) < k and fits and one.task_id not in picked:
                picked[one.task_id] = best
        self._refuse_leak(picked)
        return Chosen(
            tuple(one.example for one in picked.values()),
            tuple(one.task_id for one in picked.values() if one.experience_id),
            tuple(one.experience_id for one in picked.values() if one.experience_id),
        )

    def _gathered(self, task: Task, query: str, kind: Kind, wanted: int) -> list[_Candidate]:
        session = self._session
        equals: dict[str, Scalar] = {
            "outcome": "success",
            "phase": "gather",
            "run_id": session.gathered_run.id,
        }
        if session.benchmark.examples_by_kind:
            equals["env_name"] = task.kind
        leaky = session.settings.pool == "all_but_self"
        differs: dict[str, Scalar] = {"task_id": task.id}
        if self._fold is not None and not leaky:
            differs["fold"] = self._fold
        hits = session.memory.nearest(query, wanted, kind=kind, where=Where(equals=equals, differs=differs))
        candidates = []
        for hit in hits:
            experience = session.memory.store.get(str(hit.metadata["traj_id"]))
            example = example_of(experience)
            usable = session.benchmark.usable_example
            if usable is None or usable(example.entries):
                candidates.append(_Candidate(hit.score, experience.task_id, example, experience.id))
        return candidates

    def _demonstrations(self, task: Task) -> list[_Candidate]:
        session = self._session
        reword = session.benchmark.paper_wording if session.settings.paper_wording else None
        return [
            _Candidate(0.0, one.task_id, Example.of(one, reword))
            for one in session.suite.demonstrations
            if not session.benchmark.examples_by_kind or one.kind == task.kind
        ]

    def _scored_demonstrations(self, task: Task, query: str) -> list[_Candidate]:
        manual = self._demonstrations(task)
        if not manual:
            return []
        vectors_ND = self._session.embedder.embed([query, *(one.example.text for one in manual)])
        scores = np.asarray(vectors_ND[1:] @ vectors_ND[0])
        return [
            _Candidate(float(score), one.task_id, one.example)
            for one, score in zip(manual, scores, strict=True)
        ]

    def _refuse_leak(self, picked: dict[str, _Candidate]) -> None:
        """The index filters by fold; this makes sure (specification G.2)."""
        if self._fold is None or self._session.settings.pool == "all_but_self":
            return
        for one in picked.values():
            if one.experience_id:
                fold = self._session.memory.store.get(one.experience_id).fold
                assert fold != self._fold, f"{one.task_id} of fold {fold} was recalled in its own evaluation"


def example_of(experience: Experience) -> Example:
    """A kept attempt as an example."""
    lines = (Line(step.kind, step.text) for step in experience.steps)
    return Example(text=experience.task, entries=tuple(entries_of(lines)))
