"""The shared resampler: published sizes, equality with torch's own attention, and what it must not see."""

import pytest
import torch
from torch import Tensor

from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps
from backends.vision.llava_uhd.model.positions import stretched
from backends.vision.llava_uhd.model.resampler import (
    PAPER_7B,
    PAPER_13B,
    RELEASE_13B,
    Resampler,
    ResamplerConfig,
)

TINY = ResamplerConfig(queries_side=4, width=64, feature_width=32, heads=4)
GRIDS = ((5, 3), (4, 4), (5, 3), (1, 9))


def drawn(config: ResamplerConfig = TINY) -> Resampler:
    torch.manual_seed(2)
    return Resampler(config)


def drawn_maps(grids: tuple[tuple[int, int], ...] = GRIDS, width: int = 32) -> FeatureMaps:
    positions = sum(columns * rows for columns, rows in grids)
    return FeatureMaps(torch.randn(positions, width, generator=torch.Generator().manual_seed(3)), grids)


def reference(resampler: Resampler, features_ND: Tensor, grid: tuple[int, int]) -> Tensor:
    """The formulas of the specification, one map, with torch's attention."""
    keys = resampler.ln_kv(features_ND @ resampler.kv_proj.weight.T)
    placed = keys + stretched(resampler.pos_embed, grid)
    queries = resampler.ln_q(resampler.query) + resampler.pos_embed
    seen, _ = resampler.attn(queries[:, None], placed[:, None], keys[:, None])
    found: Tensor = resampler.ln_post(seen[:, 0]) @ resampler.proj
    return found


def parameters(resampler: Resampler) -> int:
    return sum(weights.numel() for weights in resampler.parameters())


@pytest.mark.parametrize(
    ("config", "published"),
    [(PAPER_13B, 136_693_760), (RELEASE_13B, 137_103_360), (PAPER_7B, 88_383_488), (TINY, 24_192)],
)
def test_parameters_are_as_published(config: ResamplerConfig, published: int) -> None:
    with torch.device("meta"):
        assert parameters(Resampler(config)) == published


def test_maps_of_different_shapes_together_equal_torchs_attention_one_by_one() -> None:
    resampler, maps = drawn(), drawn_maps()
    found = resampler(maps)
    assert len(found) == len(GRIDS)
    for tokens, features, grid in zip(found, maps.split(), maps.grids, strict=True):
        assert tokens.shape == (16, 64)
        torch.testing.assert_close(tokens, reference(resampler, features, grid), atol=1e-5, rtol=1e-5)


def test_features_may_change_places_together_with_their_positions_only() -> None:
    resampler = drawn()
    features = drawn_maps(((4, 4),)).features_TD
    order = torch.randperm(16, generator=torch.Generator().manual_seed(4))
    whole = resampler(FeatureMaps(features, ((4, 4),)))[0]
    moved = resampler(FeatureMaps(features[order], ((4, 4),)))[0]
    assert not whole.allclose(moved, atol=1e-3)
    resampler.pos_embed.copy_(torch.zeros_like(resampler.pos_embed))
    blind = resampler(FeatureMaps(features, ((4, 4),)))[0]
    torch.testing.assert_close(
        blind, resampler(FeatureMaps(features[order], ((4, 4),)))[0], atol=1e-5, rtol=1e-5
    )


def test_gradient_reaches_every_weight_and_positions_are_none() -> None:
    resampler = drawn()
    torch.autograd.backward(torch.stack(resampler(drawn_maps())).square().sum())
    assert all(weights.grad is not None and weights.grad.any() for weights in resampler.parameters())
    assert "pos_embed" not in dict(resampler.named_parameters())


def test_a_width_that_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ModelError, match="64 wide cannot have 5 equal heads"):
        ResamplerConfig(width=64, feature_width=8, heads=5)


def test_maps_must_fit_their_grids() -> None:
    with pytest.raises(ModelError, match="Grids of 12 positions do not fit 11 features"):
        FeatureMaps(torch.zeros(11, 4), ((3, 4),))
