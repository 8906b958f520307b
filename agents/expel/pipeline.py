"""A whole run: its phases in order, each a graph with checkpoints in the run's folder."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from agents.errors import NimueError
from agents.expel.arms import parse_arms
from agents.expel.evaluation import evaluate
from agents.expel.extraction import extract
from agents.expel.gathering import gather
from agents.expel.session import Means, OpenModel, Session, Watcher
from agents.expel.settings import ExpelSettings, Phase
from agents.expel.transfer import transfer
from agents.llm.model import ModelOptions, open_model
from agents.react.benchmarks import find_benchmark
from agents.runs.event_log import read_events
from agents.runs.folder import RunFolder, read_run_json
from games.errors import GameError
from games.text.env import Suite
from games.text.suites import open_suite
from memory.embedders import Embedder
from memory.runs import Run, RunKind

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

RUN_KIND = "expel"

_PHASES: Mapping[Phase, Callable[[Session, "BaseCheckpointSaver[str]"], Awaitable[None]]] = MappingProxyType(
    {"gather": gather, "extract": extract, "transfer": transfer, "evaluate": evaluate}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What a run needs, checked before any money or time is spent."""

    settings: ExpelSettings
    """With every default filled in."""
    suite: Suite


def prepare(settings: ExpelSettings) -> Prepared:
    """Check that the environment and its data are there.

    Raises:
        NimueError: something is missing; the message says what brings it.
    """
    benchmark = find_benchmark(settings.env)
    if "evaluate" in settings.phases:
        parse_arms(settings.arms)
    try:
        suite = open_suite(settings.env, settings.data_path())
        suite.make().close()
    except GameError as error:
        raise NimueError(str(error)) from error
    return Prepared(settings=settings.resolved(benchmark), suite=suite)


async def work_on(
    run: RunFolder,
    prepared: Prepared,
    *,
    embedder: Embedder,
    means: Means,
    options: ModelOptions,
    watch: Watcher,
    open_models: OpenModel = open_model,
) -> None:
    """Do, or go on doing, what the run was asked for.

    Raises:
        NimueError: the run cannot go on now; everything so far is kept.
    """
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    resumed = next(read_events(run.events), None) is not None
    settings = prepared.settings
    with Session(
        run,
        settings,
        benchmark=find_benchmark(settings.env),
        suite=prepared.suite,
        embedder=embedder,
        means=means,
        options=options,
        watch=watch,
        open_models=open_models,
    ) as session:
        if resumed:
            session.tell_recorded()
            session.note("resumed", {})
        else:
            session.note("started", _started(session))
        session.runs.begin(_as_kept(session))
        try:
            async with AsyncSqliteSaver.from_conn_string(str(run.checkpoints)) as saver:
                for phase in settings.phases:
                    await _PHASES[phase](session, saver)
            session.record("finished", "finished", {})
            session.runs.end(run.id, "done")
        except NimueError as stop:
            session.note("paused", {"reason": str(stop)})
            session.runs.end(run.id, "stopped")
            raise


def _started(session: Session) -> dict[str, Any]:
    return {
        "settings": session.settings.model_dump(mode="json"),
        "origin": session.suite.origin,
        "fingerprint": session.suite.fingerprint,
        "embedder": session.embedder.mark.name,
        "tasks": {task.id: task.kind for task in session.tasks.values()},
    }


def _as_kept(session: Session) -> Run:
    """The run as the memory remembers it."""
    settings = session.settings
    kinds: Mapping[tuple[Phase, ...], RunKind] = {
        ("gather",): "gather",
        ("extract",): "extract",
        ("evaluate",): "eval",
        ("transfer", "evaluate"): "transfer",
    }
    return Run(
        run_id=session.run_id,
        kind=kinds.get(settings.phases, "train"),
        domain=settings.env,
        config=settings.model_dump(mode="json"),
        manifest={
            "fingerprint": session.suite.fingerprint,
            "origin": session.suite.origin,
            "embedder": session.embedder.mark.name,
            **{key: read_run_json(session.run.path)[key] for key in ("versions", "git")},
        },
        parent_run=settings.extracted_by or settings.gathered_by,
    )
