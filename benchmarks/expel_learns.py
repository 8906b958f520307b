"""Does ExpeL's machinery carry knowledge from task to task? Whole runs with stand-ins for the models.

The actor and the judge of insights are scripted (`benchmarks.expel_stand_in`): they read prompts and nothing
else, and the actor has gaps that only memory can close. A run gathers, extracts and evaluates as
`expel train` does; each seed deals other folds, so that other tasks teach. Differences are taken task by
task, and their intervals come from drawing the tasks again. What is found says that memory works, and
nothing about how well language models use it.

    python -m benchmarks.expel_learns --json benchmarks/results/expel_learns.json
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agents.arena.statistics import Interval
from agents.expel.results import Difference, Meeting, meetings_of, results_of
from agents.llm.scripted import Reply
from agents.runs.event_log import RunEvent, read_events
from benchmarks.expel_stand_in import extractor, household, questions
from benchmarks.expel_stand_in.runs import run_with, settings_for
from benchmarks.measured import written

ACTORS: dict[str, Reply] = {"alfworld": household.act, "hotpotqa": questions.act}
ARMS = ("react", "insights-only", "retrieve-only", "expel", "expel-random", "placebo")


@dataclass(frozen=True, slots=True)
class Run:
    """What one seed brought."""

    seed: int
    events: tuple[RunEvent, ...]
    meetings: tuple[Meeting, ...]
    seconds: float


def train(env: str, seed: int, folder: Path, asked: argparse.Namespace) -> Run:
    """A whole run: gather, extract, evaluate."""
    settings = settings_for(
        env,
        folder / f"memory-{env}-{seed}",
        embedder=asked.embedder,
        arms=",".join(ARMS),
        tasks=asked.tasks,
        seed=seed,
    )

    def watch(kind: str, data: Mapping[str, Any]) -> None:
        if kind == "phase_done":
            print(f"{env}, seed {seed}: {data['phase']} done", flush=True)

    begun = time.perf_counter()
    run = run_with(folder, settings, actor=ACTORS[env], judge=extractor.judge, watch=watch)
    events = tuple(read_events(run.events))
    return Run(seed, events, tuple(meetings_of(events)), time.perf_counter() - begun)


def pooled(runs: Sequence[Run]) -> list[Meeting]:
    """The meetings of all runs; a run's seed stands for the meeting's."""
    return [replace(one, seed=run.seed) for run in runs for one in run.meetings]


def difference(meetings: Iterable[Meeting], arm: str, reference: str) -> Difference:
    """One arm against another, task by task."""
    both = [one for name in (reference, arm) for one in meetings if one.arm == name]
    results = results_of([replace(one, arm="react") if one.arm == reference else one for one in both])
    assert results is not None
    return results.differences[0]


def described(interval: Interval, factor: float = 1.0) -> dict[str, float | None]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(factor * value, 2)

    return {"value": rounded(interval.value), "low": rounded(interval.low), "high": rounded(interval.high)}


def compared(meetings: Sequence[Meeting], arm: str, reference: str) -> dict[str, Any]:
    found = difference(meetings, arm, reference)
    return {
        "arm": arm,
        "reference": reference,
        "points": described(found.rate, 100),
        "steps": described(found.steps),
        "only_arm": found.only_arm,
        "only_reference": found.only_reference,
        "mcnemar_p": found.p,
    }


def arm_rows(run: Run) -> list[dict[str, Any]]:
    results = results_of(run.meetings)
    assert results is not None
    return [
        {
            "arm": one.arm,
            "solved": one.rate.hits,
            "tasks": one.rate.trials,
            "rate": one.rate.rate,
            "wilson": [one.rate.low, one.rate.high],
            "steps": round(one.steps, 2),
            "invalid": round(one.invalid, 2),
            "tokens": round(one.tokens),
            "by_kind": {kind: f"{rate.hits}/{rate.trials}" for kind, rate in one.by_kind.items()},
        }
        for one in sorted(results.arms, key=lambda one: ARMS.index(one.arm))
    ]


def learned(run: Run) -> dict[str, Any]:
    """What a run gathered and what it made of it."""
    gathered = [one.data for one in run.events if one.kind == "attempt" and one.data["phase"] == "gather"]
    operations = Counter(
        f"{one['op']} {'accepted' if one['accepted'] else one['code']}"
        for event in run.events
        if event.kind == "insights"
        for one in event.data["operations"]
    )
    return {
        "attempts": len(gathered),
        "solved_at_trial": dict(
            sorted(Counter(str(one["trial"]) for one in gathered if one["outcome"] == "success").items())
        ),
        "operations": dict(operations),
        "insights": {
            str(event.data["fold"]): event.data["texts"]
            for event in run.events
            if event.kind == "insights_used"
        },
    }


def expectations(env: str, meetings: Sequence[Meeting]) -> dict[str, dict[str, Any]]:
    """What the method promises, and whether it was found."""
    rates = {
        arm: sum(one.solved for one in meetings if one.arm == arm)
        / sum(1 for one in meetings if one.arm == arm)
        for arm in ARMS
    }
    gain = difference(meetings, "expel", "react")
    react_steps = sum(one.steps for one in meetings if one.arm == "react") / sum(
        1 for one in meetings if one.arm == "react"
    )
    parts = 100 * (rates["expel"] - max(rates["insights-only"], rates["retrieve-only"]))
    placebo = 100 * (rates["placebo"] - rates["react"])
    found: dict[str, tuple[float, bool]] = {
        "expel beats react by 20 points, interval above zero": (
            100 * gain.rate.value,
            gain.rate.value >= 0.2 and (gain.rate.low or 0.0) > 0,
        ),
        "expel within 5 points of the better of its parts, or above": (parts, parts >= -5),
        "placebo within 5 points of react": (placebo, abs(placebo) <= 5),
    }
    if env == "alfworld":
        share = 100 * gain.steps.value / react_steps
        similar = difference(meetings, "expel", "expel-random").steps.value
        found["expel needs 10 % fewer steps than react"] = (share, share <= -10)
        found["similar examples need fewer steps than random ones"] = (similar, similar < 0)
    return {name: {"found": round(value, 2), "holds": holds} for name, (value, holds) in found.items()}


def report(env: str, runs: Sequence[Run]) -> dict[str, Any]:
    meetings = pooled(runs)
    pairs = [(arm, "react") for arm in ARMS[1:]]
    pairs += [("expel", "insights-only"), ("expel", "retrieve-only"), ("expel", "expel-random")]
    return {
        "tasks": len({one.task for one in meetings}),
        "pooled_over_seeds": [compared(meetings, arm, reference) for arm, reference in pairs],
        "expectations": expectations(env, meetings),
        "runs": [
            {
                "seed": run.seed,
                "seconds": round(run.seconds),
                **learned(run),
                "arms": arm_rows(run),
                "differences": [compared(run.meetings, arm, reference) for arm, reference in pairs],
            }
            for run in runs
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--envs", nargs="+", choices=tuple(ACTORS), default=list(ACTORS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[42])
    parser.add_argument("--tasks", type=int, help="fewer than all")
    parser.add_argument("--embedder", choices=("minilm", "hash"), default="minilm")
    asked = parser.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for env in asked.envs:
            runs = [train(env, seed, Path(folder), asked) for seed in asked.seeds]
            found[env] = report(env, runs)
            for row in found[env]["runs"][0]["arms"]:
                print(f"  {row['arm']:14} {row['solved']:3}/{row['tasks']}  {row['steps']:6.2f} steps")
            for name, one in found[env]["expectations"].items():
                print(f"  {'yes' if one['holds'] else 'NO '} {name}: {one['found']}")
    written(
        asked.json,
        {
            "actor": "scripted: opens what is closed, or tries similar titles, only on an insight's advice",
            "embedder": asked.embedder,
            "environments": found,
        },
    )


if __name__ == "__main__":
    main()
