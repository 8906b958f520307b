"""A run in a process of its own that ends itself with SIGKILL, for `test_kills.py`.

Nothing that a process does between two writes outlives it, so every kill is one of a few kinds: before a
write, in the middle of it, or after it. Every question that reaches the model is written to a file before it
is answered, so that a test can tell which calls were made again.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from langchain_core.messages import BaseMessage

from agents.expel.pipeline import work_on
from agents.expel.session import Means
from agents.expel.settings import ExpelSettings
from agents.llm.model import Model, ModelOptions
from agents.llm.names import ModelName
from agents.llm.scripted import scripted_model
from agents.runs.folder import RunFolder
from memory.embedders import open_embedder
from tests.agents.expel.riddle_runs import prepared
from tests.agents.expel.riddles import answer_riddle

Instant = Literal[
    "before event", "torn event", "after event",
    "before call", "torn call", "after call",
    "before experience", "between experience and index", "after experience",
    "before insights", "after insights",
    "before checkpoint", "after checkpoint",
]  # fmt: skip


@dataclass(frozen=True)
class Death:
    """When a process ends: at the first such instant once so many lines are written."""

    instant: Instant
    num_lines: int


def work_leg(
    folder: Path, run: Path, settings: Mapping[str, Any], asked: Path, death: Death | None, seconds: float
) -> None:
    """Work on the run until it ends or this process dies."""
    os.chdir(folder)  # so that the settings may name the memory the same way in every run
    with DeadlyWrites(run, death):
        asyncio.run(work(RunFolder(run), ExpelSettings(**settings), asked, seconds))


async def work(run: RunFolder, settings: ExpelSettings, asked: Path, seconds: float) -> None:
    descriptor = os.open(asked, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def reply(
        messages: list[BaseMessage], metadata: Mapping[str, str], json_schema: dict[str, Any] | None
    ) -> str:
        tag = " ".join(metadata[part] for part in ("game", "decision", "stage", "attempt"))
        os.write(descriptor, f"{tag}\n".encode())
        await asyncio.sleep(seconds)
        return answer_riddle(messages, metadata, json_schema)

    def open_logged(name: ModelName, options: ModelOptions) -> Model:
        return scripted_model(reply)

    try:
        await work_on(
            run,
            prepared(settings),
            embedder=open_embedder("hash"),
            means=Means(),
            options=ModelOptions(),
            watch=lambda kind, data: None,
            open_models=open_logged,
        )
    finally:
        os.close(descriptor)


def num_lines(run: Path) -> int:
    """What a run has written for good: keyed events and answered calls."""
    files = [run / "events.jsonl", run / "calls.jsonl"]
    lines = [line for file in files if file.exists() for line in file.read_bytes().splitlines(True)]
    return sum(line.endswith(b"\n") and b'"key": null' not in line for line in lines)


class DeadlyWrites:
    """Every place that writes, with this process's death in it."""

    def __init__(self, run: Path, death: Death | None) -> None:
        self._death = death
        self._written = num_lines(run)
        self._patches: list[Any] = []

    def __enter__(self) -> None:
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        from agents.llm.journal import Journal
        from agents.runs.event_log import EventLog
        from memory.experiences import ExperienceStore
        from memory.insight_store import InsightStore
        from memory.recall import ExperienceMemory

        for owner, name, wrapped in (
            (EventLog, "_write", self._event),
            (Journal, "append", self._call),
            (ExperienceStore, "add", self._store),
            (ExperienceMemory, "remember", lambda inner: self._around(inner, "experience")),
            (InsightStore, "apply", lambda inner: self._around(inner, "insights")),
            (AsyncSqliteSaver, "aput", self._checkpoint),
            (AsyncSqliteSaver, "aput_writes", self._checkpoint),
        ):
            patched = patch.object(owner, name, wrapped(getattr(owner, name)))
            patched.start()
            self._patches.append(patched)

    def __exit__(self, *_: object) -> None:
        for patched in self._patches:
            patched.stop()

    def _at(self, instant: str) -> bool:
        death = self._death
        return death is not None and death.instant == instant and self._written >= death.num_lines

    def _die_at(self, instant: str) -> None:
        if self._at(instant):
            os.kill(os.getpid(), signal.SIGKILL)

    def _around(self, inner: Callable[..., Any], what: str) -> Callable[..., Any]:
        def outer(*arguments: Any, **named: Any) -> Any:
            self._die_at(f"before {what}")
            result = inner(*arguments, **named)
            self._die_at(f"after {what}")
            return result

        return outer

    def _store(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(*arguments: Any, **named: Any) -> Any:
            result = inner(*arguments, **named)
            self._die_at("between experience and index")
            return result

        return outer

    def _event(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(log: Any, kind: str, data: Any, key: str | None) -> Any:
            self._die_at("before event")
            if self._at("torn event"):
                log._file.write('{"i": 7, "kind": "ent')
                log._file.flush()
                self._die_at("torn event")
            result = inner(log, kind, data, key)
            self._written += key is not None
            self._die_at("after event")
            return result

        return outer

    def _call(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def outer(journal: Any, *arguments: Any) -> Any:
            self._die_at("before call")
            if self._at("torn call"):
                journal._file.write(b'{"v":1,"key":"0')
                self._die_at("torn call")
            before = len(journal)
            result = inner(journal, *arguments)
            self._written += len(journal) - before
            self._die_at("after call")
            return result

        return outer

    def _checkpoint(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        async def outer(*arguments: Any, **named: Any) -> Any:
            self._die_at("before checkpoint")
            result = await inner(*arguments, **named)
            self._die_at("after checkpoint")
            return result

        return outer
