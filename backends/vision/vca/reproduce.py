"""The small experiment: visual-contrast attention, convolving and not, beside softmax, over seeds."""

from functools import partial
from itertools import product

from pydantic import BaseModel

from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.vision.vca.jobs import train_classifier
from backends.vision.vca.spec import ReproduceParams, ReproduceResult, TrainParams

ARMS: dict[str, dict[str, object]] = {
    "softmax": {"mixer": "softmax"},
    "vca": {"mixer": "vca"},
    "vca without convolution": {"mixer": "vca", "convolution": False},
}


class ArmResult(BaseModel):
    """One training; `curve` is accuracy by step."""

    top1: float
    seconds: float
    curve: tuple[tuple[int, float], ...]


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Train each with each seed, and compare pairs of the same seed."""
    seeds = range(params.seed, params.seed + params.seeds)
    found: dict[str, list[ArmResult]] = {arm: [] for arm in ARMS}
    for number, (seed, arm) in enumerate(product(seeds, ARMS)):
        part = report.part(f"{arm}, seed {seed}")
        found[arm].append(part.kept("arm", ArmResult, partial(_train_arm, params, arm, seed, part)))
        report.progress(number + 1, len(seeds) * len(ARMS))
    softmax = [one.top1 for one in found["softmax"]]
    metrics: dict[str, float] = {}
    for arm, results in found.items():
        if arm != "softmax":
            gain, half_width = paired_interval([one.top1 for one in results], softmax)
            key = f"gain_{arm.replace(' ', '_')}"
            metrics[key], metrics[f"{key}_half_width"] = gain, half_width
    return ReproduceResult(metrics=metrics, table=tuple(_row(arm, found[arm]) for arm in ARMS))


def _train_arm(params: ReproduceParams, arm: str, seed: int, part: Reporter) -> ArmResult:
    shared = params.model_dump(exclude={"seeds", "seed"})
    trained = train_classifier(TrainParams.model_validate({**shared, **ARMS[arm], "seed": seed}), part)
    curve = tuple((step, metrics["top1"]) for step, metrics in trained.history)
    return ArmResult(top1=trained.metrics["top1"], seconds=trained.seconds, curve=curve)


def _row(arm: str, results: list[ArmResult]) -> dict[str, float | str]:
    top1, half_width = mean_interval([one.top1 for one in results])
    return {
        "arm": arm,
        "top1": top1,
        "top1_half_width": half_width,
        "top1_at_a_third": sum(one.curve[0][1] for one in results) / len(results),
        "seconds": sum(one.seconds for one in results) / len(results),
    }
