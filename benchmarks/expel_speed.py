"""How fast ExpeL works beside its models: gathering many tasks at once, extracting, starting.

Gathering is timed with a model that takes the same time for every answer, once with the tasks at once and as
many engine processes as processors, and once a task at a time in one process. Extraction is timed with a
model that answers at once. The start is that of `expel train --help` in a fresh interpreter.

    python -m benchmarks.expel_speed --json benchmarks/results/expel_speed.json
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from agents.expel.session import Means
from agents.runs.event_log import EventLog, read_events
from agents.runs.folder import RunFolder, create_run
from benchmarks.expel_stand_in import household
from benchmarks.expel_stand_in.runs import run_with, settings_for
from benchmarks.measured import written
from games.text.suites import open_suite
from memory.embedders import open_embedder
from memory.opening import open_memory
from memory.records import Experience, Step
from memory.runs import Run

HEAVY = (
    "torch", "transformers", "chromadb", "langgraph", "openai", "anthropic", "scipy", "matplotlib",
    "textworld",
)  # fmt: skip
NUM_STARTS = 5
EXTRACTOR_TASKS = 100
"""Each with a failure and a success: twice as many trajectories."""


def gathering(num_tasks: int, delay_s: float, retries: int) -> dict[str, Any]:
    """The same tasks at once and one at a time."""

    async def late(answer: str) -> str:
        await asyncio.sleep(delay_s)
        return answer

    def actor(
        messages: list[BaseMessage], tag: Mapping[str, str], schema: dict[str, Any] | None
    ) -> Awaitable[str]:
        return late(household.act(messages, tag, schema))

    rows: dict[str, dict[str, Any]] = {}
    for name, tasks_at_once, num_workers in (("at_once", None, None), ("one_at_a_time", 1, 1)):
        with tempfile.TemporaryDirectory() as folder:
            settings = settings_for(
                "alfworld",
                Path(folder) / "memory",
                tasks=num_tasks,
                retries=retries,
                embedder="hash",
                phases=("gather",),
                tasks_at_once=tasks_at_once,
            )
            means = Means(num_workers=num_workers)
            begun, worked = time.perf_counter(), time.process_time()
            run = run_with(Path(folder), settings, actor=actor, judge=_unasked, means=means)
            seconds, worked = time.perf_counter() - begun, time.process_time() - worked
            attempts = [one.data for one in read_events(run.events) if one.kind == "attempt"]
            calls = sum(one["calls"] for one in attempts)
            rows[name] = {
                "seconds": round(seconds, 1),
                "attempts": len(attempts),
                "calls": calls,
                "model_seconds": round(calls * delay_s, 1),
                "processor_seconds": round(worked, 1),
                "solved": sum(one["outcome"] == "success" for one in attempts),
            }
            print(name, rows[name], flush=True)
    times_faster = rows["one_at_a_time"]["seconds"] / rows["at_once"]["seconds"]
    print(f"{times_faster:.2f} times faster", flush=True)
    return {
        "delay_s": delay_s,
        "tasks": num_tasks,
        "note": "processor_seconds are those of the process that asks the model, without the engines",
        **rows,
        "times_faster": round(times_faster, 2),
    }


def extraction() -> dict[str, Any]:
    """Insights out of 200 trajectories, with a model that answers at once."""
    with tempfile.TemporaryDirectory() as folder:
        gathered = _gathered_run(Path(folder))
        settings = settings_for(
            "alfworld",
            Path(folder) / "memory",
            embedder="hash",
            phases=("extract",),
            gathered_by=gathered.id,
        )
        begun = time.perf_counter()
        run = run_with(Path(folder), settings, actor=_unasked, judge=_instant)
        seconds = time.perf_counter() - begun
        calls = sum(one.kind == "insights" for one in read_events(run.events))
    found = {"trajectories": 2 * EXTRACTOR_TASKS, "calls": calls, "seconds": round(seconds, 2)}
    print("extraction", found, flush=True)
    return found


def _gathered_run(folder: Path) -> RunFolder:
    """A run that has gathered a failure and a success for each task, as long as such attempts are."""
    run = create_run(folder, "expel", {})
    tasks = [f"task-{number:03}" for number in range(EXTRACTOR_TASKS)]
    folds = {task: place % 2 for place, task in enumerate(tasks)}
    log = EventLog(run.events)
    log.append_once("folds", "folds", {"folds": folds})
    log.close()
    stories = open_suite("alfworld").demonstrations
    with open_memory(folder / "memory", "alfworld", open_embedder("hash")) as memory:
        memory.runs.begin(Run(run_id=run.id, kind="gather", domain="alfworld", status="done"))
        for place, task in enumerate(tasks):
            story = stories[place % len(stories)]
            steps = tuple(Step(line.kind, line.text) for line in story.lines)
            for trial, outcome in enumerate(("halted", "success")):
                memory.experiences.remember(
                    Experience(
                        run_id=run.id,
                        domain="alfworld",
                        env_name=story.kind,
                        task_id=task,
                        task=story.text,
                        trial=trial,
                        arm="gather",
                        fold=folds[task],
                        outcome="success" if outcome == "success" else "halted",
                        steps=steps,
                    )
                )
    return run


def _instant(messages: list[BaseMessage], _: Mapping[str, str], __: dict[str, Any] | None) -> str:
    return "ADD 1: Look into what is closed before you go elsewhere.\nAGREE 1"


def _unasked(messages: list[BaseMessage], _: Mapping[str, str], __: dict[str, Any] | None) -> str:
    raise AssertionError("this model is not asked here")


def start() -> dict[str, Any]:
    """Seconds until `expel train --help` is written, and what of the heavy packages it loads."""
    asked = "import sys; from agents.cli.expel import app; from agents.cli.front_door import run; "
    asked += "run(app, ['train', '--help'])"
    listed = f"{asked}; print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    seconds = []
    for _ in range(NUM_STARTS):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True)
        seconds.append(time.perf_counter() - begun)
    loaded = subprocess.run([sys.executable, "-c", listed], check=True, capture_output=True, text=True)
    found = {
        "seconds_median": round(statistics.median(seconds), 2),
        "seconds_best": round(min(seconds), 2),
        "heavy_packages_loaded": json.loads(loaded.stderr.strip().splitlines()[-1].replace("'", '"')),
    }
    print("start", found, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds the model takes for an answer")
    parser.add_argument("--retries", type=int, default=0)
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    found = {
        "start": start(),
        "extraction": extraction(),
        "gathering": gathering(asked.tasks, asked.delay, asked.retries),
    }
    written(asked.json, {"load_before": round(load, 1), **found})


if __name__ == "__main__":
    main()
