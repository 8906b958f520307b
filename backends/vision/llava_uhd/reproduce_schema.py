"""The proof of the spatial schema: rows of slices told with commas and newlines, and without, over seeds."""

from collections.abc import Mapping
from functools import partial
from itertools import product
from statistics import fmean
from typing import Literal

import numpy as np
import torch
from pydantic import BaseModel
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.batches import Batch
from backends.lab.intervals import mean_interval
from backends.lab.optimisers import Optimiser
from backends.lab.reporter import Reporter
from backends.lab.schedules import Schedule
from backends.lab.trainer import Recipe, Training
from backends.lab.trainer import train as train_recipe
from backends.vision.llava_uhd.model.lmm import LlavaUhd
from backends.vision.llava_uhd.rows.pictures import GRIDS, MarkedBatches, draw_marked, likeliest_row_share
from backends.vision.llava_uhd.rows.reader import new_row_reader, row_scores
from backends.vision.llava_uhd.spec import ReproduceResult, SchemaParams

Arm = Literal["with separators", "without separators"]
ARMS: tuple[Arm, ...] = ("with separators", "without separators")


class Told(BaseModel):
    """The share of pictures whose row a trained reader told: as they are, and with their slices shuffled."""

    in_order: float
    shuffled: float


def reproduce_schema(params: SchemaParams, report: Reporter) -> ReproduceResult:
    """Teach a reader with each seed with separators and without."""
    found: dict[Arm, list[Told]] = {arm: [] for arm in ARMS}
    seeds = range(params.seed, params.seed + params.seeds)
    for number, (seed, arm) in enumerate(product(seeds, ARMS), start=1):
        part = report.part(f"seed {seed}, {arm}")
        found[arm].append(part.kept("told", Told, partial(_teach, arm, seed, params, part)))
        report.progress(number, len(ARMS) * params.seeds)
    rows: list[dict[str, float | str | None]] = []
    metrics: dict[str, float] = {}
    for arm, told in found.items():
        limit = None if arm == "with separators" else likeliest_row_share()
        for canvas, shares in (
            ("slices in order", [one.in_order for one in told]),
            ("slices shuffled", [one.shuffled for one in told]),
        ):
            read, half_width = mean_interval(shares)
            rows.append(
                {"view": arm, "canvas": canvas, "read": read, "half_width": half_width, "ceiling": limit}
            )
        metrics[arm.replace(" ", "_")] = fmean(one.in_order for one in told)
    metrics["shuffled"] = fmean(one.shuffled for one in found["with separators"])
    return ReproduceResult(metrics=metrics, table=tuple(rows))


def _teach(arm: Arm, seed: int, params: SchemaParams, report: Reporter) -> Told:
    separators = arm == "with separators"

    def loss(model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        assert isinstance(model, LlavaUhd)
        scores = row_scores(model, batch["pixels"], separators=separators)
        return {"loss": functional.cross_entropy(scores, batch["rows"])}

    def told(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, LlavaUhd)
        return {
            "in_order": share_told(model, params.test_pictures, separators=separators, shuffled=False),
            "shuffled": share_told(model, params.test_pictures, separators=separators, shuffled=True),
        }

    recipe = Recipe(
        model=new_row_reader(seed),
        batches=MarkedBatches(count=params.pictures, steps=params.steps, seed=seed),
        loss=loss,
        evaluate=told,
    )
    training = Training(
        optimiser=Optimiser(rate=params.rate, weight_decay=0.01), schedule=Schedule(warmup=0.1), clip_norm=1.0
    )
    return Told.model_validate(train_recipe(recipe, training, report).metrics)


@torch.no_grad()
def share_told(reader: LlavaUhd, count: int, *, separators: bool, shuffled: bool) -> float:
    """The share of rows told rightly, of so many pictures of each grid; all readers see the same ones."""
    device = next(reader.parameters()).device
    right: list[float] = []
    for number, grid in enumerate(GRIDS):
        marked = draw_marked(grid, count, np.random.default_rng((count, number)))
        shuffle = torch.Generator().manual_seed(number) if shuffled else None
        scores = row_scores(reader, marked.pixels.to(device), separators=separators, shuffle=shuffle)
        right.append(float((scores.argmax(-1).cpu() == marked.rows).float().mean()))
    return fmean(right)
