"""Diffusion of pictures: how noise is mixed in by time, and how a model of the noise draws pictures.

"Denoising Diffusion Probabilistic Models" (arXiv 2006.11239) with its linear schedule; pictures are drawn by
the deterministic sampler of "Denoising Diffusion Implicit Models" (arXiv 2010.02502).
"""

from collections.abc import Callable

import torch
from torch import Tensor

TIMES = 1000
_SLOWEST, _FASTEST = 1e-4, 0.02

NoiseModel = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Noisy pictures, times and class numbers to the noise."""


def kept_signal() -> Tensor:
    """The share of the picture's variance that is left at every time (abar in the paper)."""
    return (1 - torch.linspace(_SLOWEST, _FASTEST, TIMES)).cumprod(0)


def noised(pictures_BCSS: Tensor, time_B: Tensor, noise_BCSS: Tensor) -> Tensor:
    """sqrt(abar) x + sqrt(1 - abar) noise."""
    kept = kept_signal().to(time_B.device)[time_B][:, None, None, None]
    return kept.sqrt() * pictures_BCSS + (1 - kept).sqrt() * noise_BCSS


@torch.no_grad()
def draw(model: NoiseModel, noise_BCSS: Tensor, label_B: Tensor, steps: int) -> Tensor:
    """Pictures from -1 to 1 that a model makes of noise in so many steps, the same for the same noise."""
    kept = kept_signal().to(noise_BCSS.device)
    times = torch.linspace(TIMES - 1, 0, steps).round().long().tolist()
    x = noise_BCSS
    for place, time in enumerate(times):
        noise = model(x, torch.full((len(x),), time, device=x.device), label_B)
        clean = ((x - (1 - kept[time]).sqrt() * noise) / kept[time].sqrt()).clamp(-1, 1)
        if place + 1 == len(times):
            return clean
        before = kept[times[place + 1]]
        x = before.sqrt() * clean + (1 - before).sqrt() * noise
    return x
