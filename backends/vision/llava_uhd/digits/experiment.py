"""Slices against squashing and padding, on canvases of two to eight squares: train, measure, compare.

An encoder learns once, on squares crowded with digits, and is then given, as CLIP is in the paper. For every
seed a resampler and a decoder first learn to read single squares, then, from that state, all digits of a
whole canvas in each of the three views. Every view gets the same canvases in the same order. The encoder
stays frozen under slices, as in the paper; squashed and padded digits look unlike those that it learned, so
there it is trained along, to their advantage.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.intervals import mean_interval, paired_interval
from backends.vision.llava_uhd.digits.canvases import (
    NOTHING,
    Canvases,
    DigitBank,
    Shape,
    draw_canvases,
    draw_crowds,
    load_banks,
)
from backends.vision.llava_uhd.digits.reader import ENCODER, digit_scores, new_reader
from backends.vision.llava_uhd.digits.views import View, shown
from backends.vision.llava_uhd.model.encoder import VisionEncoder
from backends.vision.llava_uhd.model.lmm import LlavaUhd

VIEWS: tuple[View, ...] = ("uhd", "squash", "pad")
SHORT: tuple[Shape, ...] = ((2, 1), (1, 2))
SHAPES: tuple[Shape, ...] = (*SHORT, (4, 2), (2, 4), (8, 1), (1, 8))
EXTREME: tuple[Shape, ...] = ((8, 1), (1, 8))
_GIVEN_ENCODER_RATE = 0.1
"""Of the learning rate, for an encoder that has learned before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DigitsSettings:
    """How long everything learns; the defaults take minutes on two cores."""

    seeds: int = 3
    encoder_steps: int = 1000
    square_steps: int = 150
    short_steps: int = 120
    """On canvases of two squares, before all shapes take turns."""
    canvas_steps: int = 180
    crowds: int = 32
    """Crowded squares a step."""
    squares: int = 64
    canvases: int = 32
    learning_rate: float = 3e-3
    test_canvases: int = 48
    """Of each shape."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the experiment is: a stage's name, steps done and to do, and the last loss."""

    stage: str
    done: int
    steps: int
    loss: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds and the half-width of its 95 % interval."""

    mean: float
    half_width: float


@dataclass(frozen=True, slots=True)
class DigitsResult:
    """Shares of digits read rightly, for each view and shape, one for every seed."""

    encoder_accuracy: float
    """Of held-out digits in crowded squares, patch by patch."""
    accuracy: Mapping[View, Mapping[Shape, Sequence[float]]]

    def mean(self, view: View, shapes: Sequence[Shape]) -> Interval:
        return Interval(*mean_interval(self._by_seed(view, shapes)))

    def margin(self, baseline: View, shapes: Sequence[Shape]) -> Interval:
        """How much more is read through slices, seed by seed."""
        return Interval(*paired_interval(self._by_seed("uhd", shapes), self._by_seed(baseline, shapes)))

    def _by_seed(self, view: View, shapes: Sequence[Shape]) -> list[float]:
        found = self.accuracy[view]
        return [
            sum(of_seed) / len(shapes) for of_seed in zip(*(found[shape] for shape in shapes), strict=True)
        ]


def run_experiment(settings: DigitsSettings, progress: Callable[[Progress], None]) -> DigitsResult:
    """Train and measure everything; `progress` is called after every step."""
    learned, kept = load_banks()
    torch.manual_seed(0)
    encoder = VisionEncoder(ENCODER)
    encoder_accuracy = _teach_encoder(encoder, learned, kept, settings, progress)
    accuracy: dict[View, dict[Shape, list[float]]] = {view: {shape: [] for shape in SHAPES} for view in VIEWS}
    for seed in range(settings.seeds):
        torch.manual_seed(seed)
        reader = new_reader()
        reader.encoder.load_state_dict(encoder.state_dict())
        reader.encoder.requires_grad_(False)
        chance = np.random.default_rng((seed, 0))

        def read_squares(_: int, reader: LlavaUhd = reader, chance: np.random.Generator = chance) -> Tensor:
            return _reading_loss(reader, "uhd", draw_canvases(learned, (1, 1), settings.squares, chance))

        _learn(reader, read_squares, settings.square_steps, settings, f"seed {seed}, squares", progress)
        for view in VIEWS:
            pupil = deepcopy(reader)
            pupil.encoder.requires_grad_(view != "uhd")
            chance = np.random.default_rng((seed, 1))

            def read_canvases(
                step: int, pupil: LlavaUhd = pupil, view: View = view, chance: np.random.Generator = chance
            ) -> Tensor:
                shapes = SHORT if step < settings.short_steps else SHAPES
                shape = shapes[step % len(shapes)]
                return _reading_loss(pupil, view, draw_canvases(learned, shape, settings.canvases, chance))

            steps = settings.short_steps + settings.canvas_steps
            _learn(pupil, read_canvases, steps, settings, f"seed {seed}, {view}", progress)
            for shape in SHAPES:
                accuracy[view][shape].append(_read_rightly(pupil, view, shape, kept, settings.test_canvases))
    return DigitsResult(encoder_accuracy, accuracy)


def _teach_encoder(
    encoder: VisionEncoder,
    learned: DigitBank,
    kept: DigitBank,
    settings: DigitsSettings,
    progress: Callable[[Progress], None],
) -> float:
    """Teach patches to name the digit whose centre they show; answer with the share of kept ones."""
    head = nn.Linear(ENCODER.width, NOTHING + 1)
    chance = np.random.default_rng(0)

    def named(bank: DigitBank, count: int) -> tuple[Tensor, Tensor]:
        canvases, names = draw_crowds(bank, count, chance)
        features = encoder([canvas.expand(3, -1, -1) for canvas in canvases]).features_TD
        return head(features), names.flatten()

    def name_patches(_: int) -> Tensor:
        return functional.cross_entropy(*named(learned, settings.crowds))

    _learn(
        nn.ModuleList((encoder, head)), name_patches, settings.encoder_steps, settings, "encoder", progress
    )
    with torch.no_grad():
        scores, names = named(kept, settings.test_canvases)
    digits = names != NOTHING
    return float((scores.argmax(-1) == names)[digits].float().mean())


def _reading_loss(reader: LlavaUhd, view: View, canvases: Canvases) -> Tensor:
    scores = digit_scores(reader, shown(canvases.pixels, view), canvases.digits)
    return functional.cross_entropy(scores.flatten(0, 1), canvases.digits.flatten())


@torch.no_grad()
def _read_rightly(reader: LlavaUhd, view: View, shape: Shape, kept: DigitBank, count: int) -> float:
    """The share of right digits, each after the true digits before it. All readers see the same canvases."""
    canvases = draw_canvases(kept, shape, count, np.random.default_rng(count))
    scores = digit_scores(reader, shown(canvases.pixels, view), canvases.digits)
    return float((scores.argmax(-1) == canvases.digits).float().mean())


def _learn(
    model: nn.Module,
    loss_of: Callable[[int], Tensor],
    steps: int,
    settings: DigitsSettings,
    stage: str,
    progress: Callable[[Progress], None],
) -> None:
    """AdamW with a short warm-up and a cosine down to nothing."""
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    given = (
        {id(parameter) for parameter in model.encoder.parameters()} if isinstance(model, LlavaUhd) else set()
    )
    groups: list[dict[str, Any]] = [
        {"params": [parameter for parameter in weights if id(parameter) not in given]},
        {
            "params": [parameter for parameter in weights if id(parameter) in given],
            "lr": settings.learning_rate * _GIVEN_ENCODER_RATE,
        },
    ]
    optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / 30) * 0.5 * (1 + math.cos(math.pi * step / steps))
    )
    for step in range(steps):
        loss = loss_of(step)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        schedule.step()
        progress(Progress(stage, step + 1, steps, loss.item()))
