"""LLaVA-UHD v2: the feature pyramid and the projector that reads it."""

import pytest
import torch
from torch import Tensor, nn

from backends.vision.llava_uhd.model.encoder import EncoderConfig, VisionEncoder
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps
from backends.vision.llava_uhd.model.hiwin import HiwinProjector, PyramidEncoder
from backends.vision.llava_uhd.model.positions import stretched
from backends.vision.llava_uhd.model.pyramid import FeaturePyramid, JointBilateralUpsampler
from backends.vision.llava_uhd.model.resampler import ResamplerConfig
from backends.vision.llava_uhd.model.spatial_resampler import sampled_cells

CONFIG = ResamplerConfig(queries_side=2, width=16, feature_width=8, heads=2)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def uncorrected_upsampler() -> JointBilateralUpsampler:
    torch.manual_seed(1)
    upsampler = JointBilateralUpsampler().eval()
    for weights in upsampler.correction.parameters():
        torch.nn.init.zeros_(weights)
    return upsampler


def test_neighbours_count_for_one_in_all() -> None:
    weights = uncorrected_upsampler().weights(drawn(2, 3, 9, 11))
    assert weights.shape == (2, 49, 9, 11)
    torch.testing.assert_close(weights.sum(1), torch.ones(2, 9, 11))
    assert (weights > 0).all()


def test_a_constant_map_stays_constant() -> None:
    found = uncorrected_upsampler()(torch.full((1, 5, 4, 6), 2.5), drawn(1, 3, 8, 12))
    torch.testing.assert_close(found, torch.full((1, 5, 8, 12), 2.5))


def test_where_the_picture_is_plain_neighbours_count_by_nearness_alone() -> None:
    weights = uncorrected_upsampler().weights(torch.full((1, 3, 8, 8), 0.5))[0, :, 4, 4].reshape(7, 7)
    axis = torch.linspace(-1, 1, 7)
    expected = torch.exp(-(axis[:, None] ** 2 + axis**2) / 2)
    torch.testing.assert_close(weights, expected / expected.sum())


def test_neighbours_that_look_alike_count_more() -> None:
    upsampler = uncorrected_upsampler()
    for layer in (upsampler.keys[0], upsampler.keys[3]):
        assert isinstance(layer, nn.Conv2d) and layer.bias is not None
        nn.init.dirac_(layer.weight)
        nn.init.zeros_(layer.bias)
    guide = torch.zeros(1, 3, 8, 8)
    guide[:, 0, :, 4:] = 4
    weights = upsampler.weights(guide)[0, :, 4, 4].reshape(7, 7)
    assert weights[3, 4] > 100 * weights[3, 2]


def test_a_pyramid_doubles_and_doubles_again() -> None:
    maps = FeatureMaps(drawn(18, 8), ((3, 4), (6, 1)))
    levels = FeaturePyramid(8).eval()(maps, [drawn(3, 28, 21), drawn(3, 7, 42)])
    assert [level.grids for level in levels] == [
        ((3, 4), (6, 1)),
        ((6, 8), (12, 2)),
        ((12, 16), (24, 4)),
    ]
    assert levels[0].features_TD.equal(maps.features_TD)


def drawn_projector() -> HiwinProjector:
    torch.manual_seed(3)
    projector = HiwinProjector(CONFIG, levels=2)
    torch.nn.init.normal_(projector.level_marks)
    return projector


def test_the_projector_equals_torchs_attention_window_by_window() -> None:
    projector = drawn_projector()
    levels = tuple(
        FeatureMaps(drawn(18 * scale**2, 8, seed=scale), ((3 * scale, 4 * scale), (6 * scale, 1 * scale)))
        for scale in (1, 2)
    )
    found = projector(levels)
    for place in range(2):
        keys, values = [], []
        for number, level in enumerate(levels):
            value = projector.ln_kv(projector.level_projections[number](level.split()[place]))
            key = value + stretched(projector.pos_embed, level.grids[place]) + projector.level_marks[number]
            keys.append(sampled_cells(key[None], level.grids[place], 2)[0])
            values.append(sampled_cells(value[None], level.grids[place], 2)[0])
        parts = []
        for queries in projector.queries:
            placed = projector.ln_q(queries) + projector.pos_embed
            seen, _ = projector.attn(
                placed[None], torch.cat(keys, 1).transpose(0, 1), torch.cat(values, 1).transpose(0, 1)
            )
            parts.append(projector.ln_set(seen[0]))
        expected = projector.ln_post(projector.mix(torch.cat(parts, dim=-1))) @ projector.proj
        torch.testing.assert_close(found[place], expected, atol=1e-5, rtol=1e-5)


def test_gradient_reaches_the_whole_pyramid_and_projector() -> None:
    torch.manual_seed(4)
    config = EncoderConfig(layers=2, width=8, feed_forward=16, heads=2, patch=7, side=4, feature_layer=-1)
    encoder = PyramidEncoder(VisionEncoder(config), FeaturePyramid(8))
    projector = HiwinProjector(CONFIG)
    torch.autograd.backward(torch.stack(projector(encoder([drawn(3, 28, 35)]))).square().sum())
    for part in (encoder.pyramid, projector):
        assert all(weights.grad is not None for weights in part.parameters())


def test_a_pyramid_of_other_levels_is_refused() -> None:
    with pytest.raises(ModelError, match="reads 2 levels, not 1"):
        drawn_projector()((FeatureMaps(drawn(4, 8), ((2, 2),)),))
