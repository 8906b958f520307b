"""Completes the path that is being typed, from the folders of this machine."""

from pathlib import Path

from textual.suggester import Suggester

MOST_LOOKED_AT = 2_000  # entries of a folder


class PathCompletion(Suggester):
    """Suggests the first entry, in the order of names, that begins as what was typed."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return complete(value)


def complete(typed: str) -> str | None:
    """The path that `typed` may become; a folder ends in a slash. None where there is none."""
    before, slash, begun = typed.rpartition("/")
    if not typed:
        return None
    try:
        folder = Path(before + slash).expanduser()
        entries = [entry for entry, _ in zip(folder.iterdir(), range(MOST_LOOKED_AT), strict=False)]
        fitting = sorted(entry for entry in entries if entry.name.startswith(begun))
        if not fitting or (not begun and fitting[0].name.startswith(".")):
            return None
        end = "/" if fitting[0].is_dir() else ""
    except (OSError, ValueError, RuntimeError):  # no such folder, or none that may be read
        return None
    return f"{before}{slash}{fitting[0].name}{end}"
