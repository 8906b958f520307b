"""How long does a tournament of 10,000 games between bots take, from the command to the report?

The command runs as a person runs it, in a process of its own: starting up, playing, logging every game,
statistics, result.json and the page. The clock is the wall's; the processor time of all processes
stands beside it, because other work on the machine lengthens the one and hardly the other.

    python -m benchmarks.avalon_tournament --json benchmarks/results/avalon_tournament.json
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measured import written

_COMMAND = "from agents.cli.avalon import main; main()"


def measure(agents: list[str], games: int, jobs: int, executor: str) -> dict[str, Any]:
    """Run one tournament and time it."""
    with tempfile.TemporaryDirectory() as folder:
        words = [
            *("tournament", *agents, "--games", str(games), "--seed", "1"),
            *("--jobs", str(jobs), "--executor", executor),
        ]
        load, used = os.getloadavg()[0], _processor_seconds()
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _COMMAND, *words, "--out", folder, "--json"],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        used = _processor_seconds() - used
    result = json.loads(done.stdout)
    played = result["standings"]["games"]
    return {
        "asked": "avalon " + " ".join(words),
        "setup": result["config"]["setup"]["name"],
        "games": played,
        "seconds": round(seconds, 1),
        "games_per_second": round(played / seconds),
        "processor_seconds": round(used, 1),
        "load_before": round(load, 1),
        "good_wins": result["standings"]["good"],
    }


def _processor_seconds() -> float:
    """Of all child processes that have ended, and theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--agents", nargs="+", default=["naive", "random", "logic"])
    parser.add_argument("--games", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--executors", nargs="+", default=["local"])
    parser.add_argument("--json", type=Path, help="where to write the result")
    given = parser.parse_args()
    rows = [measure(given.agents, given.games, given.jobs, executor) for executor in given.executors]
    for row in rows:
        print(json.dumps(row))
    written(given.json, {"tournaments": rows})


if __name__ == "__main__":
    main()
