"""The small experiment: the same network with and without evolution, on each set, over seeds."""

from functools import partial
from itertools import product

from pydantic import BaseModel

from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.vision.evolving_attention.jobs import train_classifier
from backends.vision.evolving_attention.models import ModelName
from backends.vision.evolving_attention.series import open_series
from backends.vision.evolving_attention.spec import ReproduceParams, ReproduceResult, TrainParams

Arm = tuple[str, ModelName]

_RELAY: dict[str, object] = {
    "epochs": 6.4,
    "width": 32,
    "num_heads": 4,
    "layers": 2,
    "dropout": 0.0,
    "rate": 4e-3,
    "carried": 0.5,
    "convolved": 0.5,
}
SETTINGS: dict[str, dict[str, object]] = {
    "relay": _RELAY,
    "japanese_vowels": {"epochs": 6.0, "batch_size": 32},
}
"""What differs from the defaults of train, by set."""

PAIRS: dict[str, tuple[ModelName, ModelName]] = {"relay": ("tst", "ea_tst")}
"""Baseline and evolving network, where they are not EA-DC's: relays need no convolution over time."""


class ArmResult(BaseModel):
    """One training."""

    accuracy: float
    seconds: float


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Train each network on each set with each seed, and compare pairs of the same seed."""
    for data in params.data:
        open_series(data, params.seed)  # refused before any work
    arms: list[Arm] = [(data, model) for data in params.data for model in PAIRS.get(data, ("dc", "ea_dc"))]
    seeds = range(params.seed, params.seed + params.seeds)
    found: dict[Arm, list[ArmResult]] = {arm: [] for arm in arms}
    for number, (seed, arm) in enumerate(product(seeds, arms)):
        part = report.part(f"{arm[0]}, {arm[1]}, seed {seed}")
        found[arm].append(part.kept("arm", ArmResult, partial(_train_arm, params, arm, seed, part)))
        report.progress(number + 1, len(seeds) * len(arms))
    metrics: dict[str, float] = {}
    for data in params.data:
        without, evolving = (
            [one.accuracy for one in results] for (each, _), results in found.items() if each == data
        )
        gain, half_width = paired_interval(evolving, without)
        metrics[f"gain_{data}"], metrics[f"gain_{data}_half_width"] = gain, half_width
    return ReproduceResult(metrics=metrics, table=tuple(_row(arm, found[arm]) for arm in arms))


def _train_arm(params: ReproduceParams, arm: Arm, seed: int, part: Reporter) -> ArmResult:
    data, model = arm
    settings = SETTINGS.get(data, {})
    asked = TrainParams.model_validate(
        {**settings, "data": data, "model": model, "seed": seed, "device": params.device}
    )
    trained = train_classifier(asked, part).trained
    return ArmResult(accuracy=trained.metrics["accuracy"], seconds=trained.seconds)


def _row(arm: Arm, results: list[ArmResult]) -> dict[str, float | str]:
    accuracy, half_width = mean_interval([one.accuracy for one in results])
    return {
        "data": arm[0],
        "model": arm[1],
        "accuracy": accuracy,
        "accuracy_half_width": half_width,
        "seconds": sum(one.seconds for one in results) / len(results),
    }
