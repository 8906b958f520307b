"""The runs on disk, as a list shows them: what each was asked, where it stands, how one goes on with it.

Only `run.json` and the end of `events.jsonl` are read, so that hundreds of runs are listed at once. A folder
that cannot be read is an entry like any other, with what is wrong with it.
"""

import json
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from agents.errors import NimueError
from agents.runs.folder import read_run_json

State = Literal["running", "finished", "paused", "stopped", "failed", "broken"]

_TAIL_BYTES = 65_536
_MOST_FIGURES = 3
_MOST_RESULT = 300  # characters: an assistant's answer may be long
_ENDS: Mapping[str, State] = {
    "finished": "finished",
    "paused": "paused",
    "failed": "failed",
    "cancelled": "stopped",
}


_TURN_ENDS: Mapping[str, State] = {
    "answered": "finished",
    "stopped": "stopped",
    "paused": "paused",
    "failed": "failed",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelved:
    """One run as it lies on disk."""

    path: Path
    kind: str
    state: State
    title: str
    """What was asked for, in a line."""
    result: str = ""
    """What came of it, or why it paused or is broken."""
    started: datetime | None = None
    command: str | None = None
    """The command line that goes on with it; None where there is none."""

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def resumable(self) -> bool:
        return self.state in ("paused", "stopped", "failed") and self.command is not None


def list_runs(root: Path) -> list[Shelved]:
    """Every folder under `root` that is a run or looks like one, newest first."""
    if not root.is_dir():
        return []
    folders = [path for path in root.iterdir() if path.is_dir() and _looks_like_run(path)]
    return sorted(map(look_at, folders), key=_age, reverse=True)


def _looks_like_run(path: Path) -> bool:
    return (path / "run.json").exists() or (path / "events.jsonl").exists()


def _age(run: Shelved) -> tuple[float, str]:
    return (run.started.timestamp() if run.started else 0.0, run.id)


def look_at(path: Path) -> Shelved:
    """One run; a broken one says what is wrong."""
    try:
        facts = read_run_json(path)
        kind = str(facts["kind"])
        started = datetime.fromisoformat(facts["started"])
        title = _TITLES.get(kind, _any_title)(facts["asked"])
        command = _resume_command(path, kind, facts["asked"])
        last = _last_event(path / "events.jsonl")
    except (NimueError, OSError, UnicodeDecodeError) as error:
        return Shelved(path=path, kind="?", state="broken", title="", result=str(error))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        told = f"run.json does not say what was asked ({error!r})"
        return Shelved(path=path, kind="?", state="broken", title="", result=told)
    state, result = _standing(path, last)
    return Shelved(
        path=path, kind=kind, state=state, title=title, result=result, started=started, command=command
    )


def _standing(path: Path, last: Mapping[str, Any] | None) -> tuple[State, str]:
    if last is not None and "kind" not in last:
        return "broken", "the end of events.jsonl is not an event"
    if is_held(path):
        return "running", ""
    if last is None:
        return "stopped", "not begun"
    data = last.get("data")
    told = data if isinstance(data, Mapping) else {}
    ending = str(told.get("ending", ""))  # how a turn of a conversation ended
    return _ENDS.get(str(last["kind"]), "stopped") if not ending else _TURN_ENDS.get(
        ending, "stopped"
    ), _result(told)


def _result(data: Mapping[str, Any]) -> str:
    if isinstance(data.get("winner"), str):
        return f"{data['winner']} wins"
    for name in ("reason", "message", "text"):
        if isinstance(data.get(name), str):
            return str(data[name])[:_MOST_RESULT]
    if isinstance(data.get("metrics"), Mapping):
        return _figures(data["metrics"])
    return f"{data['played']} games" if isinstance(data.get("played"), int) else ""


def _figures(metrics: Mapping[str, Any]) -> str:
    """The first few figures of a run of the laboratory."""
    told = [f"{name} {value:.4g}" for name, value in metrics.items() if isinstance(value, int | float)]
    return ", ".join(told[:_MOST_FIGURES])


def is_held(path: Path) -> bool:
    """Whether a process works on the run now."""
    lock = path / "run.lock"
    if not lock.exists():
        return False
    try:
        with FileLock(lock).acquire(timeout=0):
            return False
    except Timeout:
        return True


def _last_event(file: Path) -> Mapping[str, Any] | None:
    """The last whole line; None of an empty log, an empty mapping where it cannot be read."""
    if not file.exists():
        return None
    with file.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - _TAIL_BYTES))
        lines = log.read().split(b"\n")
    whole = [line for line in lines[:-1] if line]
    if not whole:
        return None if not size else {}
    try:
        found = json.loads(whole[-1])
    except (json.JSONDecodeError, UnicodeDecodeError):
        # One event may be longer than the piece that was read; then it has no beginning here.
        return {"kind": "long"} if len(whole) == 1 and size > _TAIL_BYTES else {}
    return found if isinstance(found, Mapping) else {}


# -- what was asked -----------------------------------------------------------------------------------


def _game_title(asked: Mapping[str, Any]) -> str:
    person = f", you at {asked['human']}" if asked.get("human") else ""
    return f"{asked['setup']['name']}: {asked['agents']}{person}, {asked['model']}"


def _tournament_title(asked: Mapping[str, Any]) -> str:
    return f"{asked['setup']['name']}: {' '.join(asked['agents'])}, {asked['model']}"


def _expel_title(asked: Mapping[str, Any]) -> str:
    tasks = f" {asked['tasks']} tasks" if asked.get("tasks") else ""
    return f"{asked['env']}{tasks}: {', '.join(asked['phases'])}, {asked['model']}"


def _lab_title(asked: Mapping[str, Any]) -> str:
    return f"{asked['system']} {asked['job']}"


def _conversation_title(asked: Mapping[str, Any]) -> str:
    return f"with {asked['model']}"


def _any_title(asked: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in asked.items() if isinstance(value, str | int))


_TITLES = {
    "avalon.play": _game_title,
    "avalon.tournament": _tournament_title,
    "expel": _expel_title,
    "lab": _lab_title,
    "assistant": _conversation_title,
}


def _resume_command(path: Path, kind: str, asked: Mapping[str, Any]) -> str | None:
    run = shlex.quote(str(path))
    match kind:
        case "avalon.play":
            return f"avalon play --resume {run}"
        case "avalon.tournament":
            return f"avalon tournament --resume {run}"
        case "lab":
            return f"nimue lab run --resume {run}"
        case "assistant":
            return f"nimue ask --resume {run}"
        case "expel":
            phases = asked["phases"]
            alone = {"extract": "extract", "evaluate": "eval"}.get(phases[0]) if len(phases) == 1 else None
            return f"expel {alone} {run}" if alone else f"expel train --resume {run}"
        case _:
            return None


def delete_run(run: Shelved, root: Path) -> None:
    """Remove a run's folder with all that lies in it.

    Raises:
        NimueError: A process works on it, it lies elsewhere, or it cannot be removed.
    """
    if run.path.is_symlink() or run.path.resolve().parent != root.resolve():
        raise NimueError(f"{run.path} does not lie in {root}; it is left alone.")
    if is_held(run.path):
        raise NimueError(f"{run.path} is being worked on; stop it first.")
    try:
        shutil.rmtree(run.path)
    except OSError as error:
        raise NimueError(f"{run.path} cannot be removed: {error.strerror}.") from error
