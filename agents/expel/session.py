"""What every phase of an ExpeL run works with: models, environments, memory and the run's log.

A run goes on after a kill by going through its phases again: model answers come from the run's journal,
events and experiences have keys and are stored once, and finished tasks are not repeated because the
graphs' checkpoints know them. Whoever watches is told each event once, recorded ones first.
"""

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from agents.errors import NimueError
from agents.expel.arms import parse_arms
from agents.expel.settings import ExpelSettings
from agents.llm.budget import Budget, BudgetedChatModel
from agents.llm.journal import Journal, JournaledChatModel
from agents.llm.model import Model, ModelOptions, open_model, wrap
from agents.llm.names import ModelName
from agents.react.benchmark import Benchmark
from agents.react.env_host import EnvHost, LocalHost, ProcessHost
from agents.runs.event_log import EventLog, RunEvent, read_events
from agents.runs.folder import RunFolder
from games.text.env import Suite, Task
from memory.embedders import Embedder
from memory.opening import open_memory
from memory.recall import Kind
from memory.records import Experience

SLOW_SUITES = frozenset({"alfworld"})
"""Environments whose engine is slow and not thread-safe: they live in processes of their own."""

Watcher = Callable[[str, Mapping[str, Any]], None]
"""Told the kind and the data of each event."""

OpenModel = Callable[[ModelName, ModelOptions], Model]


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """What a run may spend and how wide it may work; a paused run may be given more."""

    max_cost: Decimal | None = None
    max_tokens: int | None = None
    num_workers: int | None = None
    """Processes for slow environments; None for one a processor."""


