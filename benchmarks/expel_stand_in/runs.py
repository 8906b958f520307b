"""A run of ExpeL with stand-ins for its models."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.expel.pipeline import RUN_KIND, prepare, work_on
from agents.expel.session import Means, Watcher
from agents.expel.settings import ExpelSettings
from agents.llm.model import Model, ModelOptions
from agents.llm.model_files import models_folder
from agents.llm.names import ModelName
from agents.llm.scripted import Reply, scripted_model
from agents.runs.folder import RunFolder, create_run
from memory.embedders import open_embedder

ACTOR, JUDGE = "scripted:1", "scripted:2"


def settings_for(env: str, memory: Path, **asked: Any) -> ExpelSettings:
    """A run's settings: text answers, since the judge is as untidy as language models are."""
    return ExpelSettings(
        env=env, memory=str(memory), model=ACTOR, insight_model=JUDGE, structured=False, **asked
    )


def run_with(
    folder: Path,
    settings: ExpelSettings,
    *,
    actor: Reply,
    judge: Reply,
    means: Means | None = None,
    watch: Watcher | None = None,
) -> RunFolder:
    """Do all that the settings ask for, in a fresh run folder."""
    replies: Mapping[str, Reply] = {ACTOR: actor, JUDGE: judge}

    def open_stand_in(name: ModelName, _: ModelOptions) -> Model:
        return scripted_model(replies[str(name)])

    prepared = prepare(settings)
    run = create_run(folder, RUN_KIND, prepared.settings.model_dump(mode="json"))
    working = work_on(
        run,
        prepared,
        embedder=open_embedder(settings.embedder, models_folder() / "all-minilm-l6-v2"),
        means=means or Means(),
        options=ModelOptions(),
        watch=watch or (lambda kind, data: None),
        open_models=open_stand_in,
    )
    asyncio.run(working)
    return run
