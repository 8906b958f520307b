"""The small experiment: test-time training against linear attention, on digits or on pictures with codes.

The codes (`maps.py`) ask for what the method is: to learn from a picture what its own cells mean.
"""

from collections.abc import Callable, Mapping
from functools import partial

from torch import nn

from backends.lab.readers.images import open_images
from backends.lab.reporter import Reporter
from backends.vision.hosts.arms import Examples, Task, examples, gains, rows, train_arms
from backends.vision.hosts.classifier import ArmsResult
from backends.vision.hosts.classifying import plan_of
from backends.vision.mixers.linear import LinearAttention
from backends.vision.mixers.place import Place
from backends.vision.mixers.ttt import TTT
from backends.vision.vit3.maps import NUM_LABELS, make_maps
from backends.vision.vit3.model import ViT3
from backends.vision.vit3.presets import SMALL, ttt
from backends.vision.vit3.spec import ReproduceParams

_TEST_PICTURES = 200


def _linear(place: Place) -> nn.Module:
    return LinearAttention(place.dim, place.num_heads)


def _static(place: Place) -> nn.Module:
    return TTT(place.dim, place.num_heads, rate=0)


ARMS: Mapping[str, Callable[[Place], nn.Module]] = {
    "linear": _linear,
    "ttt without its step": _static,
    "ttt": ttt,
}


def reproduce(params: ReproduceParams, report: Reporter) -> ArmsResult:
    """Train each arm with each seed, and compare test-time training with the others."""
    side, has_codes = params.image_size, params.world == "codes"
    num_classes = NUM_LABELS if has_codes else 10
    arms: dict[str, Callable[[], nn.Module]] = {
        name: partial(ViT3, SMALL, make, num_classes=num_classes, image_size=side, dense=has_codes)
        for name, make in ARMS.items()
    }

    def digits(seed: int) -> Task:
        data = open_images("digits", seed)
        return Task(examples(data.train, side), examples(data.test, side))

    def codes(seed: int) -> Task:
        train = Examples(*make_maps(params.pictures, side, 2 * seed))
        return Task(train, Examples(*make_maps(_TEST_PICTURES, side, 2 * seed + 1)))

    found = train_arms(arms, codes if has_codes else digits, plan_of(params), report)
    metrics: dict[str, float] = {}
    for baseline in ("linear", "ttt without its step"):
        key = f"gain_over_{baseline.replace(' ', '_')}"
        metrics[key], metrics[f"{key}_half_width"] = gains(found, "ttt", baseline)
    return ArmsResult(metrics=metrics, table=rows(found))
