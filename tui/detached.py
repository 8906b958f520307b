"""Commands that work on a run in a process of their own: closing the app leaves them alone."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from agents.errors import NimueError

_COMMANDS = {"avalon": "agents.cli.avalon", "expel": "agents.cli.expel", "nimue": "agents.cli.nimue"}
_SECONDS_BETWEEN_LOOKS = 0.05
_HEED_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
"""A shell starts what runs in its background deaf to them, and a command inherits that from the app."""
_MAX_WORDS = 2_000  # characters of a command's complaint


class DetachedCommand:
    """One of nimue's commands at work; what it says goes to a file."""

    def __init__(self, words: Sequence[str]) -> None:
        """Start it, as `["expel", "train", ...]`. Raises `NimueError` if no process can be started."""
        self.words = tuple(words)
        code = f"{_HEED_INTERRUPTS}; from {_COMMANDS[words[0]]} import main; main()"
        with tempfile.NamedTemporaryFile(
            "wb", prefix=f"nimue-{words[0]}-", suffix=".log", delete=False
        ) as log:
            self.log = Path(log.name)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", code, *words[1:]],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={
                        **os.environ,
                        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                        "COLUMNS": "200",
                    },
                    start_new_session=True,
                )
            except OSError as error:
                raise NimueError(f"{shlex.join(words)} cannot be started: {error.strerror}.") from error

    @property
    def at_work(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """As Ctrl-C in its terminal would."""
        if self.at_work:
            os.killpg(self._process.pid, signal.SIGINT)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended."""
        return self._process.wait(timeout)

    def complaint(self) -> str:
        """The end of what it has said."""
        return self.log.read_text(encoding="utf-8", errors="replace").strip()[-_MAX_WORDS:]

    def run_folder(self, timeout: float = 600.0) -> Path:
        """The run that it works on, as soon as it names it in a line "Run PATH, ...".

        Raises:
            NimueError: It ended without one; the message is what it said.
        """
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            ended = not self.at_work
            for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith("Run ") and ", model" in line:
                    return Path(line.removeprefix("Run ").partition(", model")[0])
            if ended:
                break
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        raise NimueError(self.complaint() or f"{shlex.join(self.words)} said nothing and has no run.")
