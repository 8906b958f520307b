"""The small LLaVA-UHD that reads the digits of a canvas in reading order, as bytes of text."""

from collections.abc import Sequence

import torch
from torch import Tensor

from backends.vision.llava_uhd.model.lmm import PICTURE, LlavaUhd
from backends.vision.llava_uhd.model.pixels import PlannedPicture

_QUESTION = ord("?")
_ZERO, _NINE = ord("0"), ord("9")


def digit_scores(reader: LlavaUhd, pictures: Sequence[PlannedPicture], digits_BN: Tensor) -> Tensor:
    """Score every digit after picture, question and the digits before it, (B, N, 10)."""
    count, length = digits_BN.shape
    prompt = torch.tensor((PICTURE, _QUESTION), device=digits_BN.device).expand(count, 2)
    scores_BLV, _ = reader(torch.cat((prompt, digits_BN + _ZERO), dim=1), pictures)
    found: Tensor = scores_BLV[:, -length - 1 : -1, _ZERO : _NINE + 1]
    return found
