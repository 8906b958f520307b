"""The small experiment: visual-contrast attention beside softmax and differential attention, over seeds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean

from torch import nn

from backends.lab.reporter import Reporter
from backends.vision.hosts.arms import ArmResult, Task, examples, gains, rows, train_arms
from backends.vision.hosts.classifying import plan_of
from backends.vision.vca.jobs import build, open_pictures
from backends.vision.vca.spec import ModelParams, ReproduceParams, ReproduceResult

ARMS = {
    "softmax": ModelParams(mixer="softmax"),
    "differential": ModelParams(mixer="differential"),
    "vca": ModelParams(),
    "vca without convolution": ModelParams(convolution=False),
}


def reproduce(params: ReproduceParams, report: Reporter) -> ReproduceResult:
    """Train each with each seed, and compare pairs of the same seed."""
    side = ModelParams().image_size
    num_classes = open_pictures(params.data, params.seed).num_classes
    arms: dict[str, Callable[[], nn.Module]] = {
        name: partial(build, model, num_classes) for name, model in ARMS.items()
    }

    def pictures(seed: int) -> Task:
        data = open_pictures(params.data, seed)
        return Task(examples(data.train, side), examples(data.test, side))

    plan = replace(plan_of(params), evaluate_every=params.steps // 3)
    found = train_arms(arms, pictures, plan, report)
    metrics: dict[str, float] = {}
    for arm, baseline in (
        ("vca", "softmax"),
        ("vca without convolution", "softmax"),
        ("vca", "differential"),
        ("vca without convolution", "differential"),
    ):
        key = f"gain_{arm}_over_{baseline}".replace(" ", "_")
        metrics[key], metrics[f"{key}_half_width"] = gains(found, arm, baseline)
    table = tuple({**row, "top1_at_a_third": _at_first(found[str(row["arm"])])} for row in rows(found))
    return ReproduceResult(metrics=metrics, table=table)


def _at_first(results: Sequence[ArmResult]) -> float:
    """The mean accuracy at the first evaluation."""
    return fmean(one.curve[0][1] for one in results)
