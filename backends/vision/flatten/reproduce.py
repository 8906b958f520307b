"""The small experiment: softmax, linear and focused attention in one small network, on digits."""

from collections.abc import Callable, Mapping
from functools import partial

from torch import nn

from backends.lab.readers.images import open_images
from backends.lab.reporter import Reporter
from backends.vision.flatten.presets import focused_attention
from backends.vision.flatten.spec import ReproduceParams
from backends.vision.hosts.arms import Task, examples, gains, rows, train_arms
from backends.vision.hosts.classifier import ArmsResult
from backends.vision.hosts.classifying import plan_of
from backends.vision.hosts.small import small_vit
from backends.vision.mixers.focused import FocusedAttention
from backends.vision.mixers.linear import LinearAttention
from backends.vision.mixers.place import MakeMixer, Place
from backends.vision.mixers.softmax import SoftmaxAttention


def _softmax(place: Place) -> nn.Module:
    return SoftmaxAttention(place.dim, place.num_heads)


def _linear(place: Place) -> nn.Module:
    return LinearAttention(place.dim, place.num_heads)


def _focused_only(place: Place) -> nn.Module:
    return FocusedAttention(place.dim, place.num_heads, place.grid, restores_rank=False)


ARMS: Mapping[str, MakeMixer] = {
    "softmax": _softmax,
    "linear": _linear,
    "focused": _focused_only,
    "focused and convolution": focused_attention,
}


def reproduce(params: ReproduceParams, report: Reporter) -> ArmsResult:
    """Train each arm with each seed, and compare focused attention with the others."""
    side = params.image_size
    arms: dict[str, Callable[[], nn.Module]] = {
        name: partial(small_vit, make, image_size=side) for name, make in ARMS.items()
    }

    def digits(seed: int) -> Task:
        data = open_images("digits", seed)
        return Task(examples(data.train, side), examples(data.test, side))

    found = train_arms(arms, digits, plan_of(params), report)
    metrics: dict[str, float] = {}
    for baseline in ARMS:
        if baseline != "focused and convolution":
            key = f"gain_over_{baseline.replace(' ', '_')}"
            gain = gains(found, "focused and convolution", baseline)
            metrics[key], metrics[f"{key}_half_width"] = gain
    return ArmsResult(metrics=metrics, table=rows(found))
