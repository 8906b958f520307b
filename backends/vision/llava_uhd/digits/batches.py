"""Canvases and crowded squares as batches by number, drawn anew for every step of a lesson."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backends.lab.batches import Batch
from backends.vision.llava_uhd.digits.canvases import Canvases, DigitBank, Shape, draw_crowds

Draw = Callable[[DigitBank, Shape, int, np.random.Generator], Canvases]

FEW_PARTS: tuple[Shape, ...] = ((1, 1), (2, 1), (1, 2))
PARTS: tuple[Shape, ...] = (*FEW_PARTS, (2, 2), (4, 2), (2, 4))
"""How single squares are divided among several digits."""
SHORT: tuple[Shape, ...] = ((2, 1), (1, 2))
EXTREME: tuple[Shape, ...] = ((8, 1), (1, 8))
SHAPES: tuple[Shape, ...] = (*SHORT, (4, 2), (2, 4), *EXTREME)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdBatches:
    """Squares crowded with digits, and what each patch shows the centre of."""

    bank: DigitBank
    count: int
    steps: int
    seed: int

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, number: int) -> Batch:
        chance = np.random.default_rng((self.seed, number))
        pixels, names = draw_crowds(self.bank, self.count, chance)
        return {"pixels": pixels, "names": names}


@dataclass(frozen=True, slots=True, kw_only=True)
class CanvasBatches:
    """Canvases of one shape a step: a first stretch of easy shapes, then all in turn."""

    bank: DigitBank
    draw: Draw
    count: int
    easy: tuple[Shape, ...]
    shapes: tuple[Shape, ...]
    easy_steps: int
    steps: int
    seed: int

    def __len__(self) -> int:
        return self.easy_steps + self.steps

    def __getitem__(self, number: int) -> Batch:
        shapes = self.easy if number < self.easy_steps else self.shapes
        chance = np.random.default_rng((self.seed, number))
        canvases = self.draw(self.bank, shapes[number % len(shapes)], self.count, chance)
        return {"pixels": canvases.pixels, "digits": canvases.digits}
