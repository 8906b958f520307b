"""The small experiment: STORM beside its ablations on a game whose future is uncertain, over seeds."""

from collections.abc import Mapping
from functools import partial
from itertools import product
from math import ceil
from statistics import fmean
from typing import Any

import torch
from pydantic import BaseModel

from backends.lab.errors import LabError
from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.rl.evaluation.curves import curve_picture
from backends.rl.pixels.catch import Catch
from backends.rl.pixels.episodes import random_returns
from backends.rl.pixels.opening import CATCH
from backends.rl.storm.foresight import foresight
from backends.rl.storm.jobs import real_windows, train_player
from backends.rl.storm.player import Player
from backends.rl.storm.spec import ArmName, ReproduceParams, ReproduceResult, TrainParams

GAME = "windy_catch"
ARMS: Mapping[ArmName, Mapping[str, Any]] = {
    "storm": {},
    "likeliest token": {"drawing": "mode"},
    "sees the frame": {"act_on_seen": True},
    "fixed returns": {"returns": "fixed"},
}
_DREAMS = 256


class ArmResult(BaseModel):
    """One training of one arm, and how well its world model foresees."""

    mean_return: float
    ball_in_place: float
    rewards_foreseen: float
    pixel_error: float
    curve: tuple[tuple[float, float], ...]


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Train each arm with each seed, and compare pairs of the same seed."""
    if "storm" not in params.arms:
        raise LabError("--arms: storm must be among them, the others are compared with it.")
    arms = tuple(dict.fromkeys(params.arms))
    found: dict[str, list[ArmResult]] = {arm: [] for arm in arms}
    for number, (seed, arm) in enumerate(product(range(params.seed, params.seed + params.seeds), arms)):
        report.progress(number, len(arms) * params.seeds)
        part = report.part(f"{arm}, seed {seed}")
        found[arm].append(part.kept("arm", ArmResult, partial(_train_arm, params, arm, seed, part)))
    storm = [one.mean_return for one in found["storm"]]
    metrics = {"random_return": fmean(random_returns(GAME, "iris", params.episodes, report))}
    for name, results in found.items():
        if name != "storm":
            gain, half_width = paired_interval(storm, [one.mean_return for one in results])
            key = f"storm_over_{name.replace(' ', '_')}"
            metrics[key], metrics[f"{key}_half_width"] = gain, half_width
    curves = {arm: [one.curve for one in results] for arm, results in found.items()}
    about = "Returns over training: the mean of the seeds, between the lowest and the highest."
    picture = curve_picture(report, curves, about, x="step in the game", y="mean return")
    table = tuple(_row(arm, results) for arm, results in found.items())
    return ReproduceResult(metrics=metrics, table=table, artifacts=(picture,))


def _train_arm(params: ReproduceParams, arm: ArmName, seed: int, part: Reporter) -> ArmResult:
    asked = TrainParams(
        seed=seed,
        device=params.device,
        game=GAME,
        steps=params.steps,
        train_every=params.train_every,
        evaluate_every=ceil(params.steps / params.evaluations),
        episodes=params.episodes,
    ).model_copy(update=dict(ARMS[arm]))
    training, variant = train_player(asked, part)
    torch.manual_seed(seed)
    context, horizon = training.config.context, training.config.horizon
    player = Player(training.config, training.world, training.agent)
    real = real_windows(player, variant, _DREAMS, context + horizon, part)
    seen = foresight(training.world, real, context, Catch(CATCH[GAME]).ball_column)
    return ArmResult(
        mean_return=training.curve[-1].mean_return,
        ball_in_place=_mean(seen.landmarks),
        rewards_foreseen=_mean((seen.rewards,)),
        pixel_error=_mean(seen.pixel_errors),
        curve=tuple((point.step, point.mean_return) for point in training.curve),
    )


def _mean(values: tuple[float | None, ...]) -> float:
    """The mean of what is known; the game's episodes are short, so that something always is."""
    return fmean(value for value in values if value is not None)


def _row(arm: str, results: list[ArmResult]) -> dict[str, float | str | None]:
    mean_return, half_width = mean_interval([one.mean_return for one in results])
    return {
        "arm": arm,
        "mean_return": mean_return,
        "mean_return_half_width": half_width,
        "ball_in_place": fmean(one.ball_in_place for one in results),
        "rewards_foreseen": fmean(one.rewards_foreseen for one in results),
        "pixel_error": fmean(one.pixel_error for one in results),
    }
