"""The same walks in another interpreter: what a killed run relies on when it goes on."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from games.text.conformance.walks import MODEST, Effort, walks
from games.text.env import Suite
from games.text.suites import open_suite

OTHER_HASH_SEED = "4021"


def open_named(name: str, data: Path | None) -> Suite:
    """The suite of that name, or of that address `module:function`.

    Raises:
        GameError: as `open_suite`.
    """
    module, is_address, function = name.partition(":")
    if not is_address:
        return open_suite(name, data)
    opener: Callable[[Path | None], Suite] = getattr(import_module(module), function)
    return opener(data)


def account(suite: Suite, effort: Effort) -> str:
    """All that the walks through a suite told, in short, as JSON."""
    told = [[walk.task.id, walk.actions, walk.digests] for walk in walks(suite, effort)]
    return json.dumps([suite.fingerprint, [task.id for task in suite.tasks], told])


def check_other_process(name: str, data: Path | None = None, effort: Effort = MODEST) -> None:
    """Raise `AssertionError` unless a fresh interpreter with another hash seed sees the same.

    Args:
        name: A suite's name, or the address `module:function` of what opens it.
    """
    here = account(open_named(name, data), effort)
    command = [
        sys.executable,
        "-m",
        "games.text.conformance",
        name,
        "--account",
        "--tasks",
        str(effort.tasks),
    ]
    command += ["--steps", str(effort.steps), "--seed", str(effort.seed)]
    command += [] if data is None else ["--data", str(data)]
    environment = {**os.environ, "PYTHONHASHSEED": OTHER_HASH_SEED, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"another process fails: {done.stderr.strip()[-600:]}")
    if done.stdout.strip() != here:
        raise AssertionError(
            f"another process sees another {name}:\n{done.stdout[:300]}\nhere:\n{here[:300]}"
        )
