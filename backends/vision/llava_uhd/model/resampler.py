"""The shared compression layer of LLaVA-UHD: one cross-attention from 64 learned queries to a feature map.

No residual and no feed-forward network. Keys carry their place in the map, values do not (section 3.2; the
layer is Qwen-VL's resampler with positions stretched to the shape of each piece).
"""

# Shape legend: T positions of all maps, M maps of one shape, N positions of one, P all maps, Q queries,
# D width, H heads, K width of a head

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps
from backends.vision.llava_uhd.model.positions import sincos_2d, stretched

_EPS = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class ResamplerConfig:
    """Shapes of a resampler. Raises `ModelError` for one that cannot exist."""

    queries_side: int = 8
    """Queries stand on a square grid; a piece becomes as many tokens as it has."""
    width: int
    """Of the language model."""
    feature_width: int
    heads: int

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ModelError(f"A resampler {self.width} wide cannot have {self.heads} equal heads.")


PAPER_13B = ResamplerConfig(width=5120, feature_width=1024, heads=40)
RELEASE_13B = ResamplerConfig(queries_side=12, width=5120, feature_width=1024, heads=40)
PAPER_7B = ResamplerConfig(width=4096, feature_width=1024, heads=32)


class Resampler(nn.Module):
    """Maps of any shape in, one token of each for every query out; named as in the official code."""

    def __init__(self, config: ResamplerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.query = nn.Parameter(torch.empty(config.queries_side**2, width))
        self.kv_proj = nn.Linear(config.feature_width, width, bias=False)
        self.attn = nn.MultiheadAttention(width, config.heads)
        self.ln_q = nn.LayerNorm(width, eps=_EPS)
        self.ln_kv = nn.LayerNorm(width, eps=_EPS)
        self.ln_post = nn.LayerNorm(width, eps=_EPS)
        self.proj = nn.Parameter(torch.empty(width, width))
        self.pos_embed: Tensor
        self.register_buffer("pos_embed", sincos_2d(config.queries_side, width), persistent=False)
        initialise(self)

    def forward(self, maps: FeatureMaps) -> tuple[Tensor, ...]:
        """Compress each map to (Q, D)."""
        values_TD = self.ln_kv(self.kv_proj(maps.features_TD))
        queries_QD = self.ln_q(self.query) + self.pos_embed.to(self.query.dtype)
        found_PQD = self._attended(queries_QD, FeatureMaps(values_TD, maps.grids))
        tokens_PQD: Tensor = self.ln_post(found_PQD) @ self.proj
        return tuple(tokens_PQD)

    def _attended(self, queries_QD: Tensor, values: FeatureMaps) -> Tensor:
        """The heart of `nn.MultiheadAttention`, with the queries, alike for all maps, projected only once."""
        query_w, key_w, value_w = self.attn.in_proj_weight.chunk(3)
        query_b, key_b, value_b = self.attn.in_proj_bias.chunk(3)
        q_HQK = self._heads(functional.linear(queries_QD, query_w, query_b))
        seen_by_place: dict[int, Tensor] = {}
        for grid, places, values_MND in values.by_grid():
            keys_MND = values_MND + stretched(self.pos_embed, grid).to(values_MND.dtype)
            k_MHNK = self._heads(functional.linear(keys_MND, key_w, key_b))
            v_MHNK = self._heads(functional.linear(values_MND, value_w, value_b))
            q_MHQK = q_HQK.expand(len(values_MND), *q_HQK.shape)
            seen_MHQK = functional.scaled_dot_product_attention(q_MHQK, k_MHNK, v_MHNK)
            seen_by_place.update(zip(places, seen_MHQK.transpose(1, 2).flatten(2), strict=True))
        return self._in_order(seen_by_place)

    def _in_order(self, seen_by_place: dict[int, Tensor]) -> Tensor:
        in_order = [seen_by_place[place] for place in range(len(seen_by_place))]
        seen_PQD: Tensor = self.attn.out_proj(torch.stack(in_order))
        return seen_PQD

    def _heads(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], self.config.heads, -1).transpose(-3, -2)


@torch.no_grad()
def initialise(resampler: Resampler) -> None:
    """The official start; the attention's input projection keeps torch's own."""
    nn.init.trunc_normal_(resampler.query, std=0.02)
    for linear in (resampler.kv_proj, resampler.attn.out_proj):
        nn.init.trunc_normal_(linear.weight, std=0.02)
        if linear.bias is not None:
            nn.init.zeros_(linear.bias)
    nn.init.normal_(resampler.proj, std=resampler.config.width**-0.5)
