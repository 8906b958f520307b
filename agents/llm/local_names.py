"""What stands after `local:`: a model of the catalogue, a GGUF file of one's own, or a file of the hub.
Light.
"""

import re
from pathlib import Path

from agents.errors import NimueError
from agents.llm.catalogue import (
    CATALOGUE,
    DEFAULT_CHAT_MODEL,
    CatalogueEntry,
    HubFile,
    Kind,
    ModelFile,
    catalogue_entry,
)
from agents.llm.model_files import is_installed, path_of
from agents.llm.names import DEFAULT_MODEL

_HUB_FILE = re.compile(r"hf/(?P<repository>[\w.-]+/[\w.-]+)/(?P<file>[\w.-]+\.gguf)")


def pullable_entry(name: str) -> CatalogueEntry:
    """The entry of a catalogue name, of `default`, or of `hf/OWNER/REPOSITORY/FILE.gguf`.

    Raises:
        NimueError: The name is none of these.
    """
    if found := _HUB_FILE.fullmatch(name):
        return CatalogueEntry(
            name=f"hf--{found['repository'].replace('/', '--')}",
            kind=Kind.CHAT,
            title=f"{found['file']} of {found['repository']}",
            licence="see the hub",
            context=8192,
            note="A model of your own choice.",
            files=(
                ModelFile(
                    name=found["file"],
                    size=0,
                    sha256=None,
                    sources=(HubFile(repository=found["repository"], file=found["file"]),),
                ),
            ),
        )
    return catalogue_entry(DEFAULT_CHAT_MODEL if name == DEFAULT_MODEL else name)


def names_own_file(name: str) -> bool:
    """Whether a name is the path of a GGUF file."""
    return name not in CATALOGUE and name.endswith(".gguf") and not name.startswith("hf/")


def local_model_path(name: str, folder: Path) -> Path:
    """The model file a name stands for.

    Raises:
        NimueError: There is no such file, the model is not on this machine, or it is not a chat model.
    """
    if names_own_file(name):
        path = Path(name).expanduser()
        if not path.is_file():
            raise NimueError(f"There is no model file {path}.")
        return path
    entry = pullable_entry(name)
    if entry.kind is not Kind.CHAT:
        raise NimueError(f"{entry.name} embeds texts, it cannot chat. Chat models: {_chat_names()}.")
    if not is_installed(entry, folder):
        pull_name = name if name.startswith("hf/") else entry.name
        raise NimueError(
            f"The model {entry.name} is not on this machine: nimue models pull {pull_name} "
            f"({entry.size / 1e6:,.0f} MB, once)."
            if entry.size
            else f"The model {name} is not on this machine: nimue models pull {pull_name}"
        )
    return path_of(entry, folder)


def _chat_names() -> str:
    return ", ".join(entry.name for entry in CATALOGUE.values() if entry.kind is Kind.CHAT)
