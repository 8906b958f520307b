"""The recorded results of `reproduce`: one file a system, with the command, the date and the machine."""

import json
from datetime import UTC, datetime
from pathlib import Path

from agents.lab.runs import LabRun, read_result, summary
from agents.runs.folder import read_run_json
from backends.lab.machine import machine_facts

RESULTS = Path("benchmarks") / "results"


def record_name(system: str) -> str:
    """The file that holds a system's recorded result."""
    return f"lab_{system.replace('.', '_')}.json"


def write_record(run: LabRun, results: Path = RESULTS) -> Path | None:
    """Record a finished run; None where there is no folder of results, as in an installed nimue."""
    if not results.is_dir():
        return None
    flags = [f"--{name.replace('_', '-')} {value}" for name, value in run.work.params.items()]
    facts = read_run_json(run.folder.path)
    record = {
        "command": " ".join(["nimue lab reproduce", run.work.system, *flags]),
        "date": datetime.now(UTC).date().isoformat(),
        "git": facts.get("git"),
        "machine": machine_facts(),
        "seconds": summary(run).seconds,
        **read_result(run),
    }
    file = results / record_name(run.work.system)
    file.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
