"""`nimue models`: list, fetch, remove and locate the models that run on this machine."""

import json as json_text
from typing import Annotated

import cyclopts
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from agents.cli.local_files import pull_with_progress
from agents.errors import NimueError
from agents.llm.catalogue import CATALOGUE, DEFAULT_CHAT_MODEL, CatalogueEntry
from agents.llm.local_names import pullable_entry
from agents.llm.model_files import installed_bytes, is_installed, models_folder, path_of
from agents.llm.model_files import remove as remove_files

Flag = Annotated[bool, Parameter(negative="")]

app = cyclopts.App(name="models", help="Manage the models that run on this machine: no key, no server.")


@app.command(name="list")
def list_models(*, json: Flag = False) -> None:
    """List the models that can be had, and which are here.

    Args:
        json: Print them as JSON.
    """
    folder = models_folder()
    if json:
        print(json_text.dumps([_described(entry) for entry in CATALOGUE.values()], indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Model", no_wrap=True)
    table.add_column("Size", justify="right", no_wrap=True)
    table.add_column("Here", no_wrap=True)
    table.add_column("Licence", no_wrap=True)
    table.add_column("What it is", ratio=1)
    for entry in CATALOGUE.values():
        here = "yes" if is_installed(entry, folder) else "-"
        table.add_row(entry.name, size_text(entry.size), here, entry.licence, _in_words(entry))
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print(
        f"\nKept in {folder}.\n"
        "Fetch one with `nimue models pull NAME`, use it with `--model local:NAME`.\n"
        "NAME may be hf/OWNER/REPOSITORY/FILE.gguf of the hub; to use, also a PATH.gguf.",
        soft_wrap=True,
    )


@app.command
def pull(name: str) -> None:
    """Fetch a model, or go on with a fetch that was interrupted, and print where it lies.

    Args:
        name: A name of the list, or hf/OWNER/REPOSITORY/FILE.gguf.
    """
    print(pull_with_progress(pullable_entry(name)))


@app.command
def remove(name: str) -> None:
    """Delete a model's files and what an interrupted fetch left.

    Args:
        name: As for pull.
    """
    entry = pullable_entry(name)
    freed = remove_files(entry, models_folder())
    if not freed:
        raise NimueError(f"{entry.name} is not on this machine; there is nothing to remove.")
    print(f"Removed {entry.name}: {size_text(freed)} freed.")


@app.command
def path(name: str = "default") -> None:
    """Print where a model lies.

    Args:
        name: As for pull; the model that plain `local` means when left out.
    """
    entry = pullable_entry(name)
    folder = models_folder()
    if not is_installed(entry, folder):
        raise NimueError(f"{entry.name} is not on this machine: nimue models pull {name}")
    print(path_of(entry, folder))


def size_text(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _in_words(entry: CatalogueEntry) -> str:
    default = " The default." if entry.name == DEFAULT_CHAT_MODEL else ""
    return f"{entry.title}. {entry.note}{default}"


def _described(entry: CatalogueEntry) -> dict[str, object]:
    folder = models_folder()
    return {
        "name": entry.name,
        "kind": entry.kind,
        "title": entry.title,
        "licence": entry.licence,
        "context": entry.context,
        "note": entry.note,
        "default": entry.name == DEFAULT_CHAT_MODEL,
        "size": entry.size,
        "installed": is_installed(entry, folder),
        "bytes_on_disk": installed_bytes(entry, folder),
        "path": str(path_of(entry, folder)) if is_installed(entry, folder) else None,
        "files": [
            {
                "name": file.name,
                "size": file.size,
                "sha256": file.sha256,
                "sources": [str(source) for source in file.sources],
            }
            for file in entry.files
        ],
    }
