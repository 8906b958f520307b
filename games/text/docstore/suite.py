"""A suite over a docstore: tasks that name their pages, and demonstrations over the bundled encyclopedia."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from games.text.docstore.environment import VERSION, DocstoreEnv, Exercise
from games.text.docstore.store import Docstore
from games.text.docstore.wiki.bundle import NUM_TASKS, bundled_store
from games.text.env import Demonstration, Line, LineKind, Task

BUNDLED, OWN = "bundled", "own"
"""What a task's payload says under `wiki`: the synthetic encyclopedia, or the pages of the user's data."""

_KINDS: Mapping[str, LineKind] = {"thought": "thought", "action": "action", "observation": "observation"}


@dataclass(frozen=True, kw_only=True)
class DocstoreSuite:
    """Questions or claims, and the pages that answer them."""

    name: str
    origin: str
    exercise: Exercise
    tasks: tuple[Task, ...]
    demonstrations: tuple[Demonstration, ...]
    demonstration_tasks: tuple[Task, ...]
    """Over the bundled encyclopedia, whatever the tasks are about."""
    own_store: Docstore | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Follows from the rules, the wording and the pages."""
        pages = self.own_store or bundled_store()
        return f"{VERSION}-{self.exercise.granularity}-{pages.digest}"

    def make(self) -> DocstoreEnv:
        return DocstoreEnv(self.exercise, self._store)

    def _store(self, wiki: str) -> Docstore:
        return self.own_store if wiki == OWN and self.own_store else bundled_store()


def bundled_suite(*, name: str, origin: str, exercise: Exercise, drawn: tuple[Task, ...]) -> DocstoreSuite:
    """The suite over the bundled encyclopedia, with the examples that stand in `demonstrations.json` of
    `games.text.<name>`.

    Args:
        drawn: The tasks, then the spare ones from which the examples are taken.
    """
    demonstrations = _read_demonstrations(f"games.text.{name}")
    shown = {demonstration.task_id for demonstration in demonstrations}
    return DocstoreSuite(
        name=name,
        origin=origin,
        exercise=exercise,
        tasks=drawn[:NUM_TASKS],
        demonstrations=demonstrations,
        demonstration_tasks=tuple(task for task in drawn if task.id in shown),
    )


def _read_demonstrations(package: str) -> tuple[Demonstration, ...]:
    stored = json.loads(files(package).joinpath("demonstrations.json").read_text(encoding="utf-8"))
    return tuple(
        Demonstration(
            task_id=shown["task_id"],
            kind=shown["kind"],
            text=shown["text"],
            lines=tuple(Line(_KINDS[kind], text) for kind, text in shown["lines"]),
        )
        for shown in stored
    )
