"""The vision encoder: any shapes, any order, three ways of batching."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from backends.vision.llava_uhd.model.attention import Batching
from backends.vision.llava_uhd.model.encoder import CLIP_VIT_L_336, EncoderConfig, VisionEncoder
from backends.vision.llava_uhd.model.errors import ModelError

CLIP = EncoderConfig(layers=3, width=32, feed_forward=64, heads=4, patch=7, side=4)
SIGLIP = replace(CLIP, family="siglip", activation="gelu_pytorch_tanh", feature_layer=-1, final_norm=True)
BATCHINGS: tuple[Batching, ...] = ("buckets", "padded", "packed")
shapes = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=7)


def drawn_pieces(grids: Sequence[tuple[int, int]], seed: int = 0) -> list[Tensor]:
    chance = torch.Generator().manual_seed(seed)
    return [torch.randn(3, 7 * rows, 7 * columns, generator=chance) for columns, rows in grids]


def drawn_encoder(config: EncoderConfig = CLIP) -> VisionEncoder:
    torch.manual_seed(1)
    return VisionEncoder(config).eval()


@pytest.mark.parametrize("batching", BATCHINGS)
@pytest.mark.parametrize("config", [CLIP, SIGLIP], ids=["clip", "siglip"])
@given(shapes)
@settings(max_examples=15, deadline=None)
def test_pieces_of_any_shapes_together_equal_one_by_one(
    config: EncoderConfig, batching: Batching, grids: list[tuple[int, int]]
) -> None:
    encoder, pieces = drawn_encoder(config), drawn_pieces(grids)
    together = encoder(pieces, batching)
    assert together.grids == tuple(grids)
    for found, piece in zip(together.split(), pieces, strict=True):
        torch.testing.assert_close(found, encoder([piece]).features_TD, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("batching", BATCHINGS)
def test_the_pixels_of_one_piece_do_not_reach_another(batching: Batching) -> None:
    encoder, pieces = drawn_encoder(), drawn_pieces([(3, 4), (4, 3), (2, 2)])
    before = encoder(pieces, batching).split()
    pieces[1] = pieces[1] + 5
    after = encoder(pieces, batching).split()
    assert after[0].equal(before[0])
    assert after[2].equal(before[2])
    assert not after[1].allclose(before[1], atol=0.1)


def test_class_tokens_are_no_features() -> None:
    assert drawn_encoder()(drawn_pieces([(3, 2), (5, 1)])).features_TD.shape == (11, 32)


def test_features_come_from_the_layer_before_the_last() -> None:
    encoder, pieces = drawn_encoder(), drawn_pieces([(3, 2)])
    before = encoder(pieces).features_TD
    for weights in encoder.layers[-1].parameters():
        weights.data.fill_(7)
    assert encoder(pieces).features_TD.equal(before)
    for weights in encoder.layers[-2].parameters():
        weights.data.fill_(7)
    assert not encoder(pieces).features_TD.allclose(before)


def test_gradient_reaches_everything_below_the_feature_layer() -> None:
    encoder = drawn_encoder()
    encoder(drawn_pieces([(3, 2), (4, 4)])).features_TD.square().sum().backward()
    idle = {name.split(".")[0] for name, weights in encoder.named_parameters() if weights.grad is None}
    assert idle == {"last_norm", "layers"}
    assert all(
        weights.grad is not None and weights.grad.any()
        for name, weights in encoder.named_parameters()
        if not name.startswith(("last_norm", "layers.2"))
    )


def test_clip_vit_l_at_336_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        encoder = VisionEncoder(CLIP_VIT_L_336)
    assert sum(weights.numel() for weights in encoder.parameters()) == 303_507_456


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        (torch.zeros(3, 14, 15), "whole patches of 7 pixels, not 3 x 14 x 15"),
        (torch.zeros(1, 14, 14), "not 1 x 14 x 14"),
        (torch.zeros(1, 3, 14, 14), "not 1 x 3 x 14 x 14"),
        (torch.zeros(3, 0, 14), "without pixels"),
    ],
)
def test_pieces_that_are_not_whole_patches_are_refused(piece: Tensor, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        drawn_encoder()([piece])


def test_nothing_cannot_be_encoded() -> None:
    with pytest.raises(ModelError, match="at least one piece"):
        drawn_encoder()([])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 5}, "32 wide cannot have 5 equal heads"),
        ({"feature_layer": 0}, "from -3 to -1"),
        ({"merge_after": 3}, "after layer 1 to 1"),
        ({"merge_after": 1}, "no class token"),
    ],
)
def test_impossible_towers_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        replace(CLIP, **changes)
