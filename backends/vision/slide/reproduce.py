"""The small experiment: attention to neighbours and to all, on few pictures of local patterns."""

from collections.abc import Callable, Mapping
from functools import partial

from torch import nn

from backends.lab.reporter import Reporter
from backends.vision.hosts.arms import Examples, Task, gains, rows, train_arms
from backends.vision.hosts.classifier import ArmsResult
from backends.vision.hosts.classifying import plan_of
from backends.vision.hosts.small import small_vit
from backends.vision.mixers.place import MakeMixer, Place
from backends.vision.mixers.slide import SlideAttention
from backends.vision.mixers.softmax import SoftmaxAttention
from backends.vision.slide.presets import slide_attention
from backends.vision.slide.spec import ReproduceParams
from backends.vision.slide.textures import NUM_CLASSES, make_textures

_TEST_PICTURES = 400


def _softmax(place: Place) -> nn.Module:
    return SoftmaxAttention(place.dim, place.num_heads)


def _shifts_only(place: Place) -> nn.Module:
    return SlideAttention(place.dim, place.num_heads, deforms=False)


ARMS: Mapping[str, MakeMixer] = {
    "softmax": _softmax,
    "slide without deformation": _shifts_only,
    "slide": slide_attention,
}


def reproduce(params: ReproduceParams, report: Reporter) -> ArmsResult:
    """Train each arm with each seed, and compare slide attention with the others."""
    side = params.image_size
    arms: dict[str, Callable[[], nn.Module]] = {
        name: partial(small_vit, make, num_classes=NUM_CLASSES, image_size=side)
        for name, make in ARMS.items()
    }

    def textures(seed: int) -> Task:
        train = Examples(*make_textures(params.pictures, side, 2 * seed))
        return Task(train, Examples(*make_textures(_TEST_PICTURES, side, 2 * seed + 1)))

    found = train_arms(arms, textures, plan_of(params), report)
    metrics: dict[str, float] = {}
    for baseline in ("softmax", "slide without deformation"):
        key = f"gain_over_{baseline.replace(' ', '_')}"
        metrics[key], metrics[f"{key}_half_width"] = gains(found, "slide", baseline)
    return ArmsResult(metrics=metrics, table=rows(found))
