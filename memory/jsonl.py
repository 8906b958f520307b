"""Insights and experiences as JSON lines, for programs.

An experience is one object: `task_id`, `task`, `steps` of `thought`, `action` and `observation`, and how it
ended (`outcome`, or just `success`). All else may be left out, so that trajectories of other programs can be
brought in. An insight file starts with a head that names format, domain and set.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from memory.answers import finished
from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.insight_store import InsightStore
from memory.insights import State
from memory.markdown import Document, WrittenInsight, whole_document
from memory.records import Experience, Outcome, Phase, Step, StepKind
from memory.suspicion import without_secrets

FORMAT = "nimue-insights-jsonl/1"
_KINDS: tuple[StepKind, ...] = ("thought", "action", "observation")

_Kind = TypeVar("_Kind", bound="_Line")
Text = Annotated[str, Field(min_length=1)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Head(_Line):
    format: Literal["nimue-insights-jsonl/1"]
    domain: str
    set: str


class _InsightLine(_Line):
    id: str | None = Field(None, pattern=r"^I-[0-9A-Z]+$")
    text: Text
    count: int | None = Field(None, ge=0)
    state: Literal["active", "archived", "quarantined"] = "active"
    pinned: bool = False
    evidence: tuple[str, ...] = ()

    def written(self) -> WrittenInsight:
        text = self.text if self.id is not None else finished(" ".join(self.text.split()))
        return WrittenInsight(
            id=self.id,
            text=text,
            count=self.count,
            state=State(self.state),
            pinned=self.pinned,
            evidence=self.evidence,
        )


class _StepLine(_Line):
    thought: str | None = None
    action: str | None = None
    observation: str | None = None


class _ExperienceLine(_Line):
    task_id: Text
    task: str
    steps: tuple[_StepLine, ...]
    success: bool | None = None
    outcome: Outcome | None = None
    run_id: Text = "imported"
    domain: Text | None = None
    env_name: str = ""
    trial: int = 0
    seed: int = 0
    phase: Phase = "gather"
    arm: str = "expel"
    fold: int | None = None
    reward: float | None = None
    reflections: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_ending(self) -> Self:
        if self.outcome is None and self.success is None:
            raise ValueError("it says neither `success` nor `outcome`")
        if None not in (self.outcome, self.success) and self.success != (self.outcome == "success"):
            raise ValueError("`success` and `outcome` contradict each other")
        return self

    def experience(self, domain: str) -> Experience:
        outcome: Outcome = self.outcome or ("success" if self.success else "fail")
        pairs = [(kind, getattr(step, kind)) for step in self.steps for kind in _KINDS]
        return Experience(
            run_id=self.run_id, domain=self.domain or domain, env_name=self.env_name, task_id=self.task_id,
            task=self.task, trial=self.trial, seed=self.seed, phase=self.phase, arm=self.arm, fold=self.fold,
            outcome=outcome, reflections=self.reflections,
            reward=float(outcome == "success") if self.reward is None else self.reward,
            steps=tuple(Step(kind, text) for kind, text in pairs if text is not None),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlannedExperiences:
    """What an import of experiences would do."""

    new: tuple[Experience, ...]
    same: tuple[Experience, ...]
    conflicting: tuple[Experience, ...]
    """Attempts that are there already with another content; they stay as they are."""


def export_insights(store: InsightStore, set_id: str) -> str:
    """A whole set, its archive and quarantine at the end."""
    lines: list[dict[str, Any]] = [{"format": FORMAT, "domain": store.describe(set_id).domain, "set": set_id}]
    lines += [
        {
            "id": insight.id,
            "text": insight.text,
            "count": insight.count,
            "state": insight.state,
            "pinned": insight.pinned,
            "evidence": store.evidence(set_id, insight.id),
        }
        for insight in store.insights(set_id)
    ]
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def read_insights(text: str) -> Document:
    """Read a file; `markdown.plan_import` and `apply_import` do the rest.

    Raises:
        StoreError: a line is not of this format, or an id stands twice.
    """
    lines = list(_lines(text.split("\n")))
    if not lines:
        raise StoreError("this insights file is empty: its first line must name format, domain and set")
    head = _read(_Head, *lines[0])
    return whole_document(head.domain, head.set, [_read(_InsightLine, *line).written() for line in lines[1:]])


def export_experiences(experiences: Iterable[Experience]) -> Iterator[str]:
    """One line each; what looks like a key or a password is cut out."""
    for one in experiences:
        written = {
            "task_id": one.task_id, "task": one.task, "steps": _rounds(one.steps),
            "success": one.outcome == "success", "outcome": one.outcome, "run_id": one.run_id,
            "domain": one.domain, "env_name": one.env_name, "trial": one.trial, "seed": one.seed,
            "phase": one.phase, "arm": one.arm, "fold": one.fold, "reward": one.reward,
            "reflections": [without_secrets(text) for text in one.reflections],
        }  # fmt: skip
        yield f"{json.dumps(written)}\n"


def read_experiences(lines: Iterable[str], *, domain: str) -> list[Experience]:
    """Read lines; `domain` is for those that name none.

    Raises:
        StoreError: a line is not of this format.
    """
    return [_read(_ExperienceLine, *line).experience(domain) for line in _lines(lines)]


def plan_experiences(store: ExperienceStore, experiences: Iterable[Experience]) -> PlannedExperiences:
    """Sort into new ones, known ones and such that would overwrite another content."""
    new: dict[str, Experience] = {}
    same: list[Experience] = []
    conflicting: list[Experience] = []
    for one in experiences:
        known = new.get(one.id) or (store.get(one.id) if one.id in store else None)
        if known is None:
            new[one.id] = one
        else:
            (same if known == one else conflicting).append(one)
    return PlannedExperiences(tuple(new.values()), tuple(same), tuple(conflicting))


def _rounds(steps: Sequence[Step]) -> list[dict[str, str]]:
    """Steps as objects of thought, action and observation in this order, as many as it takes."""
    rounds: list[dict[str, str]] = []
    for step in steps:
        later = _KINDS[_KINDS.index(step.kind) :]
        if not rounds or any(kind in rounds[-1] for kind in later):
            rounds.append({})
        rounds[-1][step.kind] = without_secrets(step.text)
    return rounds


def _lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _read(kind: type[_Kind], number: int, line: str) -> _Kind:
    try:
        return kind.model_validate_json(line)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StoreError(f"line {number}{f', {where}' if where else ''}: {first['msg']}") from problem
