"""What a whole training with an embedded model came to: the record of a finished run.

The training itself is `expel train --env alfworld ...`, which takes hours on a small machine and can be
stopped and resumed at will; this reads its log and writes the figures down with the command that made them.
With `--also`, an evaluation on the same tasks counts as another meeting of each, and both are taken together.
"""

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.expel.pipeline import RUN_KIND
from agents.expel.report import write_report
from agents.expel.results import meetings_of, results_of
from agents.runs.event_log import read_events
from agents.runs.folder import open_run
from benchmarks.measured import written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="the run: its id under --out, or its path")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder that runs are kept in")
    parser.add_argument("--trained-by", required=True, help="the command that made the run")
    parser.add_argument("--also", help="a later evaluation (expel eval) on the same tasks")
    parser.add_argument("--json", type=Path, default=None, help="write the record here")
    asked = parser.parse_args()
    run = open_run(asked.run, asked.out, RUN_KIND)
    report = write_report(run)
    if report.results is None:
        parser.error(f"{run.id} has evaluated nothing yet: expel train --resume {run.id}")
    told: dict[str, Any] = json.loads((run.artifacts / "results.json").read_text(encoding="utf-8"))
    told["settings"].pop("memory", None)  # where it lies on this machine
    attempts = [event.data for event in read_events(run.events) if event.kind == "attempt"]
    gathered = [one for one in attempts if one["phase"] == "gather"]
    record = {
        "trained_by": asked.trained_by,
        **told,
        "gathered": {
            "attempts": len(gathered),
            "outcomes": dict(Counter(f"trial {one['trial']}: {one['outcome']}" for one in gathered)),
            "solved_by_kind": dict(Counter(one["kind"] for one in gathered if one["outcome"] == "success")),
        },
        "tokens": {name: sum(one[name] for one in attempts) for name in ("input_tokens", "output_tokens")},
    }
    print(report.text)
    if asked.also:
        later = open_run(asked.also, asked.out, RUN_KIND)
        again = write_report(later)
        print(again.text)
        meetings = [
            replace(one, seed=seed)
            for seed, each in enumerate((run, later))
            for one in meetings_of(read_events(each.events))
        ]
        both = results_of(meetings)
        if again.results is None or both is None:
            parser.error(f"{later.id} has evaluated nothing of what {run.id} has.")
        record |= {"evaluated_again": again.results.to_json(), "both_together": both.to_json()}
    written(asked.json, record)


if __name__ == "__main__":
    main()
