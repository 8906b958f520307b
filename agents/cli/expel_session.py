"""What the ExpeL commands do once the command line makes sense: models, run folder, screen, work, summary."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from agents.cli.expel_screen import JsonScreen, LiveScreen, Screen
from agents.cli.local_files import ensure_local_model, pull_with_progress
from agents.cli.model_flags import ModelFlags
from agents.errors import NimueError
from agents.expel.pipeline import RUN_KIND, Prepared, prepare, work_on
from agents.expel.plan import preview
from agents.expel.session import Means, chosen_tasks
from agents.expel.settings import ExpelSettings
from agents.llm.local_names import pullable_entry
from agents.llm.model_files import models_folder
from agents.llm.resolve import resolve_model
from agents.runs.folder import RunFolder, create_run
from memory.embedders import Embedder, open_embedder

SENTENCE_MODEL = "all-minilm-l6-v2"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for."""

    settings: ExpelSettings
    run: RunFolder | None
    """The run to go on with; None for a fresh one."""
    out: Path
    plan: bool
    workers: int | None
    json: bool
    models: ModelFlags


def run_expel(asked: Asked) -> int:
    """Do the work; the exit code. Every mistake is found before a model is fetched or loaded."""
    wanted = asked.settings
    for name in dict.fromkeys((wanted.model_name(), wanted.insight_model_name())):
        resolve_model(str(name), os.environ)
    prepared = prepare(wanted)
    if asked.plan:
        Console(highlight=False, soft_wrap=True).print(preview(prepared), markup=False)
        return 0
    chosen_tasks(prepared.suite, prepared.settings)
    for name in dict.fromkeys((wanted.model_name(), wanted.insight_model_name())):
        ensure_local_model(name, quiet=asked.json)
    embedder = _embedder(wanted.embedder, quiet=asked.json)
    run = asked.run or create_run(asked.out, RUN_KIND, prepared.settings.model_dump(mode="json"))
    screen: Screen = JsonScreen() if asked.json else LiveScreen(run, prepared.settings)
    return _work(run, prepared, embedder, asked, screen)


def _embedder(name: str, *, quiet: bool) -> Embedder:
    if name == "minilm":
        pull_with_progress(pullable_entry(SENTENCE_MODEL), quiet=quiet)
    return open_embedder(name, models_folder() / SENTENCE_MODEL)


def _work(run: RunFolder, prepared: Prepared, embedder: Embedder, asked: Asked, screen: Screen) -> int:
    options = asked.models.options(seed=prepared.settings.seed, temperature=prepared.settings.temperature)
    means = Means(
        max_cost=asked.models.max_cost, max_tokens=asked.models.max_tokens, num_workers=asked.workers
    )
    with run.locked(), screen:
        try:
            asyncio.run(
                work_on(run, prepared, embedder=embedder, means=means, options=options, watch=screen.event)
            )
        except NimueError as stop:
            screen.paused(run, str(stop))
            raise
        except KeyboardInterrupt:
            screen.paused(run, "stopped with Ctrl-C")
            raise
    screen.finished(run)
    return 0
