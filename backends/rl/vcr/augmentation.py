"""Random shifts and brightness of frames (DrQ; as in the released code of SPR)."""

import torch
from torch import Tensor
from torch.nn import functional

_PAD = 4
_BRIGHTNESS = 0.05


def shifted(frames_BCHW: Tensor, pad: int = _PAD) -> Tensor:
    """Each picture moved by up to `pad` pixels, its border repeated."""
    batch, _, height, width = frames_BCHW.shape
    padded = functional.pad(frames_BCHW, (pad, pad, pad, pad), mode="replicate")
    tops = torch.randint(2 * pad + 1, (batch, 1), device=frames_BCHW.device)
    lefts = torch.randint(2 * pad + 1, (batch, 1), device=frames_BCHW.device)
    rows = tops + torch.arange(height, device=frames_BCHW.device)
    columns = lefts + torch.arange(width, device=frames_BCHW.device)
    numbers = torch.arange(batch, device=frames_BCHW.device)
    moved = padded.permute(0, 2, 3, 1)[numbers[:, None, None], rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)


def brightened(frames_BCHW: Tensor) -> Tensor:
    """Each picture a little brighter or darker."""
    factors = torch.randn(len(frames_BCHW), 1, 1, 1, device=frames_BCHW.device).clamp(-2, 2)
    return frames_BCHW * (1 + _BRIGHTNESS * factors)
