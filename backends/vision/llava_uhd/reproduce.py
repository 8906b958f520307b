"""The training proof: digits on large canvases, read in slices, squashed and padded, over seeds."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import partial
from statistics import fmean

from pydantic import BaseModel

from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.vision.llava_uhd.digits.batches import EXTREME, SHAPES
from backends.vision.llava_uhd.digits.canvases import DigitBank, load_banks
from backends.vision.llava_uhd.digits.ceilings import ceiling
from backends.vision.llava_uhd.digits.lessons import (
    canvas_name,
    new_reader,
    teach_canvases,
    teach_encoder,
    teach_squares,
)
from backends.vision.llava_uhd.digits.views import VIEWS, SingleView, View
from backends.vision.llava_uhd.spec import ReproduceParams, ReproduceResult

SINGLE_VIEWS: tuple[SingleView, ...] = ("squash", "pad")
GROUPS: Mapping[str, tuple[str, ...]] = {
    **{canvas_name(shape): (canvas_name(shape),) for shape in SHAPES},
    "8:1 and 1:8": tuple(canvas_name(shape) for shape in EXTREME),
    "all": tuple(canvas_name(shape) for shape in SHAPES),
}
"""Canvases whose figures are averaged, by the name of the average."""

Shares = Sequence[Mapping[str, float]]
"""For every seed, the share of digits read on each canvas."""


class Ceilings(BaseModel):
    """What a classifier reads that is told where each digit lies, by view and canvas."""

    shares: dict[SingleView, dict[str, float]]


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Teach a reader with each seed in each view, and compare pairs of the same seed."""
    banks = load_banks()
    ceilings = report.kept("ceilings", Ceilings, partial(_ceilings, banks, report))
    encoder, named = teach_encoder(*banks, params, report.part("encoder"))
    found: dict[View, list[Mapping[str, float]]] = {view: [] for view in VIEWS}
    for number in range(params.seeds):
        asked = params.model_copy(update={"seed": params.seed + number})
        reader = new_reader(encoder, asked.seed)
        teach_squares(reader, banks[0], asked, report.part(f"seed {asked.seed}, squares"))
        for done, view in enumerate(VIEWS, start=1):
            part = report.part(f"seed {asked.seed}, {view}")
            found[view].append(teach_canvases(deepcopy(reader), view, banks, asked, part))
            report.progress(len(VIEWS) * number + done, len(VIEWS) * params.seeds)
    return ReproduceResult(
        metrics={"encoder_named": named["named"], **margins(found)}, table=_table(found, ceilings)
    )


def margins(found: Mapping[View, Shares]) -> dict[str, float]:
    """How much more is read in slices than otherwise, with half-widths of intervals paired by seed."""
    metrics: dict[str, float] = {}
    for view in SINGLE_VIEWS:
        for name, group in (("all", GROUPS["all"]), ("extreme", GROUPS["8:1 and 1:8"])):
            more, half_width = paired_interval(_averages(found["uhd"], group), _averages(found[view], group))
            metrics[f"more_than_{view}_{name}"] = more
            metrics[f"more_than_{view}_{name}_half_width"] = half_width
    return metrics


def _table(found: Mapping[View, Shares], ceilings: Ceilings) -> tuple[dict[str, float | str | None], ...]:
    rows: list[dict[str, float | str | None]] = []
    for view, shares in found.items():
        told = None if view == "uhd" else ceilings.shares[view]
        for name, group in GROUPS.items():
            read, half_width = mean_interval(_averages(shares, group))
            limit = None if told is None else fmean(told[canvas] for canvas in group)
            rows.append(
                {"view": view, "canvas": name, "read": read, "half_width": half_width, "ceiling": limit}
            )
    return tuple(rows)


def _averages(shares: Shares, group: Sequence[str]) -> list[float]:
    return [fmean(of_seed[canvas] for canvas in group) for of_seed in shares]


def _ceilings(banks: tuple[DigitBank, DigitBank], report: Reporter) -> Ceilings:
    shares: dict[SingleView, dict[str, float]] = {}
    for view in SINGLE_VIEWS:
        shares[view] = {}
        for shape in SHAPES:
            report.check_cancelled()
            shares[view][canvas_name(shape)] = ceiling(view, shape, *banks)
    return Ceilings(shares=shares)
