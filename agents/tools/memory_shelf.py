"""The tool `recall` over a memory folder, and what the assistant is told of it unasked.

The folder is opened for each look and only read, so that a training run may write to it meanwhile.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from agents.tools.recall import NAME, SUMMARY, Recalled, RecallRequest, Recollection, recall
from agents.tools.tool import Call, Tool, ToolFailure
from memory.embedders import Embedder, open_embedder
from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.indexes import open_index
from memory.insight_store import InsightStore
from memory.opening import CHROMA_FOLDER
from memory.recall import ExperienceMemory
from memory.runs import RunStore
from memory.workspace import FILE_NAME, Workspace

SENTENCE_MODEL = "all-minilm-l6-v2"

LIKE_ENOUGH = 0.5
"""Cosine from which on an earlier success is told without being asked for: of MiniLM's vectors, sentences
about the same kind of task reach it and unrelated ones stay below 0.3."""


class LookRequest(RecallRequest):
    """Look into memory."""

    domain: str | None = Field(
        None, max_length=100, description="Only what was learned there, such as alfworld; leave out for all."
    )


class DomainRecalled(BaseModel):
    """What was learned in one domain."""

    model_config = ConfigDict(frozen=True)

    domain: str
    recalled: Recalled


class Looked(BaseModel):
    """What memory holds, by where it was learned."""

    model_config = ConfigDict(frozen=True)

    domains: tuple[DomainRecalled, ...]


class MemoryShelf:
    """A memory folder, as agents look into it."""

    def __init__(self, folder: Path, models: Path) -> None:
        """`models` holds the sentence model's files, if they are on this machine."""
        self._folder = folder
        self._models = models
        self._embedders: dict[str, Embedder] = {}

    @property
    def exists(self) -> bool:
        """Whether there is a memory."""
        return (self._folder / FILE_NAME).is_file()

    def look(self, request: RecallRequest, domain: str | None = None) -> tuple[DomainRecalled, ...]:
        """What is known on a task.

        Raises:
            StoreError: The memory is damaged or from a newer version.
            ToolFailure: There is no such domain.
        """
        with Workspace(self._folder, read_only=True) as workspace:
            insights = InsightStore(workspace)
            runs = RunStore(workspace)
            known = sorted({one.domain for one in insights.sets()} | {one.domain for one in runs.runs()})
            if domain is not None and domain not in known:
                told = f"It holds {', '.join(known)}." if known else "It is empty."
                raise ToolFailure("not_found", f"Memory holds nothing of {domain!r}.", told)
            found = []
            for each in known if domain is None else [domain]:
                with self._experiences(workspace, each) as experiences:
                    recollection = Recollection(experiences=experiences, insights=insights)
                    found.append(DomainRecalled(domain=each, recalled=recall(request, recollection)))
        return tuple(one for one in found if one.recalled.insights or one.recalled.successes)

    def remind(self, question: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Insights and earlier successes of those domains in which something much like it was done."""
        request = RecallRequest(task=question[:4000], k=1, max_insights=5, max_tokens=600)
        insights: list[str] = []
        successes: list[str] = []
        for one in self.look(request):
            near = [each for each in one.recalled.successes if each.likeness >= LIKE_ENOUGH]
            if near:
                insights += [each.text for each in one.recalled.insights]
                successes += [f"{each.task} -> {'; '.join(each.steps)}" for each in near]
        return tuple(insights), tuple(successes)

    async def use(self, request: LookRequest, call: Call) -> Looked:
        """The tool."""
        import asyncio

        return Looked(domains=await asyncio.to_thread(self.look, request, request.domain))

    def tool(self) -> Tool:
        return Tool(name=NAME, summary=SUMMARY, request=LookRequest, use=self.use, changing=True)

    @contextmanager
    def _experiences(self, workspace: Workspace, domain: str) -> Iterator[ExperienceMemory]:
        """The experiences of a domain, with the embedder that its vectors were made by."""
        place = self._folder / CHROMA_FOLDER
        if not place.is_dir():  # kept on a server, or nothing was gathered: there are no vectors here
            embedder = self._embedder("hash")
            with open_index(None, domain, embedder.mark) as empty:
                yield ExperienceMemory(ExperienceStore(workspace), empty, embedder, domain=domain)
            return
        name = self._fitting(place, domain)
        embedder = self._embedder(name)
        with open_index(place, domain, embedder.mark) as index:
            yield ExperienceMemory(ExperienceStore(workspace), index, embedder, domain=domain)

    def _fitting(self, place: Path, domain: str) -> str:
        names = self._names()
        for name in names[:-1]:
            try:
                with open_index(place, domain, self._embedder(name).mark):
                    return name
            except StoreError:
                continue
        return names[-1]  # whose refusal says what is wrong

    def _names(self) -> Sequence[str]:
        has_model = (self._models / SENTENCE_MODEL).exists()
        return ("hash", "minilm") if has_model else ("hash",)

    def _embedder(self, name: str) -> Embedder:
        if name not in self._embedders:
            self._embedders[name] = open_embedder(name, self._models / SENTENCE_MODEL)
        return self._embedders[name]
