"""The training proof of LLaVA-UHD: digits on canvases of 2:1 to 8:1, in slices, squashed and padded.

Two torch threads, which is what a small machine has. On two idle cores it takes some minutes.

    python -m benchmarks.uhd_digits --json benchmarks/results/uhd_digits.json
"""

import argparse
import time
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import torch

from backends.vision.llava_uhd.digits.canvases import SIDE, load_banks
from backends.vision.llava_uhd.digits.ceilings import ceiling
from backends.vision.llava_uhd.digits.experiment import (
    EXTREME,
    SHAPES,
    VIEWS,
    DigitsResult,
    DigitsSettings,
    Progress,
    run_experiment,
)
from backends.vision.llava_uhd.digits.views import SingleView
from benchmarks.measured import written


def show(progress: Progress) -> None:
    if progress.done % 50 == 0 or progress.done == progress.steps:
        print(f"{progress.stage}: {progress.done}/{progress.steps}, loss {progress.loss:.3f}", flush=True)


SINGLE_VIEWS: tuple[SingleView, ...] = ("squash", "pad")


def figures(result: DigitsResult) -> dict[str, Any]:
    learned, kept = load_banks()
    shapes = {f"{SIDE * across}x{SIDE * down}": [(across, down)] for across, down in SHAPES}
    groups = shapes | {"8:1 and 1:8": list(EXTREME), "all": list(SHAPES)}
    return {
        "encoder_accuracy": round(result.encoder_accuracy, 4),
        "ceilings_where_the_place_is_told": {
            view: {name: round(ceiling(view, group[0], learned, kept), 4) for name, group in shapes.items()}
            for view in SINGLE_VIEWS
        },
        "digits_read": {
            view: {name: rounded(asdict(result.mean(view, group))) for name, group in groups.items()}
            for view in VIEWS
        },
        "more_through_slices": {
            f"than by {view}": {
                name: rounded(asdict(result.margin(view, group))) for name, group in groups.items()
            }
            for view in SINGLE_VIEWS
        },
    }


def rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for field in fields(DigitsSettings):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default
        )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = vars(parser.parse_args())
    torch.set_num_threads(asked["threads"])
    settings = replace(
        DigitsSettings(), **{field.name: asked[field.name] for field in fields(DigitsSettings)}
    )
    wall, cpu = time.perf_counter(), time.process_time()
    result = run_experiment(settings, show)
    found = {
        "benchmark": "uhd_digits",
        "settings": asdict(settings),
        "threads": asked["threads"],
        "wall_minutes": round((time.perf_counter() - wall) / 60, 2),
        "cpu_minutes": round((time.process_time() - cpu) / 60, 2),
        "intervals": f"95 %, Student's t over {settings.seeds} seeds; differences are paired by seed",
        **figures(result),
    }
    for view, shapes in found["digits_read"].items():
        print(view, shapes)
    print(found["more_through_slices"], found["wall_minutes"], found["cpu_minutes"])
    written(asked["json"], found)


if __name__ == "__main__":
    main()
