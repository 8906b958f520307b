"""Brings a model's files onto this machine and shows progress on stderr, so that stdout stays for results."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as ProgressBar

from agents.llm.catalogue import CatalogueEntry
from agents.llm.local_names import local_model_path, names_own_file, pullable_entry
from agents.llm.model_files import Progress, is_installed, models_folder, pull
from agents.llm.names import ModelName

_STAGES = {
    "waiting": "another process is fetching it",
    "fetching": "fetching",
    "joining": "checking",
}


def ensure_local_model(model: ModelName, *, quiet: bool) -> None:
    """Fetch the embedded model that is about to be used, unless it is here; other providers need no file.

    Raises:
        NimueError: There is no such model, or no room for it.
        NimueFailure: It cannot be had.
    """
    if model.provider != "local":
        return
    if names_own_file(model.name):
        local_model_path(model.name, models_folder())
        return
    pull_with_progress(pullable_entry(model.name), quiet=quiet)


def pull_with_progress(entry: CatalogueEntry, *, quiet: bool = False) -> Path:
    """Pull a model: a bar on a terminal, a line before and after in a log, nothing when quiet."""
    folder = models_folder()
    console = Console(stderr=True, highlight=False, quiet=quiet)
    if is_installed(entry, folder) or not console.is_terminal:
        return _pull_with_lines(entry, folder, console)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with ProgressBar(*columns, console=console) as bar:
        task = bar.add_task(entry.name, total=entry.size or None)

        def show(progress: Progress) -> None:
            description = f"{entry.name}: {_STAGES[progress.stage]}"
            bar.update(task, description=description, completed=progress.done, total=progress.total or None)

        return pull(entry, folder, show)


def _pull_with_lines(entry: CatalogueEntry, folder: Path, console: Console) -> Path:
    if not is_installed(entry, folder):
        size = f" ({entry.size / 1e6:,.0f} MB)" if entry.size else ""
        console.print(f"Fetching {entry.name}{size} into {folder}", markup=False, soft_wrap=True)
    return pull(entry, folder, _ignore)


def _ignore(progress: Progress) -> None:
    """A log needs no percentages."""
