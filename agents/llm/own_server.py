"""A build of llama.cpp's server that the user names, run beside this process instead of the embedded one.

The packaged engine is built for many processors; a build for this one, or for its accelerator, reads faster.
The program ends with this process, however that ends: a shell between the two waits for a pipe to close.
"""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from agents.errors import NimueError, NimueFailure

OWN_SERVER = "NIMUE_LLAMA_SERVER"
"""The variable that names the program."""
_LONGEST_START = 300.0
"""Seconds: a large model on a slow disk takes long to load."""
_GUARD = 'exec 3<&0; "$@" </dev/null & server=$!; (cat <&3 >/dev/null; kill $server) & wait $server'
_LAST_WORDS = 600


def own_server(environ: Mapping[str, str]) -> Path | None:
    """The program that the user named, if any.

    Raises:
        NimueError: There is no such program.
    """
    named = environ.get(OWN_SERVER)
    if not named:
        return None
    program = Path(named).expanduser()
    if not os.access(program, os.X_OK) or not program.is_file():
        raise NimueError(
            f"{OWN_SERVER} names {program}, which is no program: name llama-server, or unset it."
        )
    return program


class OwnServer:
    """The running program; it ends when this object is dropped.

    Attributes:
        listening_address: Where it listens, without a path.
    """

    def __init__(
        self, program: Path, arguments: Sequence[str], environ: Mapping[str, str], log: Path
    ) -> None:
        """Start it and wait until it answers.

        Args:
            environ: What it finds in its environment beside what this process does.
            log: File for what it prints.

        Raises:
            NimueFailure: It ended, or did not answer in time.
        """
        port = _free_port()
        self.listening_address = f"http://127.0.0.1:{port}"
        command = [str(program), *arguments, "--host", "127.0.0.1", "--port", str(port)]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "sh", *command],
                stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, **environ},
            )  # fmt: skip
        try:
            self._await_health(program, log)
        except BaseException:
            self.stop()
            raise

    def _await_health(self, program: Path, log: Path) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + _LONGEST_START
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with opener.open(f"{self.listening_address}/health", timeout=5):
                    return
            except (urllib.error.URLError, TimeoutError, ConnectionError):  # not yet
                time.sleep(0.1)
        words = log.read_bytes()[-_LAST_WORDS:].decode(errors="replace").strip()
        said = f" It said last: {words}" if words else ""
        raise NimueFailure(f"{program} ({OWN_SERVER}) did not start to answer.{said}")

    def stop(self) -> None:
        """End it and wait for that."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def __del__(self) -> None:
        if hasattr(self, "_process"):
            self.stop()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
