"""How much of the digits a squashed or padded view still holds: a classifier that is told where each one is.

No model that must find the digits by itself can be expected to read more than this.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.svm import SVC
from torch import Tensor
from torchvision.ops import roi_align

from backends.vision.llava_uhd.digits.canvases import DIGIT, SIDE, DigitBank, Shape, draw_canvases
from backends.vision.llava_uhd.digits.views import SingleView, single_view

_LEARNED, _KEPT = 2000, 800
"""Digits that the classifier is fitted to and asked for."""
_MARGIN = 1
"""Pixels of the view around a digit that are shown as well: its brightness spills over."""


def ceiling(view: SingleView, shape: Shape, learned: DigitBank, kept: DigitBank) -> float:
    """The share of unseen digits that a support-vector machine names, given each digit's exact box."""
    chance = np.random.default_rng(0)
    known, names = _boxed_digits(view, shape, learned, _LEARNED, chance)
    asked, right = _boxed_digits(view, shape, kept, _KEPT, chance)
    machine = SVC(C=10).fit(known, names)
    return float(np.mean(machine.predict(asked) == right))


def _boxed_digits(
    view: SingleView, shape: Shape, bank: DigitBank, digits: int, chance: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    across, down = shape
    canvases = draw_canvases(bank, shape, -(-digits // (across * down)), chance)
    width, height = SIDE * across, SIDE * down
    if view == "pad":
        side = max(width, height)
        scale, shift = (
            torch.tensor([SIDE / side] * 2),
            torch.tensor([(side - width) // 2, (side - height) // 2]),
        )
    else:
        scale, shift = torch.tensor([SIDE / width, SIDE / height]), torch.tensor([0, 0])
    first = (canvases.corners + shift) * scale
    boxes = torch.cat((first - _MARGIN, first + DIGIT * scale + _MARGIN), dim=-1).float()
    seen: Tensor = roi_align(
        single_view(canvases.pixels, view)[:, None], list(boxes), output_size=DIGIT + 2, aligned=True
    )
    return seen.flatten(1).numpy(), canvases.digits.flatten().numpy()
