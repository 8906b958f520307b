"""The release's spatial resampler, and LLaVA-UHD v4's early merger and connector."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from backends.vision.llava_uhd.model.early_merger import EarlyMerger, window_rows
from backends.vision.llava_uhd.model.encoder import SIGLIP_SO400M, EncoderConfig, Layer, VisionEncoder
from backends.vision.llava_uhd.model.errors import ModelError
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps
from backends.vision.llava_uhd.model.positions import stretched
from backends.vision.llava_uhd.model.projectors import MlpProjector, UnshuffleProjector
from backends.vision.llava_uhd.model.resampler import RELEASE_13B, ResamplerConfig
from backends.vision.llava_uhd.model.spatial_resampler import SpatialResampler, sampled_cells, sampling

SPATIAL = ResamplerConfig(queries_side=3, width=32, feature_width=16, heads=4)


def drawn_maps(*grids: tuple[int, int], width: int = 16) -> FeatureMaps:
    positions = sum(columns * rows for columns, rows in grids)
    return FeatureMaps(torch.randn(positions, width, generator=torch.Generator().manual_seed(1)), grids)


def drawn_spatial() -> SpatialResampler:
    torch.manual_seed(2)
    return SpatialResampler(SPATIAL)


def drawn_merger(width: int = 8, feed_forward: int = 12) -> tuple[EarlyMerger, Layer]:
    torch.manual_seed(3)
    config = EncoderConfig(
        family="siglip",
        layers=1,
        width=width,
        feed_forward=feed_forward,
        heads=2,
        patch=7,
        side=4,
        feature_layer=-1,
    )
    layer = VisionEncoder(config).layers[0]
    assert isinstance(layer, Layer)
    for weights in layer.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    merger = EarlyMerger(width, feed_forward, 2, config.norm_eps)
    merger.start_from(layer)
    return merger, layer


def test_the_release_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        resampler = SpatialResampler(RELEASE_13B)
    assert sum(weights.numel() for weights in resampler.parameters()) == 137_103_360


def test_spatial_attention_equals_torchs_attention_in_each_cell() -> None:
    resampler, maps = drawn_spatial(), drawn_maps((6, 9), (5, 4), (6, 9))
    for features, grid, found in zip(maps.split(), maps.grids, resampler(maps), strict=True):
        values = resampler.ln_kv(resampler.kv_proj(features))
        keys = values + stretched(resampler.pos_embed, grid)
        queries = resampler.ln_q(resampler.query) + resampler.pos_embed
        cells = [sampled_cells(part[None], grid, 3)[0].transpose(0, 1) for part in (keys, values)]
        seen, _ = resampler.attn(queries[None], *cells)
        expected = resampler.ln_post(seen[0]) @ resampler.proj
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_a_query_sees_its_own_cell_only() -> None:
    resampler = drawn_spatial()
    maps = drawn_maps((12, 12))
    changed = maps.features_TD.clone().reshape(12, 12, 16)
    changed[:3, :3] += 4  # within the first of 3 x 3 cells of 4 x 4 places, away from its neighbours
    before = resampler(maps)[0]
    after = resampler(FeatureMaps(changed.flatten(0, 1), maps.grids))[0]
    assert not after[0].allclose(before[0], atol=1e-2)
    torch.testing.assert_close(after[1:], before[1:])


def test_cells_of_two_by_two_places_average_just_those() -> None:
    maps = torch.arange(24 * 24, dtype=torch.float32).reshape(1, 576, 1)
    cells = sampled_cells(maps, (24, 24), 12)
    assert cells.shape == (1, 144, 9, 1)
    assert float(cells[0, 13].min()) >= 2 * 24 + 2  # rows and columns 2 to 4
    assert float(cells[0, 13].max()) <= 4 * 24 + 4


@pytest.mark.parametrize(
    ("grid", "samples"), [((24, 24), (3, 3)), ((33, 16), (4, 2)), ((16, 33), (2, 4)), ((28, 20), (4, 3))]
)
def test_a_cell_is_sampled_in_the_shape_of_the_map(grid: tuple[int, int], samples: tuple[int, int]) -> None:
    assert sampling(grid) == samples


def test_windows_hold_four_neighbours() -> None:
    assert window_rows([(4, 2), (2, 2)]).tolist() == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 10, 11]]


def test_a_new_merger_averages_what_the_layer_before_it_would_do_to_each_patch() -> None:
    merger, layer = drawn_merger()
    maps = drawn_maps((4, 6), (2, 2), width=8)
    windows = maps.features_TD[window_rows(maps.grids)]
    q, k, v = layer.qkv(layer.attention_norm(windows)).reshape(-1, 4, 3, 2, 4).permute(2, 0, 3, 1, 4)
    seen = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    attended = windows + layer.out(seen)
    # The four patches are normalised together, then each goes through the layer's own network.
    together = functional.layer_norm(attended.flatten(1), (32,), eps=1e-5).reshape(-1, 4, 8)
    hidden = layer.up(together * layer.mlp_norm.weight + layer.mlp_norm.bias)
    each = layer.down(functional.gelu(hidden, approximate="tanh"))
    merged = merger(maps)
    torch.testing.assert_close(merged.features_TD, (attended + each).mean(1), atol=1e-6, rtol=1e-5)
    assert merged.grids == ((2, 3), (1, 1))


def merging_encoder() -> VisionEncoder:
    torch.manual_seed(4)
    return VisionEncoder(
        EncoderConfig(
            family="siglip",
            layers=4,
            width=16,
            feed_forward=24,
            heads=2,
            patch=7,
            side=4,
            feature_layer=-1,
            final_norm=True,
            merge_after=2,
        )
    ).eval()


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_an_encoder_that_merges_treats_pieces_together_as_one_by_one(halves: list[tuple[int, int]]) -> None:
    encoder, chance = merging_encoder(), torch.Generator().manual_seed(5)
    pieces = [torch.randn(3, 14 * rows, 14 * columns, generator=chance) for columns, rows in halves]
    for batching in ("buckets", "padded", "packed"):
        together = encoder(pieces, batching)
        assert together.grids == tuple(halves)
        for found, piece in zip(together.split(), pieces, strict=True):
            torch.testing.assert_close(found, encoder([piece]).features_TD, atol=1e-5, rtol=1e-5)


def test_only_patches_two_by_two_can_be_merged() -> None:
    with pytest.raises(ModelError, match="3 x 2 patches cannot be merged two by two"):
        merging_encoder()([torch.zeros(3, 14, 21)])


def test_the_v4_connector_reads_four_neighbours_as_one_token() -> None:
    torch.manual_seed(6)
    connector = UnshuffleProjector(8, 12)
    maps = drawn_maps((4, 2), (2, 2), width=8)
    found = connector(maps)
    assert [part.shape for part in found] == [(2, 12), (1, 12)]
    first = maps.features_TD[torch.tensor([0, 1, 4, 5])].flatten()
    normed = functional.layer_norm(first, (32,), eps=1e-6)
    expected: Tensor = connector.down(functional.gelu(connector.up(normed)))
    torch.testing.assert_close(found[0][0], expected, atol=1e-6, rtol=1e-5)


def test_the_mlp_projector_makes_a_token_of_every_patch() -> None:
    projector = MlpProjector(8, 12)
    maps = drawn_maps((4, 2), (3, 1), width=8)
    assert [part.shape for part in projector(maps)] == [(8, 12), (3, 12)]


def test_the_tower_of_v4_has_as_many_parameters_as_siglips_without_its_head() -> None:
    with torch.device("meta"):
        encoder = VisionEncoder(SIGLIP_SO400M)
    layer = 4 * 1152**2 + 4 * 1152 + 2 * 1152 * 4304 + 4304 + 1152 + 4 * 1152
    around = 3 * 14 * 14 * 1152 + 1152 + 32 * 32 * 1152 + 2 * 1152
    assert sum(weights.numel() for weights in encoder.parameters()) == 27 * layer + around
