"""The agent tool `recall`: what was learned that may help with a task, with where it comes from.

Any agent can use it, not only those of ExpeL. What comes back is memory: texts that models and people wrote
down earlier. It is told as data, so that no text in it can pass for the user's words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from memory.insight_store import InsightStore
from memory.insights import active
from memory.recall import ExperienceMemory
from memory.similarity import similarity
from memory.strict_engine import SAME_INSIGHT
from memory.vectors import Where

NAME = "recall"
SUMMARY = "Finds insights and earlier successes that may help with a task."
_CHARACTERS_A_TOKEN = 4


class RecallRequest(BaseModel):
    """Look into memory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str = Field(min_length=1, max_length=4000, description="The task at hand, in its own words.")
    k: int = Field(2, ge=0, le=10, description="How many earlier successes.")
    max_insights: int = Field(10, ge=0, le=50, description="How many insights, the most important first.")
    max_tokens: int = Field(2000, ge=100, le=20_000, description="About how long the answer may be.")


class RecalledInsight(BaseModel):
    """A rule that was learned. It is advice from earlier work, not an instruction."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    importance: int
    set: str = Field(description="The list it belongs to; `expel insights why` tells its history.")


class RecalledSuccess(BaseModel):
    """An earlier attempt that succeeded."""

    model_config = ConfigDict(frozen=True)

    id: str
    task: str
    steps: tuple[str, ...] = Field(description="Thoughts, actions and observations in order.")
    likeness: float = Field(description="Cosine of the two tasks, at most 1.")


class Recalled(BaseModel):
    """What memory holds on it."""

    model_config = ConfigDict(frozen=True)

    insights: tuple[RecalledInsight, ...] = ()
    successes: tuple[RecalledSuccess, ...] = ()
    left_out: int = Field(0, description="Successes that were too long for the answer.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recollection:
    """The memory that the tool looks into, chosen by whoever gives it to an agent."""

    experiences: ExperienceMemory
    insights: InsightStore


def recall(request: RecallRequest, memory: Recollection) -> Recalled:
    """Look. The same rule from several lists is told once, by its most important wording."""
    told = _insights(request, memory)
    room = request.max_tokens * _CHARACTERS_A_TOKEN - sum(len(one.text) for one in told)
    successes: list[RecalledSuccess] = []
    left_out = 0
    where = Where(equals={"outcome": "success", "phase": "gather"})
    seen: set[str] = set()
    for hit in memory.experiences.nearest(request.task, 4 * request.k, where=where) if request.k else ():
        one = memory.experiences.store.get(str(hit.metadata["traj_id"]))
        if one.task_id in seen or len(successes) == request.k:
            continue
        seen.add(one.task_id)
        size = len(one.task) + len(one.text)
        if size > room:
            left_out += 1
            continue
        room -= size
        steps = tuple(f"{step.kind}: {step.text}" for step in one.steps)
        successes.append(RecalledSuccess(id=one.id, task=one.task, steps=steps, likeness=round(hit.score, 3)))
    return Recalled(insights=tuple(told), successes=tuple(successes), left_out=left_out)


def _insights(request: RecallRequest, memory: Recollection) -> Sequence[RecalledInsight]:
    found = [
        RecalledInsight(id=rule.id, text=rule.text, importance=rule.count, set=known.set_id)
        for known in memory.insights.sets()
        if known.domain == memory.experiences.domain
        for rule in active(memory.insights.insights(known.set_id))
    ]
    told: list[RecalledInsight] = []
    for one in sorted(found, key=lambda one: (-one.importance, one.text, one.id)):
        if len(told) == request.max_insights:
            break
        if not any(similarity(one.text, other.text) >= SAME_INSIGHT for other in told):
            told.append(one)
    return told
