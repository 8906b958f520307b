"""The small experiment: what teaches the latent model, on small games, over seeds."""

import time
from functools import partial
from itertools import product
from statistics import fmean

from pydantic import BaseModel

from backends.lab.errors import LabError
from backends.lab.intervals import paired_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.aggregates import interquartile_mean
from backends.rl.evaluation.bootstrap import estimate
from backends.rl.pixels.episodes import random_returns
from backends.rl.pixels.opening import CATCH
from backends.rl.vcr.jobs import train_network
from backends.rl.vcr.saved import PROFILE
from backends.rl.vcr.spec import MethodName, ReproduceParams, ReproduceResult, TrainParams


class Training(BaseModel):
    """One training of one method: the mean return over its evaluations, the last one, and its time."""

    over_training: float
    final: float
    seconds: float


Found = dict[MethodName, dict[str, list[Training]]]
"""By method and game, a training a seed."""


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Train every method in every game with every seed, and compare pairs of the same seed and game."""
    if "rainbow" not in params.methods:
        raise LabError("--methods: rainbow must be among them, the others are compared with it.")
    if large := [game for game in params.games if game not in CATCH]:
        raise LabError(f"--games {large[0]}: the experiment is for {', '.join(CATCH)}; others have train.")
    methods, games = tuple(dict.fromkeys(params.methods)), tuple(dict.fromkeys(params.games))
    found: Found = {method: {game: [] for game in games} for method in methods}
    seeds = range(params.seed, params.seed + params.seeds)
    for number, (seed, game, method) in enumerate(product(seeds, games, methods)):
        report.progress(number, len(seeds) * len(games) * len(methods))
        part = report.part(f"{method} in {game}, seed {seed}")
        train = partial(_train, params, method, game, seed, part)
        found[method][game].append(part.kept("arm", Training, train))
    chance = [fmean(random_returns(game, PROFILE, params.episodes, report)) for game in games]
    metrics = {"random_return": fmean(chance)}
    base = _flat(found, "rainbow")
    for method in methods:
        if method != "rainbow":
            gain, half_width = paired_interval(_flat(found, method), base)
            metrics[f"{method}_over_rainbow"] = gain
            metrics[f"{method}_over_rainbow_half_width"] = half_width
    return ReproduceResult(metrics=metrics, table=tuple(_row(found, method) for method in methods))


def _train(params: ReproduceParams, method: MethodName, game: str, seed: int, part: Reporter) -> Training:
    asked = TrainParams(
        seed=seed,
        device=params.device,
        game=game,
        method=method,
        steps=params.steps,
        evaluate_every=max(params.steps // params.evaluations, 1),
        episodes=params.episodes,
    )
    begin = time.process_time()
    training, _ = train_network(asked, part)
    returns = [point.mean_return for point in training.curve]
    return Training(over_training=fmean(returns), final=returns[-1], seconds=time.process_time() - begin)


def _flat(found: Found, method: MethodName) -> list[float]:
    return [one.over_training for trainings in found[method].values() for one in trainings]


def _row(found: Found, method: MethodName) -> dict[str, float | str | None]:
    games = list(found[method].values())
    row: dict[str, float | str | None] = {"method": method}
    for name in ("over_training", "final"):
        by_seed = [[getattr(trainings[seed], name) for trainings in games] for seed in range(len(games[0]))]
        known = estimate(by_seed, interquartile_mean)
        row |= {name: known.value, f"{name}_low": known.low, f"{name}_high": known.high}
    row["seconds"] = fmean(one.seconds for trainings in games for one in trainings)
    return row
