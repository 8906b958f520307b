"""What the Home screen says is configured: model and why, keys by name only, memory, disk."""

import os
from dataclasses import dataclass
from pathlib import Path

from agents.cli.doctor import examine
from agents.cli.installation import installed_extras
from agents.errors import NimueError
from agents.llm.local_names import local_model_path
from agents.llm.model_files import models_folder
from agents.llm.names import PROVIDERS
from agents.llm.resolve import resolve_model
from memory.errors import StoreError
from memory.experiences import ExperienceStore
from memory.insight_store import InsightStore
from memory.insights import active
from memory.workspace import FILE_NAME, Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallationFacts:
    """Lines of what is there."""

    model: str
    model_state: str
    keys: str
    memory: str
    problems: tuple[str, ...]


def installation_facts(memory: Path, model: str) -> InstallationFacts:
    """Look at everything; loads no model and asks no network."""
    findings = examine(os.environ, models_folder(), installed_extras())
    problems = list(findings.problems)
    named, reason, state = findings.model or "none", findings.reason, findings.model_state
    if model:
        try:
            resolved = resolve_model(model, os.environ).model
            named, reason, state = str(resolved), "your setting", "ready"
            if resolved.provider == "local":
                local_model_path(resolved.name, models_folder())
        except NimueError as error:
            named, reason, state = model, "your setting", "not usable"
            problems = [str(error)]
    present = [
        f"{provider.key} {'set' if os.environ.get(provider.key) else 'not set'}"
        for provider in PROVIDERS.values()
        if provider.key
    ]
    return InstallationFacts(
        model=f"{named} ({reason})" if reason else named,
        model_state=state,
        keys=", ".join(present),
        memory=_memory(memory),
        problems=tuple(problems),
    )


def _memory(folder: Path) -> str:
    if not (folder / FILE_NAME).is_file():
        return f"nothing in {folder} yet"
    try:
        with Workspace(folder, read_only=True) as workspace:
            store = InsightStore(workspace)
            sets = store.sets()
            insights = sum(len(active(store.insights(one.set_id))) for one in sets)
            experiences = len(ExperienceStore(workspace))
    except StoreError as error:
        return str(error)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{experiences} attempts, {insights} insights in {len(sets)} sets, {size / 1e6:.1f} MB"
