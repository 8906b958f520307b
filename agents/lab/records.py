"""The recorded results of `reproduce`: one file an experiment, with the command, the date and the machine."""

import json
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.lab.runs import LabRun, read_result, summary
from agents.runs.folder import read_run_json
from backends.lab.machine import machine_facts

RESULTS = Path("benchmarks") / "results"


REPRODUCE = "reproduce"
"""The experiment that every system has; a further one has a name, and a record, of its own."""


def record_name(system: str, job: str = REPRODUCE) -> str:
    """The file that holds the recorded result of a system's experiment."""
    further = "" if job == REPRODUCE else f"_{job}"
    return f"lab_{system.replace('.', '_')}{further}.json"


def setting_words(params: Mapping[str, Any]) -> Iterator[str]:
    """A job's settings, given as JSON values, as the words that a command line takes them in."""
    for name, value in params.items():
        flag = name.replace("_", "-")
        match value:
            case None | []:
                continue  # no word stands for none, which is the default of what may be left out
            case bool():
                yield f"--{flag}" if value else f"--no-{flag}"
            case list():
                yield from (f"--{flag}", *map(str, value))
            case _:
                yield from (f"--{flag}", str(value))


def write_record(run: LabRun, results: Path = RESULTS) -> Path | None:
    """Record a finished run; None where there is no folder of results, as in an installed nimue."""
    if not results.is_dir():
        return None
    facts = read_run_json(run.folder.path)
    experiment = [run.work.system] if run.work.job == REPRODUCE else [run.work.system, run.work.job]
    record = {
        "command": shlex.join(["nimue", "lab", "reproduce", *experiment, *setting_words(run.work.params)]),
        "date": datetime.now(UTC).date().isoformat(),
        "git": facts.get("git"),
        "machine": machine_facts(),
        "seconds": summary(run).seconds,
        **read_result(run),
    }
    file = results / record_name(run.work.system, run.work.job)
    file.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
