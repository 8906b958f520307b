"""Time series of several channels whose class is what each channel does and how late another follows it."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

_WAVES = ("sine", "square", "saw")


@dataclass(frozen=True, slots=True)
class SeriesSet:
    """Series (N x C x L) and their labels."""

    series: Tensor
    labels: Tensor


def make_series(
    count: int, length: int, seed: int, *, channels: int = 3, classes: int = 4, noise: float = 0.3
) -> SeriesSet:
    """Draw series. A class is a wave form, a frequency and a lag between channels.

    Phase, amplitude and the noise are drawn for each series, so no single moment tells the class.
    """
    if not 2 <= classes <= 12:
        raise ValueError(f"There are 2 to 12 classes, not {classes}.")
    chance = Generator().manual_seed(seed)
    labels = torch.randperm(count, generator=chance) % classes
    form = labels % len(_WAVES)
    turns = (3 + 2 * (labels // len(_WAVES))).float()
    lag = 0.25 * (labels % 2 + 1).float()
    time = torch.arange(length) / length
    start = torch.rand(count, 1, 1, generator=chance)
    place = torch.arange(channels)[None, :, None]
    cycles = turns[:, None, None] * time - lag[:, None, None] * place + start
    forms = torch.stack(
        [
            torch.sin(2 * math.pi * cycles),
            torch.sign(torch.sin(2 * math.pi * cycles)),
            2 * torch.remainder(cycles, 1) - 1,
        ],
        1,
    )
    clean = forms[torch.arange(count), form]
    size = 0.7 + 0.6 * torch.rand(count, channels, 1, generator=chance)
    return SeriesSet(size * clean + noise * torch.randn(clean.shape, generator=chance), labels)
