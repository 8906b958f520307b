"""LLaVA-UHD v2's feature pyramid: maps of the encoder, doubled and doubled again along the picture's edges.

Joint bilateral upsampling (FeatUp): every fine place is a weighted mean of its neighbours in the coarse map,
enlarged bicubically. The weights follow how alike the picture is there and how near a neighbour lies, with a
small learned correction.
"""

# Shape legend: M maps, D width of features, R rows, C columns, G channels of the picture, K width of a key,
# W places of a neighbourhood

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.llava_uhd.model.feature_maps import FeatureMaps

_RADIUS = 3
_KEY_WIDTH = 32
_CORRECTION = 0.1


class JointBilateralUpsampler(nn.Module):
    """Enlarges a map to the size of a picture that guides it."""

    def __init__(self) -> None:
        super().__init__()
        diameter = 2 * _RADIUS + 1
        self.keys = nn.Sequential(
            nn.Conv2d(3, _KEY_WIDTH, 1), nn.GELU(), nn.Dropout2d(0.1), nn.Conv2d(_KEY_WIDTH, _KEY_WIDTH, 1)
        )
        self.correction = nn.Sequential(
            nn.Conv2d(3 + diameter**2, diameter**2, 1),
            nn.GELU(),
            nn.Dropout2d(0.1),
            nn.Conv2d(diameter**2, diameter**2, 1),
        )
        self.log_sharpness = nn.Parameter(torch.tensor(0.0))
        self.reach = nn.Parameter(torch.tensor(1.0))

    def forward(self, map_MDRC: Tensor, guide_MGRC: Tensor) -> Tensor:
        weights_MWRC = self.weights(guide_MGRC)
        size = guide_MGRC.shape[-2:]
        wide_MDRC = functional.interpolate(map_MDRC, size=size, mode="bicubic", align_corners=False)
        return _weighted(wide_MDRC, weights_MWRC + _CORRECTION * self._corrected(weights_MWRC, guide_MGRC))

    def weights(self, guide_MGRC: Tensor) -> Tensor:
        """What every neighbour counts before the correction; they sum to one."""
        keys_MKRC = self.keys(guide_MGRC)
        around_MKWRC = _neighbourhoods(keys_MKRC)
        alike_MWRC = torch.einsum("mkwrc,mkrc->mwrc", around_MKWRC, keys_MKRC)
        sharpness = self.log_sharpness.exp().clamp(1e-4, 1e4)
        weights_MWRC = functional.softmax(sharpness * alike_MWRC, dim=1) * self._nearness(guide_MGRC)
        return weights_MWRC / weights_MWRC.sum(1, keepdim=True)

    def _nearness(self, like: Tensor) -> Tensor:
        axis = torch.linspace(-1, 1, 2 * _RADIUS + 1, device=like.device)
        squares = axis[:, None] ** 2 + axis**2
        return torch.exp(-squares / (2 * self.reach**2)).reshape(1, -1, 1, 1)

    def _corrected(self, weights_MWRC: Tensor, guide_MGRC: Tensor) -> Tensor:
        correction: Tensor = self.correction(torch.cat((weights_MWRC, guide_MGRC), dim=1))
        return correction


class FeaturePyramid(nn.Module):
    """The maps at their own size, and at two, four ... times of it."""

    def __init__(self, feature_width: int, doublings: int = 2) -> None:
        super().__init__()
        self.upsamplers = nn.ModuleList(JointBilateralUpsampler() for _ in range(doublings))
        self.finish = nn.Sequential(nn.Dropout2d(0.2), nn.Conv2d(feature_width, feature_width, 1))

    def forward(self, maps: FeatureMaps, pieces: Sequence[Tensor]) -> tuple[FeatureMaps, ...]:
        """Answer with one level after the other; pieces are the pixels that the maps were made of."""
        levels: list[list[Tensor]] = [[] for _ in range(len(self.upsamplers) + 1)]
        for features_ND, (columns, rows), piece in zip(maps.split(), maps.grids, pieces, strict=True):
            levels[0].append(features_ND)
            map_MDRC = features_ND.T.reshape(1, -1, rows, columns)
            for number, upsampler in enumerate(self.upsamplers, start=1):
                size = (rows * 2**number, columns * 2**number)
                map_MDRC = upsampler(map_MDRC, functional.adaptive_avg_pool2d(piece[None], size))
                finest = number == len(self.upsamplers)
                shown_MDRC = map_MDRC + _CORRECTION * self.finish(map_MDRC) if finest else map_MDRC
                levels[number].append(shown_MDRC.flatten(2)[0].T)
        return tuple(
            FeatureMaps(torch.cat(level), tuple((c * 2**number, r * 2**number) for c, r in maps.grids))
            for number, level in enumerate(levels)
        )


def _padded(map_MDRC: Tensor) -> Tensor:
    # A map of three rows, as of a very wide overview, is too small to be mirrored at its edges.
    mode = "reflect" if min(map_MDRC.shape[-2:]) > _RADIUS else "replicate"
    return functional.pad(map_MDRC, [_RADIUS] * 4, mode=mode)


def _neighbourhoods(map_MDRC: Tensor) -> Tensor:
    """The neighbourhood of every place, (M, D, W, R, C)."""
    count, width, rows, columns = map_MDRC.shape
    around = functional.unfold(_padded(map_MDRC), 2 * _RADIUS + 1)
    return around.reshape(count, width, -1, rows, columns)


def _weighted(map_MDRC: Tensor, weights_MWRC: Tensor) -> Tensor:
    """Sum neighbours by their weights, one neighbour after the other: all at once would fill the memory."""
    rows, columns = map_MDRC.shape[-2:]
    padded = _padded(map_MDRC)
    diameter = 2 * _RADIUS + 1
    found = torch.zeros_like(map_MDRC)
    for number, weight_MRC in enumerate(weights_MWRC.unbind(1)):
        down, across = divmod(number, diameter)
        found = found + weight_MRC[:, None] * padded[:, :, down : down + rows, across : across + columns]
    return found
