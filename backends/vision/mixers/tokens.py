"""Tokens as a map and a map as tokens, and what mixers do on the map: resample and convolve."""

from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.place import Grid


def as_map(x_BNC: Tensor, grid: Grid) -> Tensor:
    """Tokens of a grid as B x C x H x W."""
    return x_BNC.transpose(1, 2).reshape(len(x_BNC), -1, *grid)


def as_tokens(x_BCHW: Tensor) -> Tensor:
    """The places of a map as tokens, B x N x C."""
    return x_BCHW.flatten(2).transpose(1, 2)


def resampled(values_1NC: Tensor, before: Grid, after: Grid) -> Tensor:
    """What was learned for one grid, bilinearly brought to another."""
    if before == after:
        return values_1NC
    moved = functional.interpolate(as_map(values_1NC, before), after, mode="bilinear", align_corners=False)
    return as_tokens(moved)


class TokenConvolution(nn.Conv2d):
    """A depthwise 3 x 3 convolution of tokens on their grid."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim, kernel_size=3, padding=1, groups=dim)

    def on_tokens(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        """Convolve tokens, B x N x C."""
        return as_tokens(self(as_map(x_BNC, grid)))
