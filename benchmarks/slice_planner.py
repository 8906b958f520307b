"""Slice plans a second on one core: every rule, and what reading a plan costs on top.

Sizes are drawn anew for every round, uniformly from 100 to 4,000 pixels a side, so that no memory of
sizes could help; tables of grids, which depend on the number of slices alone, are kept as in ordinary use.
The generator that draws the sizes is not timed.

    python -m benchmarks.slice_planner --json benchmarks/results/slice_planner.json
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backends.vision.llava_uhd.metrics import measure
from backends.vision.llava_uhd.planner import plan
from backends.vision.llava_uhd.profiles import EXACT, PROFILES, Profile
from benchmarks.measured import written

Size = tuple[int, int]
_SHORTEST, _LONGEST = 100, 4000


def draw(seed: int, count: int) -> list[Size]:
    chance = random.Random(seed)
    return [(chance.randint(_SHORTEST, _LONGEST), chance.randint(_SHORTEST, _LONGEST)) for _ in range(count)]


def plan_with(profile: Profile) -> Callable[[list[Size]], None]:
    def run(sizes: list[Size]) -> None:
        for size in sizes:
            plan(size, profile)

    return run


def plan_and_list_pieces(sizes: list[Size]) -> None:
    for size in sizes:
        _ = plan(size, EXACT).pieces


def plan_and_measure(sizes: list[Size]) -> None:
    for size in sizes:
        measure(plan(size, EXACT))


def rates(run: Callable[[list[Size]], None], rounds: int, count: int) -> dict[str, int]:
    """Median, lowest and highest of all rounds but the first, which warms up."""
    found = []
    for seed in range(rounds + 1):
        sizes = draw(seed, count)
        begin = time.perf_counter()
        run(sizes)
        found.append(count / (time.perf_counter() - begin))
    kept = found[1:]
    return {"median": round(statistics.median(kept)), "lowest": round(min(kept)), "highest": round(max(kept))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--plans", type=int, default=50_000, help="plans a round")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    runs = {f"plan, {name}": plan_with(profile) for name, profile in PROFILES.items()}
    result: dict[str, Any] = {
        "benchmark": "slice_planner",
        "clock": "wall clock of one process on one core",
        "sizes": f"uniform, {_SHORTEST} to {_LONGEST} pixels a side, new in every round",
        "rounds": asked.rounds,
        "plans_per_round": asked.plans,
        "plans_per_second": {name: rates(run, asked.rounds, asked.plans) for name, run in runs.items()},
        "with_reading_per_second": {
            "plan and pieces, exact": rates(plan_and_list_pieces, asked.rounds, asked.plans // 10),
            "plan and metrics, exact": rates(plan_and_measure, asked.rounds, asked.plans // 10),
        },
    }
    for title in ("plans_per_second", "with_reading_per_second"):
        for name, row in result[title].items():
            print(f"{name:28} {row['median']:>9,} a second ({row['lowest']:,} to {row['highest']:,})")
    written(asked.json, result)


if __name__ == "__main__":
    main()
