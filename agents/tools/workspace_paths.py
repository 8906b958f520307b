"""Keeps the settings that an agent chooses to the folders that it was given.

A job's settings may name files, as a path or as text that is either a name or a path (`digits`, `cats.npz`,
`/data/cats`). Whatever could be a path must lie inside; where it is only a name, nothing is lost by that.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agents.tools.tool import ToolFailure


def keep_inside(values: Mapping[str, Any], folders: Sequence[Path]) -> None:
    """Check every text among some settings, however deep.

    Raises:
        ToolFailure: One of them leads out of all the folders, or is an address.
    """
    for name, text in _texts("", values):
        if "://" in text or "\x00" in text:
            raise ToolFailure("refused", f"{name}: {text!r} is no file of this workspace.", _hint(folders))
        path = Path(text).expanduser()
        # The job runs in the first folder, so that is what a relative path begins at.
        resolved = (folders[0] / path).resolve()
        if not any(resolved.is_relative_to(folder.resolve()) for folder in folders):
            raise ToolFailure("refused", f"{name}: {text} lies outside the workspace.", _hint(folders))


def _hint(folders: Sequence[Path]) -> str:
    return f"Files must lie under {' or '.join(map(str, dict.fromkeys(folders)))}."


def _texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str | Path):
        yield name, str(value)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(f"{name}.{key}" if name else str(key), part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _texts(name, part)
