"""What a job holds while it works: it tells of its progress, keeps files, and hears that it should stop."""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel

from backends.lab.contract import Artifact, Device
from backends.lab.errors import LabError, LabFailure, Stopped
from backends.lab.events import ArtifactMade, EventSink, Log, Metric, Progress
from backends.lab.whole_files import write_whole

SECONDS_BETWEEN_PROGRESS = 0.2

Kept = TypeVar("Kept", bound=BaseModel)


def _never() -> bool:
    return False


@dataclass
class Reporter:
    """A job's door to the outside.

    `directory` is the run's folder; `stage` names a part of a longer job (one arm of a comparison, one
    seed), whose metrics, checkpoints and kept results stay apart from those of the other parts.
    """

    sink: EventSink
    directory: Path
    wanted_device: Device = "auto"
    cancelled: Callable[[], bool] = _never
    stage: str = ""
    _last_progress: float = field(default=-math.inf, init=False, repr=False)

    @cached_property
    def device(self) -> Literal["cpu", "cuda"]:
        """Where to compute. Imports torch on first use.

        Raises:
            LabError: A GPU was asked for and there is none.
        """
        if self.wanted_device == "cpu":
            return "cpu"
        import torch

        if torch.cuda.is_available():
            return "cuda"
        if self.wanted_device == "cuda":
            raise LabError("--device cuda: torch sees no GPU here; use --device cpu or auto.")
        return "cpu"

    @property
    def checkpoints(self) -> Path:
        """Where this stage keeps what a resumed run needs."""
        return self.directory / "checkpoints" / self.stage

    @property
    def artifacts(self) -> Path:
        """Where files for people and for later jobs lie."""
        return self.directory / "artifacts"

    def part(self, name: str) -> Self:
        """The reporter of a named part of this work."""
        stage = f"{self.stage}/{name}" if self.stage else name
        return replace(self, stage=stage)

    def progress(self, done: int, total: int) -> None:
        """Tell how far the stage is; too frequent reports are left out, the last one never."""
        now = time.monotonic()
        if done < total and now - self._last_progress < SECONDS_BETWEEN_PROGRESS:
            return
        self._last_progress = now
        self.sink.write(Progress(done=done, total=total, stage=self.stage))

    def metric(self, step: int, **values: float) -> None:
        """Tell measured values.

        Raises:
            LabFailure: A value is not finite; the run has gone wrong and should not go on quietly.
        """
        if bad := [name for name, value in values.items() if not math.isfinite(value)]:
            where = f"{self.stage}, step {step}" if self.stage else f"step {step}"
            raise LabFailure(
                f"{', '.join(bad)} is not finite at {where}; a smaller learning rate or clipping may help."
            )
        self.sink.write(Metric(step=step, values=dict(values), stage=self.stage))

    def log(self, text: str) -> None:
        """Tell the person who watches one sentence."""
        self.sink.write(Log(text=text))

    def artifact_path(self, name: str) -> Path:
        """Where to write an artifact of this name; its folder exists afterwards."""
        path = self.artifacts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def artifact(self, path: Path, caption: str) -> Artifact:
        """Tell of a file written under `artifacts`."""
        made = Artifact(path=path.relative_to(self.artifacts).as_posix(), caption=caption)
        self.sink.write(ArtifactMade(path=made.path, caption=made.caption))
        return made

    def json_artifact(self, name: str, content: Mapping[str, object], caption: str) -> Artifact:
        """Write a JSON artifact and tell of it."""
        path = self.artifact_path(name)
        write_whole(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        return self.artifact(path, caption)

    def kept(self, name: str, cls: type[Kept], make: Callable[[], Kept]) -> Kept:
        """Make a partial result, or take the one that this run made before it was interrupted."""
        path = self.checkpoints / f"{name}.kept.json"
        if path.exists():
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        made = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, made.model_dump_json())
        return made

    def check_cancelled(self) -> None:
        """Raise `Stopped` if the run should stop; call it where stopping is safe."""
        if self.cancelled():
            raise Stopped("the run was cancelled")


@dataclass(kw_only=True)
class SilentReporter(Reporter):
    """What a companion of a job holds: it reads what the job keeps, and writes to a `spare` folder only."""

    spare: Path

    @property
    def artifacts(self) -> Path:
        return self.spare

    def kept(self, name: str, cls: type[Kept], make: Callable[[], Kept]) -> Kept:
        """See `Reporter.kept`; the job itself keeps the result."""
        path = self.checkpoints / f"{name}.kept.json"
        return cls.model_validate_json(path.read_text(encoding="utf-8")) if path.exists() else make()
