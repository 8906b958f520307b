"""What teaches the latent model, compared: trainings of every method in every game with every seed."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from statistics import fmean

from pydantic import BaseModel

from backends.lab.errors import LabError
from backends.lab.intervals import paired_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.aggregates import interquartile_mean
from backends.rl.evaluation.bootstrap import estimate
from backends.rl.evaluation.curves import curve_picture
from backends.rl.pixels.training import Point
from backends.rl.vcr.spec import ComparisonParams, ReproduceResult


class Training(BaseModel):
    """One training of one method: the mean return over its evaluations, the last one, its time, and all."""

    over_training: float
    final: float
    seconds: float
    curve: tuple[tuple[float, float], ...]


Found = dict[str, dict[str, list[Training]]]
"""By method and game, a training a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What differs between the two forms of VCR.

    `base` is what the other methods are compared with, `small` are the games of the experiment, `job` is for
    others. `train` takes a training's settings to its evaluations, `chance` a game to what acting at random
    comes to in it.
    """

    base: str
    small: Collection[str]
    job: str
    train: Callable[[Mapping[str, object], Reporter], Sequence[Point]]
    chance: Callable[[str], float]


def compare(form: Form, params: ComparisonParams, report: Reporter) -> ReproduceResult:
    """Train every method in every game with every seed, and compare pairs of one seed and game with the base.

    Raises:
        LabError: The base is not among the methods, or a game is not small.
    """
    if form.base not in params.methods:
        raise LabError(f"--methods: {form.base} must be among them, the others are compared with it.")
    if large := [game for game in params.games if game not in form.small]:
        known = ", ".join(form.small)
        raise LabError(f"--games {large[0]}: the experiment is for {known}; others have {form.job}.")
    methods, games = tuple(dict.fromkeys(params.methods)), tuple(dict.fromkeys(params.games))
    found: Found = {method: {game: [] for game in games} for method in methods}
    seeds = range(params.seed, params.seed + params.seeds)
    for number, (seed, game, method) in enumerate(product(seeds, games, methods)):
        report.progress(number, len(seeds) * len(games) * len(methods))
        part = report.part(f"{method} in {game}, seed {seed}")
        asked = {
            "seed": seed,
            "device": params.device,
            "game": game,
            "method": method,
            "steps": params.steps,
            "evaluate_every": max(params.steps // params.evaluations, 1),
            "episodes": params.episodes,
        }
        found[method][game].append(part.kept("arm", Training, partial(_train, form, asked, part)))
    metrics = {"random_return": fmean(form.chance(game) for game in games)}
    base = _flat(found, form.base)
    for method in methods:
        if method != form.base:
            gain, half_width = paired_interval(_flat(found, method), base)
            metrics[f"{method}_over_{form.base}"] = gain
            metrics[f"{method}_over_{form.base}_half_width"] = half_width
    curves = {
        f"{method}, {game}" if len(games) > 1 else method: [one.curve for one in found[method][game]]
        for method, game in product(methods, games)
    }
    about = "Returns over training: the mean of the seeds, between the lowest and the highest."
    picture = curve_picture(report, curves, about, x="step in the game", y="mean return")
    table = tuple(_row(found, method) for method in methods)
    return ReproduceResult(metrics=metrics, table=table, artifacts=(picture,))


def _train(form: Form, asked: Mapping[str, object], part: Reporter) -> Training:
    begin = time.process_time()
    points = form.train(asked, part)
    seconds = time.process_time() - begin
    return Training(
        over_training=fmean(point.mean_return for point in points),
        final=points[-1].mean_return,
        seconds=seconds,
        curve=tuple((point.step, point.mean_return) for point in points),
    )


def _flat(found: Found, method: str) -> list[float]:
    return [one.over_training for trainings in found[method].values() for one in trainings]


def _row(found: Found, method: str) -> dict[str, float | str | None]:
    games = list(found[method].values())
    row: dict[str, float | str | None] = {"method": method}
    for name in ("over_training", "final"):
        by_seed = [[getattr(trainings[seed], name) for trainings in games] for seed in range(len(games[0]))]
        known = estimate(by_seed, interquartile_mean)
        row |= {name: known.value, f"{name}_low": known.low, f"{name}_high": known.high}
    row["seconds"] = fmean(one.seconds for trainings in games for one in trainings)
    return row
