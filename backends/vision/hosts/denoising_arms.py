"""A comparison of diffusion transformers: each trained with each seed, for equal steps and on equal noise."""

from collections.abc import Mapping
from functools import partial
from statistics import fmean

from pydantic import BaseModel

from backends.lab.intervals import mean_interval
from backends.lab.readers.images import ImageSplit, open_images
from backends.lab.reporter import Reporter
from backends.vision.hosts.denoiser import DenoiserArmsParams, DenoiserArmsResult
from backends.vision.hosts.denoising import MakeDiT, train_on


class _Arm(BaseModel):
    """One training: its loss at the end and after a quarter of the steps."""

    loss: float
    early: float
    seconds: float


def compare_denoisers(
    arms: Mapping[str, MakeDiT], params: DenoiserArmsParams, report: Reporter
) -> DenoiserArmsResult:
    """Hold all arms against the first, over pairs that share a seed; done trainings are not done again.

    Raises:
        LabError: Patches do not fit the picture, or heads the width.
    """
    found: dict[str, list[_Arm]] = {name: [] for name in arms}
    for seed in range(params.seed, params.seed + params.seeds):
        data = open_images(params.data, seed)
        seeded = params.model_copy(update={"seed": seed})
        for name, make in arms.items():
            part = report.part(f"{name}, seed {seed}")
            found[name].append(part.kept("arm", _Arm, partial(_train, make, seeded, data, part)))
            report.progress(sum(map(len, found.values())), len(arms) * params.seeds)
    baseline, *others = arms
    metrics: dict[str, float] = {}
    for name in others:
        pairs = zip(found[name], found[baseline], strict=True)
        percent = [100 * (1 - one.loss / other.loss) for one, other in pairs]
        key = f"gain_{name.replace(' ', '_')}"
        metrics[key], metrics[f"{key}_half_width"] = mean_interval(percent)
    return DenoiserArmsResult(metrics=metrics, table=tuple(map(_row, arms, found.values())))


def _train(make: MakeDiT, params: DenoiserArmsParams, data: ImageSplit, report: Reporter) -> _Arm:
    trained = train_on(make, params, data, report)
    first_metrics = trained.history[0][1]
    return _Arm(loss=trained.metrics["test_loss"], early=first_metrics["test_loss"], seconds=trained.seconds)


def _row(name: str, results: list[_Arm]) -> dict[str, float | str]:
    loss, half_width = mean_interval([one.loss for one in results])
    return {
        "arm": name,
        "loss": loss,
        "loss_half_width": half_width,
        "loss_at_a_quarter": fmean(one.early for one in results),
        "seconds": fmean(one.seconds for one in results),
    }