class Session:
    """A run that is being worked on."""

    def __init__(
        self,
        run: RunFolder,
        settings: ExpelSettings,
        *,
        benchmark: Benchmark,
        suite: Suite,
        embedder: Embedder,
        means: Means,
        options: ModelOptions,
        watch: Watcher,
        open_models: OpenModel = open_model,
    ) -> None:
        """Open everything; `settings` are resolved ones.

        Raises:
            NimueError: a model cannot be opened, or the memory is in use or foreign.
        """
        self.run = run
        self.gathered_run = _other_run(run, settings.gathered_by)
        self.extracted_run = _other_run(run, settings.extracted_by)
        self.process = secrets.token_hex(4)
        """Differs in every process that works on the run."""
        self.settings = settings
        self.benchmark = benchmark
        self.suite = suite
        self._watch = watch
        self._opened = ExitStack()
        try:
            self.log = EventLog(run.events)
            self._opened.callback(self.log.close)
            self.journal = Journal(run.calls)
            self._opened.callback(self.journal.close)
            self.budget = Budget(means.max_cost, means.max_tokens)
            for name, usage in self.journal.usage().items():
                self.budget.count(name, usage)
            memory = self._opened.enter_context(
                open_memory(
                    Path(settings.memory),
                    settings.env,
                    embedder,
                    chroma=settings.chroma,
                    kinds=_kinds(settings),
                )
            )
            self.memory = memory.experiences
            self.insights = memory.insights
            self.runs = memory.runs
            self.embedder = embedder
            self._models: dict[ModelName, Model] = {}
            self._open_models = open_models
            self._options = options
            self.model = self._open(settings.model_name())
            self.insight_model = self._open(settings.insight_model_name())
            self.host = self._host(means)
            self._opened.callback(self.host.close)
        except BaseException:
            self.close()
            raise
        self.tasks = {task.id: task for task in chosen_tasks(suite, settings)}

    def _open(self, name: ModelName) -> Model:
        if name not in self._models:
            opened = self._open_models(name, self._options)
            self._opened.callback(opened.close)
            limited = wrap(opened, lambda chat: BudgetedChatModel(inner=chat, model=name, budget=self.budget))
            self._models[name] = wrap(
                limited, lambda chat: JournaledChatModel(inner=chat, model=name, journal=self.journal)
            )
        return self._models[name]

    def _host(self, means: Means) -> EnvHost:
        if self.suite.name not in SLOW_SUITES:
            return LocalHost(self.suite)
        wanted = means.num_workers or os.cpu_count() or 1
        return ProcessHost(
            self.suite.name, self.settings.data_path(), max(1, min(wanted, self.tasks_at_once))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give everything back, in the reverse order of opening."""
        self._opened.close()

    @property
    def tasks_at_once(self) -> int:
        assert self.settings.tasks_at_once is not None  # resolved
        return self.settings.tasks_at_once

    @property
    def run_id(self) -> str:
        return self.run.id

    def record(self, key: str, kind: str, data: Mapping[str, Any]) -> None:
        """Write an event that happens once, and tell it.

        Raises:
            NimueFailure: the run recorded something else under this key.
        """
        if self.log.append_once(key, kind, data) is not None:
            self._watch(kind, data)

    def note(self, kind: str, data: Mapping[str, Any]) -> None:
        """Write an event that may happen often, and tell it."""
        self.log.append(kind, data)
        self._watch(kind, data)

    def remember(
        self,
        experience: Experience,
        *,
        recalled: Sequence[str] = (),
        used_insights: Sequence[tuple[str, str]] = (),
        shown: Sequence[str] = (),
    ) -> None:
        """Keep an attempt in memory; see `ExperienceStore.add`."""
        self.memory.remember(experience, recalled=recalled, used_insights=used_insights, shown=shown)

    def tell_recorded(self) -> None:
        """Tell the watcher what an earlier process recorded."""
        for event in self.events():
            self._watch(event.kind, event.data)

    def folds(self) -> dict[str, int]:
        """The fold of each task, as the gathering dealt them.

        Raises:
            NimueError: the gathering is not done.
        """
        for event in read_events(self.gathered_run.events):
            if event.kind == "folds":
                return dict(event.data["folds"])
        raise NimueError(
            f"Run {self.gathered_run.id} has not finished gathering: continue it with "
            f"expel train --resume {self.gathered_run.id}."
        )

    def events(self) -> list[RunEvent]:
        return list(read_events(self.run.events))


def _kinds(settings: ExpelSettings) -> tuple[Kind, ...]:
    """What is made findable: thoughts only where an arm looks for them."""
    by_thought = any(arm.examples == "thought" for arm in parse_arms(settings.arms))
    return ("task", "thought") if by_thought else ("task",)


def _other_run(run: RunFolder, name: str | None) -> RunFolder:
    """A run beside this one; itself where none is named."""
    return run if name is None else RunFolder(run.path.parent / name)


def chosen_tasks(suite: Suite, settings: ExpelSettings) -> list[Task]:
    """The tasks of a run: those of the asked kinds, as many as asked, spread evenly over the kinds.

    Raises:
        NimueError: there is none.
    """
    kinds = {kind.strip() for kind in settings.kinds.split(",") if kind.strip()}
    wanted = [task for task in suite.tasks if not kinds or task.kind in kinds]
    if not wanted:
        known = ", ".join(sorted({task.kind for task in suite.tasks})) or "none"
        raise NimueError(
            f"No tasks: {suite.name} has kinds {known}, and {len(suite.tasks)} tasks in all "
            f"({suite.origin}). Ask for others with --kinds, or name data with --data."
        )
    if settings.tasks is None or settings.tasks >= len(wanted):
        return wanted
    by_kind: dict[str, list[Task]] = {}
    for task in wanted:
        by_kind.setdefault(task.kind, []).append(task)
    chosen: list[Task] = []
    place = 0
    while len(chosen) < settings.tasks:
        chosen += [tasks[place] for tasks in by_kind.values() if place < len(tasks)]
        place += 1
    kept = {task.id for task in chosen[: settings.tasks]}
    return [task for task in wanted if task.id in kept]
