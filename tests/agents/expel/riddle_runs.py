"""Whole runs over riddles, in this process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from agents.expel.pipeline import RUN_KIND, Prepared, work_on
from agents.expel.session import Means, Session
from agents.expel.settings import ExpelSettings
from agents.llm.model import Model, ModelOptions
from agents.llm.names import ModelName
from agents.llm.scripted import Reply, scripted_model
from agents.react.benchmarks import find_benchmark
from agents.runs.event_log import RunEvent, read_events
from agents.runs.folder import RunFolder, create_run
from games.text.env import Suite
from memory.embedders import EmbedderMark, open_embedder
from memory.indexes import open_index
from memory.opening import OpenMemory, open_memory
from memory.shards import ShardedIndex
from tests.agents.expel.riddles import NAME, RiddleSuite, answer_riddle


def asked_for(memory: Path | str, **changes: Any) -> ExpelSettings:
    """Settings of a run over riddles."""
    settings = {
        "env": NAME, "model": "scripted", "memory": str(memory), "embedder": "hash", "num_examples": 2,
        "max_steps": 4, "retries": 1, "group_size": 2,
    }  # fmt: skip
    return ExpelSettings(**{**settings, **changes})


def prepared(settings: ExpelSettings, suite: Suite | None = None) -> Prepared:
    return Prepared(
        settings=settings.resolved(find_benchmark(settings.env)),
        suite=suite or RiddleSuite(),
    )


@dataclass
class Asked:
    """A model of the test's own, and what it was asked."""

    reply: Callable[[list[BaseMessage], Mapping[str, str], dict[str, Any] | None], str | AIMessage] = (
        answer_riddle
    )
    prompts: list[list[BaseMessage]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, str], schema: dict[str, Any] | None
    ) -> str | AIMessage:
        self.prompts.append(messages)
        self.tags.append(" ".join(metadata[part] for part in ("game", "decision", "stage", "attempt")))
        return self.reply(messages, metadata, schema)

    def open(self, name: ModelName, options: ModelOptions) -> Model:
        return opened(self.answer)

    def prompts_of(self, beginning: str) -> list[str]:
        """What was told in the calls whose tag begins so."""
        return [
            "\n".join(message.text for message in prompt)
            for prompt, tag in zip(self.prompts, self.tags, strict=True)
            if tag.startswith(beginning)
        ]


def opened(reply: Reply) -> Model:
    return scripted_model(reply)


def fresh_run(folder: Path) -> RunFolder:
    return create_run(folder / "runs", RUN_KIND, {})


async def work(
    run: RunFolder,
    settings: ExpelSettings,
    asked: Asked | None = None,
    *,
    means: Means | None = None,
    suite: Suite | None = None,
) -> list[tuple[str, Mapping[str, Any]]]:
    """Work on the run; what was told."""
    told: list[tuple[str, Mapping[str, Any]]] = []
    await work_on(
        run,
        prepared(settings, suite),
        embedder=open_embedder("hash"),
        means=means or Means(),
        options=ModelOptions(),
        watch=lambda kind, data: told.append((kind, data)),
        open_models=(asked or Asked()).open,
    )
    return told


@contextmanager
def session_of(run: RunFolder, settings: ExpelSettings, suite: Suite | None = None) -> Iterator[Session]:
    """An open session, for the parts of a run."""
    ready = prepared(settings, suite)
    with Session(
        run,
        ready.settings,
        benchmark=find_benchmark(settings.env),
        suite=ready.suite,
        embedder=open_embedder("hash"),
        means=Means(),
        options=ModelOptions(),
        watch=lambda kind, data: None,
        open_models=Asked().open,
    ) as session:
        yield session


@contextmanager
def memory_at(folder: Path) -> Iterator[OpenMemory]:
    with open_memory(folder, NAME, open_embedder("hash")) as memory:
        yield memory


def open_in_memory(place: object, domain: str, mark: EmbedderMark, *, renew: bool = False) -> ShardedIndex:
    """Stands for `memory.indexes.open_index` where Chroma's folder is not what a test is about."""
    return open_index(None, domain, mark, renew=renew)


def attempts(run: RunFolder, phase: str) -> list[Mapping[str, Any]]:
    """The attempts that ended, in their order."""
    ended = [event.data for event in read_events(run.events) if event.kind == "attempt"]
    return [data for data in ended if data["phase"] == phase]


def events_of(run: RunFolder, kind: str) -> list[RunEvent]:
    return [event for event in read_events(run.events) if event.kind == kind]
