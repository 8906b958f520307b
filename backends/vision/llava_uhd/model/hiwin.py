"""LLaVA-UHD v2's projector: queries that see their own window of every level of a feature pyramid.

Each level is divided into the same grid of windows; the samples of a window, from all levels, are the keys of
its query. Four sets of queries share the attention and are mixed at the end, as in the released code.
"""

# Shape legend: M maps of one shape, N positions of a map, Q queries and windows, S samples of a window,
# D width, H heads, K width of a head

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.llava_uhd.model.encoder import VisionEncoder
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps
from backends.vision.llava_uhd.model.positions import sincos_2d, stretched
from backends.vision.llava_uhd.model.pyramid import FeaturePyramid
from backends.vision.llava_uhd.model.resampler import ResamplerConfig
from backends.vision.llava_uhd.model.spatial_resampler import sampled_cells

_EPS = 1e-6
_QUERY_SETS = 4

Levels = tuple[FeatureMaps, ...]


class PyramidEncoder(nn.Module):
    """An encoder whose maps come with finer levels of themselves."""

    def __init__(self, encoder: VisionEncoder, pyramid: FeaturePyramid) -> None:
        super().__init__()
        self.encoder = encoder
        self.pyramid = pyramid

    def forward(self, pieces: Sequence[Tensor]) -> Levels:
        levels: Levels = self.pyramid(self.encoder(pieces), pieces)
        return levels


class HiwinProjector(nn.Module):
    """A pyramid of maps in, one token of each map for every query out."""

    def __init__(self, config: ResamplerConfig, levels: int = 3) -> None:
        super().__init__()
        width, queries = config.width, config.queries_side**2
        self.config = config
        self.queries = nn.ParameterList(torch.empty(queries, width) for _ in range(_QUERY_SETS))
        self.level_projections = nn.ModuleList(nn.Linear(config.feature_width, width) for _ in range(levels))
        self.level_marks = nn.Parameter(torch.zeros(levels, width))
        self.attn = nn.MultiheadAttention(width, config.heads)
        self.ln_q = nn.LayerNorm(width, eps=_EPS)
        self.ln_kv = nn.LayerNorm(width, eps=_EPS)
        self.ln_set = nn.LayerNorm(width, eps=_EPS)
        self.mix = nn.Linear(_QUERY_SETS * width, width)
        self.ln_post = nn.LayerNorm(width, eps=_EPS)
        self.proj = nn.Parameter(torch.empty(width, width))
        self.pos_embed: Tensor
        self.register_buffer("pos_embed", sincos_2d(config.queries_side, width), persistent=False)
        initialise(self)

    def forward(self, levels: Levels) -> tuple[Tensor, ...]:
        """Compress each map to (Q, D). Raises `ModelError` for a wrong number of levels."""
        if len(levels) != len(self.level_projections):
            raise ModelError(f"This projector reads {len(self.level_projections)} levels, not {len(levels)}.")
        projected = [
            FeatureMaps(self.ln_kv(projection(level.features_TD)), level.grids)
            for projection, level in zip(self.level_projections, levels, strict=True)
        ]
        found: dict[int, Tensor] = {}
        for runs in zip(*(level.by_grid() for level in projected), strict=True):
            tokens_MQD = self._attended([(grid, values_MND) for grid, _, values_MND in runs])
            found.update(zip(runs[0][1], tokens_MQD, strict=True))
        return tuple(found[place] for place in range(len(found)))

    def _attended(self, levels: Sequence[tuple[tuple[int, int], Tensor]]) -> Tensor:
        side = self.config.queries_side
        keys, values = [], []
        for mark_D, (grid, values_MND) in zip(self.level_marks, levels, strict=True):
            keys_MND = values_MND + stretched(self.pos_embed, grid) + mark_D
            keys.append(sampled_cells(keys_MND, grid, side))
            values.append(sampled_cells(values_MND, grid, side))
        keys_MQSD, values_MQSD = torch.cat(keys, dim=2), torch.cat(values, dim=2)
        _, key_w, value_w = self.attn.in_proj_weight.chunk(3)
        _, key_b, value_b = self.attn.in_proj_bias.chunk(3)
        k_MQHSK = self._heads(functional.linear(keys_MQSD, key_w, key_b))
        v_MQHSK = self._heads(functional.linear(values_MQSD, value_w, value_b))
        seen = [self._seen(queries_QD, k_MQHSK, v_MQHSK) for queries_QD in self.queries]
        mixed_MQD: Tensor = self.ln_post(self.mix(torch.cat(seen, dim=-1)))
        return mixed_MQD @ self.proj

    def _seen(self, queries_QD: Tensor, k_MQHSK: Tensor, v_MQHSK: Tensor) -> Tensor:
        width = self.config.width
        placed_QD = self.ln_q(queries_QD) + self.pos_embed
        q_QD = functional.linear(placed_QD, self.attn.in_proj_weight[:width], self.attn.in_proj_bias[:width])
        q_QH1K = self._heads(q_QD[:, None])
        q_MQH1K = q_QH1K.expand(len(k_MQHSK), *q_QH1K.shape)
        seen_MQH1K = functional.scaled_dot_product_attention(q_MQH1K, k_MQHSK, v_MQHSK)
        seen_MQD: Tensor = self.ln_set(self.attn.out_proj(seen_MQH1K.squeeze(3).flatten(2)))
        return seen_MQD

    def _heads(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], self.config.heads, -1).transpose(-3, -2)


@torch.no_grad()
def initialise(projector: HiwinProjector) -> None:
    """As the resampler starts; the attention's input projection keeps torch's own."""
    for queries in projector.queries:
        nn.init.trunc_normal_(queries, std=0.02)
    for module in projector.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
    nn.init.normal_(projector.proj, std=projector.config.width**-0.5)
