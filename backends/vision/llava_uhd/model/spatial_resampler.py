"""The release's resampler: each query sees only its own cell of the feature map (ECCV release, July 2024).

Weights and names are those of the plain resampler. The map is divided into as many equal cells as there are
queries; from each cell a few places are sampled by RoIAlign, in the arrangement nearest to the map's shape.
"""

# Shape legend: M maps of one shape, N positions of a map, R its rows, C its columns, Q queries and cells,
# S samples of a cell, D width, H heads, K width of a head

import math

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import roi_align

from backends.vision.llava_uhd.model.feature_maps import FeatureMaps, Grid
from backends.vision.llava_uhd.model.positions import stretched
from backends.vision.llava_uhd.model.resampler import Resampler

_SAMPLINGS: tuple[Grid, ...] = ((4, 2), (3, 2), (4, 3), (3, 3), (2, 4), (2, 3), (3, 4))
"""Columns and rows sampled in a cell; of equally near ones the first counts."""


class SpatialResampler(Resampler):
    """A resampler whose query (i, j) attends to cell (i, j)."""

    def _attended(self, queries_QD: Tensor, values: FeatureMaps) -> Tensor:
        query_w, key_w, value_w = self.attn.in_proj_weight.chunk(3)
        query_b, key_b, value_b = self.attn.in_proj_bias.chunk(3)
        q_QH1K = self._heads(functional.linear(queries_QD, query_w, query_b)[:, None])
        seen_by_place: dict[int, Tensor] = {}
        for grid, places, values_MND in values.by_grid():
            keys_MND = values_MND + stretched(self.pos_embed, grid).to(values_MND.dtype)
            keys_MQSD = sampled_cells(keys_MND, grid, self.config.queries_side)
            values_MQSD = sampled_cells(values_MND, grid, self.config.queries_side)
            k_MQHSK = self._heads(functional.linear(keys_MQSD, key_w, key_b))
            v_MQHSK = self._heads(functional.linear(values_MQSD, value_w, value_b))
            q_MQH1K = q_QH1K.expand(len(places), *q_QH1K.shape)
            seen_MQH1K = functional.scaled_dot_product_attention(q_MQH1K, k_MQHSK, v_MQHSK)
            seen_by_place.update(zip(places, seen_MQH1K.squeeze(3).flatten(2), strict=True))
        return self._in_order(seen_by_place)


def sampled_cells(maps_MND: Tensor, grid: Grid, side: int) -> Tensor:
    """Sample every cell of a square grid of cells laid over the maps, (M, Q, S, D).

    Cells narrower than a position are widened to one, as in the release.
    """
    columns, rows = grid
    across, down = sampling(grid)
    maps_MDRC = maps_MND.transpose(1, 2).reshape(len(maps_MND), -1, rows, columns)
    lefts = torch.arange(side, device=maps_MND.device) * (columns / side)
    tops = torch.arange(side, device=maps_MND.device) * (rows / side)
    cells = [
        torch.stack((left, top, left + columns / side, top + rows / side)) for top in tops for left in lefts
    ]
    boxes_Q4 = torch.stack(cells)
    # RoIAlign has no half precision everywhere, and places would be lost in it.
    samples = roi_align(
        maps_MDRC.float(), [boxes_Q4] * len(maps_MND), output_size=(down, across), sampling_ratio=-1
    )
    found: Tensor = samples.to(maps_MND.dtype).flatten(2).transpose(1, 2)
    return found.reshape(len(maps_MND), side * side, across * down, -1)


def sampling(grid: Grid) -> Grid:
    """How many columns and rows are sampled in each cell of a map of this grid."""
    shape = math.log(grid[0] / grid[1])
    return min(_SAMPLINGS, key=lambda pair: abs(shape - math.log(pair[0] / pair[1])))
