"""A suite over a docstore: tasks that name their pages, and demonstrations over the bundled encyclopedia."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from games.text.docstore.environment import VERSION, DocstoreEnv, Exercise
from games.text.docstore.store import Docstore
from games.text.docstore.wiki.bundle import bundled_store
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


def read_demonstrations(package: str) -> tuple[Demonstration, ...]:
    """The examples in a suite's `demonstrations.json`."""
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
