"""The folder of one run: made once, opened by one process at a time, resumable at any instant."""

import json
import os
import platform
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from agents.errors import NimueError

RUN_VERSION = 1


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run's place on disk. Everything in it is written by the process that holds `locked`."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def calls(self) -> Path:
        return self.path / "calls.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints.sqlite"

    @property
    def artifacts(self) -> Path:
        return self.path / "artifacts"

    def asked(self) -> dict[str, Any]:
        """What the run was asked to do, as `create_run` wrote it."""
        return dict(read_run_json(self.path)["asked"])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run. Raises `NimueError` if another process is working on it."""
        lock = FileLock(self.path / "run.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise NimueError(
                f"Run {self.path} is being worked on by another process; wait for it, or stop it."
            ) from None
        try:
            yield
        finally:
            lock.release()


def create_run(root: Path, kind: str, asked: Mapping[str, Any]) -> RunFolder:
    """Make a fresh run folder under `root`. Raises `NimueError` if the place cannot be written."""
    now = datetime.now(UTC)
    path = root / f"{kind.replace('.', '-')}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    facts = {
        "version": RUN_VERSION,
        "id": path.name,
        "kind": kind,
        "asked": dict(asked),
        "started": now.isoformat(timespec="seconds"),
        "versions": {"nimue": _version("nimue"), "python": platform.python_version()},
        "git": _git_revision(),
    }
    try:
        (path / "artifacts").mkdir(parents=True)
        _write_whole(path / "run.json", json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise NimueError(
            f"Cannot write a run under {root}: {error.strerror}. Choose another place with --out."
        ) from error
    return RunFolder(path)


def open_run(name: str, root: Path, kind: str) -> RunFolder:
    """Find a run by path or by its id under `root`. Raises `NimueError` if it is not one of this kind."""
    candidates = [Path(name), root / name]
    path = next((candidate for candidate in candidates if (candidate / "run.json").is_file()), None)
    if path is None:
        known = sorted(found.parent.name for found in root.glob("*/run.json"))
        there = f"the newest there are {', '.join(known[-5:])}" if known else "there is none"
        raise NimueError(f"No run {name!r} under {root}; {there}.")
    facts = read_run_json(path)
    if facts["kind"] != kind:
        raise NimueError(f"{path} is a run of {facts['kind']}, not of {kind}.")
    return RunFolder(path)


def read_run_json(path: Path) -> dict[str, Any]:
    """The facts of a run. Raises `NimueError` if the file is broken or from a newer nimue."""
    file = path / "run.json"
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise NimueError(
            f"{file} is not valid JSON (line {error.lineno}): the run cannot be read."
        ) from error
    if not isinstance(facts, dict) or not {"version", "kind", "asked"} <= facts.keys():
        raise NimueError(f"{file} does not describe a run.")
    if facts["version"] > RUN_VERSION:
        raise NimueError(
            f"{file} was written by a newer nimue (format {facts['version']}); upgrade to open it."
        )
    return facts


def _write_whole(file: Path, text: str) -> None:
    """Write so that a reader sees the old file or the new one, never half of it."""
    draft = file.with_suffix(file.suffix + ".new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, file)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return None


def _git_revision() -> str | None:
    """The revision of the checkout that nimue runs from, with "+" if it was changed; None outside one."""
    here = Path(__file__).resolve().parent
    try:
        revision = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12"],
            cwd=here, capture_output=True, text=True, timeout=5, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):  # no git on this machine, or a sick one
        return None
    return revision.stdout.strip() or None
