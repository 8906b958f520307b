"""The small experiment: curricula at equal computation, over seeds, on the glyph world."""

from functools import partial
from statistics import fmean

from pydantic import BaseModel

from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.vision.efficient_train.jobs import train_classifier
from backends.vision.efficient_train.spec import (
    Crop,
    CurriculumName,
    ReproduceParams,
    ReproduceResult,
    TrainParams,
)

ARMS: dict[str, tuple[CurriculumName, Crop]] = {
    "full": ("full", "fft"),
    "et": ("et", "fft"),
    "et++": ("et++", "fft"),
    "et++ of high frequencies": ("et++", "high"),
}


class ArmResult(BaseModel):
    """One training of one arm; `curve` is accuracy by the share of the computation."""

    top1: float
    seconds: float
    steps: int
    curve: tuple[tuple[float, float], ...]


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Train each arm with each seed at the same computation, and compare pairs of the same seed."""
    found: dict[str, list[ArmResult]] = {}
    for number, arm in enumerate(ARMS):
        found[arm] = []
        for seed in range(params.seed, params.seed + params.seeds):
            part = report.part(f"{arm}, seed {seed}")
            found[arm].append(part.kept("arm", ArmResult, partial(_train_arm, params, arm, seed, part)))
            report.progress(number * params.seeds + len(found[arm]), len(ARMS) * params.seeds)
    full = [one.top1 for one in found["full"]]
    metrics: dict[str, float] = {}
    for arm, results in found.items():
        if arm != "full":
            gain, half_width = paired_interval([one.top1 for one in results], full)
            key = arm.replace("++", "_plus_plus").replace(" ", "_")
            metrics[f"gain_{key}"], metrics[f"gain_{key}_half_width"] = gain, half_width
    table = tuple(_row(arm, results, fmean(full)) for arm, results in found.items())
    return ReproduceResult(metrics=metrics, table=table)


def _train_arm(params: ReproduceParams, arm: str, seed: int, part: Reporter) -> ArmResult:
    curriculum, crop = ARMS[arm]
    asked = TrainParams(
        seed=seed,
        device=params.device,
        model=params.model,
        data="glyphs",
        image_size=params.image_size,
        curriculum=curriculum,
        crop=crop,
        epochs=params.epochs,
        batch_size=params.batch_size,
        rate=params.rate,
    )
    classifier = train_classifier(asked, part)
    trained = classifier.trained
    curve = tuple(
        (classifier.curriculum.share_at(step), metrics["top1"]) for step, metrics in trained.history
    )
    return ArmResult(top1=trained.metrics["top1"], seconds=trained.seconds, steps=trained.steps, curve=curve)


def _row(arm: str, results: list[ArmResult], goal: float) -> dict[str, float | str | None]:
    top1, half_width = mean_interval([one.top1 for one in results])
    reached = [_share_to(goal, one) for one in results]
    known = [share for share in reached if share is not None]
    return {
        "arm": arm,
        "top1": top1,
        "top1_half_width": half_width,
        "steps": fmean([one.steps for one in results]),
        "seconds": fmean([one.seconds for one in results]),
        "share_to_full": fmean(known) if len(known) == len(reached) else None,
    }


def _share_to(goal: float, result: ArmResult) -> float | None:
    """The share of the computation at the first evaluation that reaches a goal; None if none does."""
    return next((share for share, top1 in result.curve if top1 >= goal), None)
