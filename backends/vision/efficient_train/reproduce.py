"""The small experiment: curricula at equal computation, over seeds, on the glyph world."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

from pydantic import BaseModel

from backends.lab.hooks import Hook
from backends.lab.intervals import mean_interval, paired_interval
from backends.lab.reporter import Reporter
from backends.lab.trainer import Trainer
from backends.vision.efficient_train.jobs import train_classifier
from backends.vision.efficient_train.spec import (
    Crop,
    CurriculumName,
    ReproduceParams,
    ReproduceResult,
    TrainParams,
)


@dataclass(frozen=True, slots=True)
class Arm:
    """What differs between trainings."""

    curriculum: CurriculumName
    crop: Crop = "fft"
    replay: bool = False


ARMS = {
    "full": Arm("full"),
    "et": Arm("et"),
    "et++": Arm("et++"),
    "et++ with replay": Arm("et++", replay=True),
    "et++ of high frequencies": Arm("et++", crop="high"),
}


class Evaluated(BaseModel):
    """An evaluation: accuracy, the share of the computation, and the processor's seconds in steps so far."""

    top1: float
    share: float
    seconds: float


class ArmResult(BaseModel):
    """One training of one arm."""

    top1: float
    seconds: float
    steps: int
    curve: tuple[Evaluated, ...]


class StepClock(Hook):
    """The processor's seconds in steps, batches and all, up to each evaluation; other work does not count."""

    def __init__(self) -> None:
        self.at_evaluations: list[float] = []
        self._spent = 0.0
        self._begin = 0.0

    def before_step(self, trainer: Trainer) -> None:
        self._begin = time.process_time()

    def after_step(self, trainer: Trainer) -> None:
        self._spent += time.process_time() - self._begin

    def after_evaluation(self, trainer: Trainer, metrics: Mapping[str, float]) -> None:
        self.at_evaluations.append(self._spent)

    def state(self) -> dict[str, Any]:
        return {"spent": self._spent, "at_evaluations": self.at_evaluations}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._spent, self.at_evaluations = state["spent"], list(state["at_evaluations"])


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
    kind = ARMS[arm]
    asked = TrainParams(
        seed=seed,
        device=params.device,
        model=params.model,
        data="glyphs",
        image_size=params.image_size,
        curriculum=kind.curriculum,
        crop=kind.crop,
        replay=kind.replay,
        epochs=params.epochs,
        batch_size=params.batch_size,
        rate=params.rate,
    )
    clock = StepClock()
    classifier = train_classifier(asked, part, clock)
    trained = classifier.trained
    curve = tuple(
        Evaluated(top1=metrics["top1"], share=classifier.curriculum.share_at(step), seconds=seconds)
        for (step, metrics), seconds in zip(trained.history, clock.at_evaluations, strict=True)
    )
    return ArmResult(top1=trained.metrics["top1"], seconds=trained.seconds, steps=trained.steps, curve=curve)


def _row(arm: str, results: list[ArmResult], goal: float) -> dict[str, float | str | None]:
    top1, half_width = mean_interval([one.top1 for one in results])
    reached = [_first_to(goal, one) for one in results]
    known = [one for one in reached if one is not None]
    all_know = len(known) == len(reached)
    return {
        "arm": arm,
        "top1": top1,
        "top1_half_width": half_width,
        "steps": fmean([one.steps for one in results]),
        "seconds": fmean([one.seconds for one in results]),
        "processor_seconds": fmean([one.curve[-1].seconds for one in results]),
        "share_to_full": fmean([one.share for one in known]) if all_know else None,
        "processor_seconds_to_full": fmean([one.seconds for one in known]) if all_know else None,
    }


def _first_to(goal: float, result: ArmResult) -> Evaluated | None:
    """The first evaluation that reaches a goal."""
    return next((one for one in result.curve if one.top1 >= goal), None)
