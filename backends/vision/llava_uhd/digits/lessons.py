"""The three lessons of the digits experiment: patches, single squares, whole canvases.

The encoder learns once, on squares crowded with digits, and is then given, as CLIP is in the paper. A
resampler and a decoder learn to read one to eight digits in single squares, which all views show alike, and
then, from that state, all digits of a whole canvas in one view. So no view must learn to read from nothing:
what is left to learn is what the view does to the digits. The encoder stays frozen under slices, as in the
paper; squashed and padded digits look unlike those that it learned, so there it is trained along, to their
advantage.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.batches import Batch, Batches
from backends.lab.optimisers import Optimiser
from backends.lab.reporter import Reporter
from backends.lab.schedules import Schedule
from backends.lab.trainer import Evaluation, LossFunction, Recipe, Trained, Training
from backends.lab.trainer import train as train_recipe
from backends.vision.llava_uhd.digits.batches import (
    FEW_PARTS,
    PARTS,
    SHAPES,
    SHORT,
    CanvasBatches,
    CrowdBatches,
)
from backends.vision.llava_uhd.digits.canvases import (
    NOTHING,
    SIDE,
    DigitBank,
    Shape,
    draw_canvases,
    draw_crowds,
    draw_parted,
)
from backends.vision.llava_uhd.digits.reader import digit_scores
from backends.vision.llava_uhd.digits.views import View, shown
from backends.vision.llava_uhd.model.encoder import VisionEncoder
from backends.vision.llava_uhd.model.lmm import LlavaUhd
from backends.vision.llava_uhd.model.small import TINY, new_small
from backends.vision.llava_uhd.spec import DigitsParams

_GIVEN_ENCODER_RATE = 0.1
"""Of the learning rate, for an encoder that has learned before."""
_CLIP_NORM = 1.0


def canvas_name(shape: Shape) -> str:
    """The size of a canvas in pixels, as its figures are named by."""
    across, down = shape
    return f"{SIDE * across}x{SIDE * down}"


class PatchNamer(nn.Module):
    """An encoder with a head that names what each patch shows the centre of."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = VisionEncoder(TINY.encoder)
        self.head = nn.Linear(TINY.encoder.width, NOTHING + 1)

    def forward(self, pixels: Tensor) -> Tensor:
        """Score the names of all patches of all squares, one after another."""
        features = self.encoder([square.expand(3, -1, -1) for square in pixels]).features_TD
        scores: Tensor = self.head(features)
        return scores


def teach_encoder(
    learned: DigitBank, kept: DigitBank, params: DigitsParams, report: Reporter
) -> tuple[VisionEncoder, Mapping[str, float]]:
    """Teach an encoder to name patches; answer with the share of kept digits that it names."""
    torch.manual_seed(params.seed)
    namer = PatchNamer()

    def name_patches(model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        return {"loss": functional.cross_entropy(model(batch["pixels"]), batch["names"].flatten())}

    def named(model: nn.Module) -> Mapping[str, float]:
        pixels, names = draw_crowds(kept, params.test_canvases, np.random.default_rng(params.seed))
        chosen = model(pixels.to(report.device)).argmax(-1).cpu()
        digits = names.flatten() != NOTHING
        return {"named": float((chosen == names.flatten())[digits].float().mean())}

    batches = CrowdBatches(bank=learned, count=params.crowds, steps=params.encoder_steps, seed=params.seed)
    trained = _learn(namer, batches, name_patches, named, params, report)
    return namer.encoder, trained.metrics


def new_reader(encoder: VisionEncoder, seed: int) -> LlavaUhd:
    """A reader with fresh weights but for the encoder's, which it is given frozen."""
    torch.manual_seed(seed)
    reader = new_small(TINY)
    reader.encoder.load_state_dict(encoder.state_dict())
    reader.encoder.requires_grad_(False)
    return reader


def teach_squares(reader: LlavaUhd, learned: DigitBank, params: DigitsParams, report: Reporter) -> None:
    """Teach a reader the digits of single squares, in reading order."""
    few = params.square_steps // 2
    batches = CanvasBatches(
        bank=learned,
        draw=draw_parted,
        count=params.squares,
        easy=FEW_PARTS,
        shapes=PARTS,
        easy_steps=few,
        steps=params.square_steps - few,
        seed=params.seed,
    )
    _learn(reader, batches, _reading_loss("squash"), None, params, report)


def teach_canvases(
    reader: LlavaUhd,
    view: View,
    banks: tuple[DigitBank, DigitBank],
    params: DigitsParams,
    report: Reporter,
) -> Mapping[str, float]:
    """Teach a reader canvases in one view; answer with the share of kept digits read on each."""
    learned, kept = banks
    reader.encoder.requires_grad_(view != "uhd")

    def read(model: nn.Module) -> Mapping[str, float]:
        assert isinstance(model, LlavaUhd)
        return shares_read(model, view, kept, params.test_canvases)

    batches = CanvasBatches(
        bank=learned,
        draw=draw_canvases,
        count=params.canvases,
        easy=SHORT,
        shapes=SHAPES,
        easy_steps=params.short_steps,
        steps=params.canvas_steps,
        seed=params.seed,
    )
    return _learn(reader, batches, _reading_loss(view), read, params, report).metrics


def shares_read(reader: LlavaUhd, view: View, bank: DigitBank, count: int) -> dict[str, float]:
    """The share of right digits on every canvas, each after the true digits before it.

    All readers see the same canvases.
    """
    return {canvas_name(shape): _share_read(reader, view, shape, bank, count) for shape in SHAPES}


@torch.no_grad()
def _share_read(reader: LlavaUhd, view: View, shape: Shape, bank: DigitBank, count: int) -> float:
    canvases = draw_canvases(bank, shape, count, np.random.default_rng(count))
    device = next(reader.parameters()).device
    scores = digit_scores(reader, shown(canvases.pixels.to(device), view), canvases.digits.to(device))
    return float((scores.argmax(-1).cpu() == canvases.digits).float().mean())


def _reading_loss(view: View) -> LossFunction:
    def loss(model: nn.Module, batch: Batch) -> Mapping[str, Tensor]:
        assert isinstance(model, LlavaUhd)
        scores = digit_scores(model, shown(batch["pixels"], view), batch["digits"])
        return {"loss": functional.cross_entropy(scores.flatten(0, 1), batch["digits"].flatten())}

    return loss


def _learn(
    model: nn.Module,
    batches: Batches,
    loss: LossFunction,
    evaluate: Evaluation | None,
    params: DigitsParams,
    report: Reporter,
) -> Trained:
    optimiser = Optimiser(rate=params.rate, weight_decay=0.01)

    def groups(model: nn.Module) -> list[dict[str, Any]]:
        if not isinstance(model, LlavaUhd):
            return optimiser.groups(model)
        assert isinstance(model.language_model, nn.Module)
        new = optimiser.groups(nn.ModuleList((model.compressor, model.language_model)))
        return new + [{**group, "scale": _GIVEN_ENCODER_RATE} for group in optimiser.groups(model.encoder)]

    recipe = Recipe(model=model, batches=batches, loss=loss, evaluate=evaluate, groups=groups)
    training = Training(optimiser=optimiser, schedule=Schedule(warmup=0.1), clip_norm=_CLIP_NORM)
    return train_recipe(recipe, training, report)
