"""`nimue doctor`: what is installed, which model would be used and why, what is missing and how to get it."""

import json as json_text
import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from agents.cli.installation import DISTRIBUTION, Extra, installed_extras, installed_version
from agents.cli.models import size_text
from agents.errors import NimueError
from agents.llm.local_names import local_model_path, names_own_file, pullable_entry
from agents.llm.machine import Machine, this_machine
from agents.llm.model_files import installed_entries, is_installed, models_folder
from agents.llm.names import PROVIDERS, ModelName
from agents.llm.resolve import resolve_model

ENGINE = "xllamacpp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What the doctor found."""

    python: str
    system: str
    nimue: str | None
    extras: tuple[Extra, ...]
    model: str | None
    reason: str
    """Why that model."""
    model_state: str
    problems: tuple[str, ...]
    """What keeps one from playing, each with what mends it."""
    advice: tuple[str, ...]
    """What is missing and not needed to play."""
    model_files: tuple[str, ...]
    models_folder: str
    free_bytes: int
    machine: Machine

    @property
    def can_play(self) -> bool:
        return not self.problems


def doctor(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Check this installation: what is here, which model would be used and why, and what is missing.

    The exit code is 0 if a game can be played and 1 if not. Nothing is sent over the network.

    Args:
        json: Print the findings as JSON.
    """
    findings = examine(os.environ, models_folder(), installed_extras())
    if json:
        print(json_text.dumps({**asdict(findings), "can_play": findings.can_play}, indent=2))
    else:
        _show(findings, Console(highlight=False, markup=False, soft_wrap=True))
    return 0 if findings.can_play else 1


def examine(environ: Mapping[str, str], folder: Path, extras: tuple[Extra, ...]) -> Findings:
    """Look at everything without loading any of it."""
    problems: list[str] = []
    advice: list[str] = []
    if not installed_version(DISTRIBUTION):
        advice.append(
            f"{DISTRIBUTION} runs from a checkout, so its packages cannot be checked: pip install -e ."
        )
    for extra in extras:
        if lacking := ", ".join(_wanted(package.name, package.wanted) for package in extra.lacking):
            if extra.name:
                advice.append(f"for {extra.name}: {extra.line}")
            else:
                problems.append(f"needed and not here: {lacking}. {extra.line}")
    try:
        resolved = resolve_model(None, environ)
    except NimueError as error:
        model, reason, state = None, "", "none"
        problems.append(str(error))
    else:
        model, reason = resolved.model, resolved.reason
        state, problem = model_state(model, folder)
        problems += [problem] if problem else []
    return Findings(
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        nimue=installed_version(DISTRIBUTION),
        extras=extras,
        model=str(model) if model else None,
        reason=reason,
        model_state=state,
        problems=tuple(problems),
        advice=tuple(advice),
        model_files=tuple(entry.name for entry in installed_entries(folder)),
        models_folder=str(folder),
        free_bytes=shutil.disk_usage(_existing(folder)).free,
        machine=this_machine(),
    )


def model_state(model: ModelName, folder: Path) -> tuple[str, str]:
    """How ready a model is, and what is wrong with it if anything is."""
    if PROVIDERS[model.provider].hosted:
        return "hosted; the key is set and was not tried", ""
    if model.provider != "local":
        return "ready", ""
    if installed_version(ENGINE) is None:
        return "the embedded engine is missing", f"the embedded engine is not installed: pip install {ENGINE}"
    try:
        if names_own_file(model.name):
            return f"ready: {local_model_path(model.name, folder)}", ""
        entry = pullable_entry(model.name)
        if not is_installed(entry, folder):
            size = f", {size_text(entry.size)}" if entry.size else ""
            return f"will be fetched when first used{size}; or now: nimue models pull {model.name}", ""
        return f"ready: {local_model_path(model.name, folder)}", ""
    except NimueError as error:
        return "not usable", str(error)


def _existing(folder: Path) -> Path:
    """The folder itself or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _wanted(name: str, specifier: str) -> str:
    return f"{name}{specifier}"


def _show(findings: Findings, console: Console) -> None:
    machine = findings.machine
    accelerator = f"an NVIDIA driver ({machine.accelerator})" if machine.accelerator else "none found"
    nimue = findings.nimue or "from a checkout"
    rows = [
        ("nimue", f"{nimue}, Python {findings.python}, {findings.system}"),
        ("cores", f"{machine.physical_cores} usable; GPU: {accelerator}"),
        ("memory", size_text(machine.memory_bytes) if machine.memory_bytes else "unknown"),
        ("disk", f"{size_text(findings.free_bytes)} free for {findings.models_folder}"),
        ("model", f"{findings.model} ({findings.reason})" if findings.model else "none"),
        ("", findings.model_state),
        ("on disk", ", ".join(findings.model_files) or "no model yet (nimue models list)"),
    ]
    rows += [(extra.name or "packages", _extra_text(extra)) for extra in findings.extras if extra.packages]
    width = max(len(name) for name, _ in rows) + 2
    for name, text in rows:
        console.print(f"{name:<{width}}{text}")
    for problem in findings.problems:
        console.print(f"\nProblem: {problem}")
    if findings.advice:
        console.print("\nNot here, and not needed to play:")
        for line in findings.advice:
            console.print(f"  {line}")
    console.print("\nReady to play: avalon play" if findings.can_play else "\nA game cannot be played yet.")


def _extra_text(extra: Extra) -> str:
    lacking = extra.lacking
    if not lacking:
        return f"all {len(extra.packages)} here"
    return (
        f"{len(lacking)} of {len(extra.packages)} missing: {', '.join(package.name for package in lacking)}"
    )
