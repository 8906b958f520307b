"""What a system of the laboratory is: a card with typed jobs, each with the address of its code.

A system is one published method. From this declaration come the command line, the agents' tools, the forms
and the tables in the docs. This module and every `spec.py` import the standard library and pydantic only.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from backends.lab.taxonomy import Branch

JobKind = Literal["prepare", "train", "evaluate", "predict", "analyse", "reproduce"]
Effort = Literal["seconds", "minutes", "gpu"]
Device = Literal["auto", "cpu", "cuda"]

MAX_TOOL_NAME = 64
_SYSTEM_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class JobParams(BaseModel):
    """What a job is asked: every field has a description, which becomes its help on every surface."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    seed: int = Field(0, ge=0, description="Seed of every random stream of the run.")
    device: Device = Field("auto", description="Where to compute; auto takes a GPU if there is one.")


class Artifact(BaseModel):
    """A file that a run made."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    path: str = Field(description="Where it lies, from the run's artifacts folder on.")
    caption: str = Field(description="What it shows or holds, in one sentence.")

    @field_validator("path")
    @classmethod
    def _inside_the_folder(cls, path: str) -> str:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts:
            raise ValueError("an artifact lies inside its run's folder")
        if pure.suffix not in ARTIFACT_TYPES:
            raise ValueError(f"an artifact is one of {', '.join(ARTIFACT_TYPES)}")
        return path

    @property
    def media_type(self) -> str:
        return ARTIFACT_TYPES[PurePosixPath(self.path).suffix]


ARTIFACT_TYPES: Mapping[str, str] = {
    ".safetensors": "application/vnd.safetensors",
    ".json": "application/json",
    ".png": "image/png",
}


class JobResult(BaseModel):
    """What a job answers. A number that is not finite is refused: it would hide that a run has failed."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    metrics: dict[str, float] = Field(default_factory=dict, description="The figures of the run, by name.")
    artifacts: tuple[Artifact, ...] = Field(default=(), description="The files that the run made.")

    @field_validator("metrics")
    @classmethod
    def _finite(cls, metrics: dict[str, float]) -> dict[str, float]:
        if bad := [name for name, value in metrics.items() if not math.isfinite(value)]:
            raise ValueError(f"not finite: {', '.join(bad)}")
        return metrics


P = TypeVar("P", bound=JobParams)
R = TypeVar("R", bound=JobResult)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job(Generic[P, R]):
    """One typed operation of a system. `entry` names `function(params, report) -> result`.

    `quick` are settings with which it takes seconds on a CPU: with them the contract tests stop it, resume it
    and compare. Every job of kind train has them.
    """

    name: str
    kind: JobKind
    summary: str
    params: type[P]
    result: type[R]
    entry: str
    effort: Effort
    quick: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        assert _NAME.fullmatch(self.name), f"{self.name!r} is not a job's name"
        assert _ENTRY.fullmatch(self.entry), f"{self.entry!r} is not module:function"


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """Where a method was published; `code` is the authors' own repository."""

    title: str
    venue: str
    year: int
    arxiv: str | None = None
    code: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFigure:
    """A number that others reported and that we are held against."""

    what: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """A model with all its settings. `build` names `function(**changes) -> nn.Module`.

    `inputs` are shapes without the batch; `vocabulary` is set where the input is token numbers.
    `parameters` and `macs` (for one input) are published or computed; None is unknown.
    """

    name: str
    summary: str
    build: str
    inputs: tuple[tuple[int, ...], ...]
    vocabulary: int | None = None
    parameters: int | None = None
    macs: int | None = None
    tolerance: float = 0.0

    def __post_init__(self) -> None:
        assert _NAME.fullmatch(self.name), f"{self.name!r} is not a preset's name"
        assert _ENTRY.fullmatch(self.build), f"{self.build!r} is not module:function"


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """A published method, as a working part. `extra` is what `pip install 'nimue[...]'` must bring."""

    id: str
    title: str
    summary: str
    jobs: tuple[Job[Any, Any], ...]
    paper: Paper | None = None
    branches: tuple[Branch, ...] = ()
    figures: tuple[PublishedFigure, ...] = ()
    presets: tuple[Preset, ...] = ()
    extra: str | None = None

    def __post_init__(self) -> None:
        assert _SYSTEM_ID.fullmatch(self.id), f"{self.id!r} is not family.name"
        assert len({job.name for job in self.jobs}) == len(self.jobs), f"{self.id}: two jobs of one name"
        assert len({preset.name for preset in self.presets}) == len(self.presets), f"{self.id}: two presets"

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]


def tool_name(system: System, job: Job[Any, Any]) -> str:
    """The one name under which agents and MCP clients call a job; providers refuse dots."""
    return f"{system.id.replace('.', '_')}_{job.name}"


def tool_schema(job: Job[Any, Any]) -> dict[str, Any]:
    """The JSON schema of a job's parameters, as tool-calling models read it."""
    schema: dict[str, Any] = job.params.model_json_schema()
    return schema
