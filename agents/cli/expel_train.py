"""`expel train`, `gather`, `extract`, `eval`: the phases of ExpeL as runs that can be continued."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter, validators

from agents.cli.avalon_play import Flag
from agents.cli.model_flags import ModelFlags
from agents.errors import NimueError
from agents.expel.settings import (
    PHASES,
    ActingSettings,
    EvaluationSettings,
    ExpelSettings,
    ExtractionSettings,
    Phase,
    RecallSettings,
    TaskSettings,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from agents.runs.folder import RunFolder

RUNS = Path("runs")
MEMORY = "nimue-memory"

_TASKS = Group("Tasks", sort_key=1)
_MODEL = Group("The model", sort_key=2)
_ACTING = Group("How the agent acts", sort_key=3)
_EXTRACTING = Group("How insights are extracted", sort_key=4)
_RECALLING = Group("How examples are recalled", sort_key=5)
_EVALUATING = Group("What is compared", sort_key=6)

TaskFlags = Annotated[TaskSettings, Parameter(name="*", group=_TASKS)]
ActingFlags = Annotated[ActingSettings, Parameter(name="*", group=_ACTING)]
ExtractionFlags = Annotated[ExtractionSettings, Parameter(name="*", group=_EXTRACTING)]
RecallFlags = Annotated[RecallSettings, Parameter(name="*", group=_RECALLING)]
EvaluationFlags = Annotated[EvaluationSettings, Parameter(name="*", group=_EVALUATING)]
Models = Annotated[ModelFlags, Parameter(name="*", group=_MODEL)]

_NO_MODEL = ModelFlags()

_FOLLOWING = {
    "engine": ("structured",),
    "form": ("constrained", "fresh", "status", "past_thoughts"),
    "constrained": ("fresh",),
}
"""Settings whose default follows from another one: where that is given anew, they are taken anew."""


def train(
    *,
    env: Annotated[str | None, Parameter(group=_TASKS)] = None,
    data: Annotated[Path | None, Parameter(group=_TASKS)] = None,
    memory: str = MEMORY,
    out: Path = RUNS,
    resume: str | None = None,
    plan: Flag = False,
    workers: int | None = None,
    json: Flag = False,
    tasks: TaskFlags = TaskSettings(),  # noqa: B008 - frozen
    models: Models = _NO_MODEL,
    acting: ActingFlags = ActingSettings(),  # noqa: B008
    extraction: ExtractionFlags = ExtractionSettings(),  # noqa: B008
    recall: RecallFlags = RecallSettings(),  # noqa: B008
    evaluation: EvaluationFlags = EvaluationSettings(),  # noqa: B008
) -> int:
    """Let an agent gather experience, distil insights from it, and measure what it gained.

    Every task is tried, with retries and reflections; insights are extracted for each fold from the tasks
    outside it; then every task is met anew by each arm. A run can be stopped at any time (Ctrl-C, or
    worse) and continued with --resume; nothing that was paid for is asked again.

    Args:
        env: The environment: alfworld, hotpotqa, fever or webshop.
        data: Folder or file with the environment's published data (default: what ships with nimue, or
            $ALFWORLD_DATA).
        memory: Folder of the memory that is filled and used.
        out: Folder that runs are kept in.
        resume: Go on with a run: its id under --out, or its path.
        plan: Only say what would be done, and about how many model calls that takes.
        workers: Processes for slow environments (default: the processors at hand).
        json: Print events as JSON, one object a line, and nothing else.
    """
    groups = (tasks, acting, extraction, recall, evaluation)
    return _start(PHASES, env, data, memory, out, resume, plan, workers, json, models, groups)


def gather(
    *,
    env: Annotated[str | None, Parameter(group=_TASKS)] = None,
    data: Annotated[Path | None, Parameter(group=_TASKS)] = None,
    memory: str = MEMORY,
    out: Path = RUNS,
    resume: str | None = None,
    plan: Flag = False,
    workers: int | None = None,
    json: Flag = False,
    tasks: TaskFlags = TaskSettings(),  # noqa: B008
    models: Models = _NO_MODEL,
    acting: ActingFlags = ActingSettings(),  # noqa: B008
    folds: Annotated[int, Parameter(validator=validators.Number(gte=2))] = 2,
    embedder: Literal["minilm", "hash"] = "minilm",
) -> int:
    """Let an agent gather experience only; extract and eval build on it.

    Args:
        env: The environment: alfworld, hotpotqa, fever or webshop.
        data: Folder or file with the environment's published data (default: what ships with nimue, or
            $ALFWORLD_DATA).
        memory: Folder of the memory that is filled.
        out: Folder that runs are kept in.
        resume: Go on with a run: its id under --out, or its path.
        plan: Only say what would be done, and about how many model calls that takes.
        workers: Processes for slow environments (default: the processors at hand).
        json: Print events as JSON, one object a line, and nothing else.
        folds: Folds that the tasks are dealt into.
        embedder: What compares tasks.
    """
    groups = (tasks, acting, ExtractionSettings(folds=folds), RecallSettings(embedder=embedder))
    return _start(("gather",), env, data, memory, out, resume, plan, workers, json, models, groups)


def extract(
    run: str,
    *,
    out: Path = RUNS,
    json: Flag = False,
    models: Models = _NO_MODEL,
    extraction: ExtractionFlags = ExtractionSettings(),  # noqa: B008
) -> int:
    """Extract insights from what a run gathered, as a run of its own.

    Args:
        run: The run that gathered: its id under --out, or its path. A stopped extraction is continued by
            naming its own run.
        out: Folder that runs are kept in.
        json: Print events as JSON, one object a line, and nothing else.
    """
    return _continue("extract", run, out, json, models, (extraction,))


def evaluate(
    run: str,
    *,
    out: Path = RUNS,
    workers: int | None = None,
    json: Flag = False,
    models: Models = _NO_MODEL,
    acting: ActingFlags = ActingSettings(),  # noqa: B008
    recall: RecallFlags = RecallSettings(),  # noqa: B008
    evaluation: EvaluationFlags = EvaluationSettings(),  # noqa: B008
) -> int:
    """Measure what was learned, as a run of its own: every task is met by each arm.

    Args:
        run: The run that gathered and extracted, or an extract run: its id under --out, or its path. A
            stopped evaluation is continued by naming its own run.
        out: Folder that runs are kept in.
        workers: Processes for slow environments (default: the processors at hand).
        json: Print events as JSON, one object a line, and nothing else.
    """
    return _continue("evaluate", run, out, json, models, (acting, recall, evaluation), workers)


def transfer(
    set_: str,
    *,
    env: Annotated[str | None, Parameter(group=_TASKS)] = None,
    data: Annotated[Path | None, Parameter(group=_TASKS)] = None,
    style: Annotated[Literal["paragraph", "list"], Parameter(group=_EXTRACTING)] = "paragraph",
    examples: Annotated[bool, Parameter(group=_EXTRACTING)] = True,
    insight_model: Annotated[str | None, Parameter(group=_EXTRACTING)] = None,
    arms: Annotated[str, Parameter(group=_EVALUATING)] = "react,insights-only",
    memory: str = MEMORY,
    out: Path = RUNS,
    resume: str | None = None,
    workers: int | None = None,
    json: Flag = False,
    tasks: TaskFlags = TaskSettings(),  # noqa: B008
    models: Models = _NO_MODEL,
    acting: ActingFlags = ActingSettings(),  # noqa: B008
) -> int:
    """Adapt insights of one environment to another, and measure whether they help there.

    Args:
        set_: The insight set to transfer; `expel insights list` names them.
        env: The environment to transfer to.
        data: Folder or file with that environment's published data.
        style: What stands in the prompts: one paragraph to follow, or a list of insights.
        examples: Show examples of the target to the model that adapts.
        insight_model: provider:model that adapts (default: the one that acts).
        arms: What is compared, separated by commas; those with examples from memory have none here.
        memory: Folder of the memory that holds the set.
        out: Folder that runs are kept in.
        resume: Go on with a transfer: its id under --out, or its path.
        workers: Processes for slow environments (default: the processors at hand).
        json: Print events as JSON, one object a line, and nothing else.
    """
    extra = {
        "transfer_from": set_,
        "transfer_style": style,
        "transfer_examples": examples,
        "insight_model": insight_model,
        "arms": arms,
    }
    groups = (tasks, acting)
    phases: tuple[Phase, ...] = ("transfer", "evaluate")
    return _start(phases, env, data, memory, out, resume, False, workers, json, models, groups, extra)


def _start(
    phases: tuple[Phase, ...],
    env: str | None,
    data: Path | None,
    memory: str,
    out: Path,
    resume: str | None,
    plan: bool,
    workers: int | None,
    json: bool,
    models: ModelFlags,
    groups: tuple[BaseModel, ...],
    extra: Mapping[str, Any] = MappingProxyType({}),
) -> int:
    from agents.cli.expel_session import Asked, run_expel
    from agents.expel.pipeline import RUN_KIND
    from agents.runs.folder import open_run

    if workers is not None and workers < 1:
        raise NimueError(f"--workers is {workers}; it must be at least 1.")
    run: RunFolder | None = None
    given = _given(groups)
    if resume is not None:
        if env or data or models.model or models.temperature is not None or given:
            which = ", ".join(f"--{name.replace('_', '-')}" for name in given) or "--env and the model"
            raise NimueError(f"--resume goes on with the run as it was asked for; leave out {which}.")
        run = open_run(resume, out, RUN_KIND)
        settings = ExpelSettings(**run.asked())
    else:
        if env is None:
            raise NimueError("Name an environment: --env alfworld, hotpotqa, fever or webshop.")
        settings = ExpelSettings(
            env=env,
            data=None if data is None else str(data.absolute()),
            memory=str(Path(memory).absolute()),
            model=_model(models),
            temperature=models.temperature or 0.0,
            phases=phases,
            **given,
            **extra,
        )
    return run_expel(Asked(settings, run, out=out, plan=plan, workers=workers, json=json, models=models))


def _continue(
    phase: Phase,
    name: str,
    out: Path,
    json: bool,
    models: ModelFlags,
    groups: tuple[BaseModel, ...],
    workers: int | None = None,
) -> int:
    from agents.cli.expel_session import Asked, run_expel
    from agents.expel.pipeline import RUN_KIND
    from agents.runs.folder import open_run

    source = open_run(name, out, RUN_KIND)
    before = ExpelSettings(**source.asked())
    given = _given(groups)
    if before.phases == (phase,) and not given and models.model is None:
        return run_expel(
            Asked(
                before, source, out=source.path.parent, plan=False, workers=workers, json=json, models=models
            )
        )
    changes: dict[str, Any] = {
        "phases": (phase,),
        "gathered_by": before.gathered_by or source.id,
        "extracted_by": before.extracted_by or source.id if phase == "evaluate" else None,
        **{
            follower: None
            for leader, followers in _FOLLOWING.items()
            if leader in given
            for follower in followers
        },
        **given,
    }
    if models.model is not None:
        which = "insight_model" if phase == "extract" else "model"
        changes[which] = _model(models)
    if models.temperature is not None:
        changes["temperature"] = models.temperature
    settings = ExpelSettings(**{**before.model_dump(), **changes})
    return run_expel(
        Asked(settings, None, out=source.path.parent, plan=False, workers=workers, json=json, models=models)
    )


def _given(groups: tuple[BaseModel, ...]) -> dict[str, Any]:
    """What was given on the command line, by field."""
    return {name: value for group in groups for name, value in group.model_dump(exclude_unset=True).items()}


def _model(models: ModelFlags) -> str:
    from agents.llm.resolve import resolve_model

    return str(resolve_model(models.model, os.environ).model)
