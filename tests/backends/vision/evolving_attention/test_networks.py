"""The networks of evolving attention: padding, causality, the slips of the released code as switches."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from backends.vision.evolving_attention.series_network import SeriesNetwork, SeriesNetworkConfig
from backends.vision.evolving_attention.transformers import (
    ByteTransformer,
    PictureTransformer,
    SeriesTransformer,
    TrunkConfig,
)

CONFIG = SeriesNetworkConfig(
    features=3, length=12, classes=4, width=16, hidden=16, feed_forward=24, layers=2, num_heads=4,
    key_ratio=0.5, value_ratio=0.5,
)  # fmt: skip


def network(config: SeriesNetworkConfig = CONFIG) -> SeriesNetwork:
    torch.manual_seed(0)
    model = SeriesNetwork(config)
    with torch.no_grad():  # running statistics as after some training
        for _ in range(3):
            model(torch.randn(8, config.length, config.features))
    return model.eval()


def batch(length: int = 12) -> Tensor:
    return torch.randn(2, length, 3, generator=torch.Generator().manual_seed(1))


def first_moments(length: int, kept: int) -> Tensor:
    return (torch.arange(length) < kept).expand(2, -1)


def test_what_lies_in_the_padding_does_not_matter() -> None:
    model, kept = network(), first_moments(12, 8)
    other = batch()
    other[:, 8:] = 1e3
    torch.testing.assert_close(model(batch(), kept), model(other, kept))


def test_more_padding_leaves_every_real_moment_as_it_was() -> None:
    model = network()
    short, _ = model.features(batch()[:, :8], first_moments(8, 8))
    long, _ = model.features(batch(), first_moments(12, 8))
    torch.testing.assert_close(long[..., :8], short)


def test_without_masks_as_in_the_released_code_padding_is_heard() -> None:
    model = network(replace(CONFIG, masked_padding=False))
    short, _ = model.features(batch()[:, :8], first_moments(8, 8))
    long, _ = model.features(batch(), first_moments(12, 8))
    assert not torch.allclose(long[..., :8], short)


def test_without_a_table_as_in_the_released_code_two_passes_differ() -> None:
    drawn = network(replace(CONFIG, learned_distances=False))
    assert not torch.allclose(drawn(batch()), drawn(batch()))
    assert torch.equal(network()(batch()), network()(batch()))


def test_reshaping_as_in_the_released_code_puts_moments_into_other_channels() -> None:
    right, scrambled = network(), network(replace(CONFIG, transposed_heads=False))
    scrambled.load_state_dict(right.state_dict())
    first = right.blocks[0].get_submodule("first")
    x = torch.randn(2, 16, 12)
    ours, _ = first(x, None, None)
    theirs, _ = scrambled.blocks[0].get_submodule("first")(x, None, None)
    assert torch.equal(ours[:, :8], theirs[:, :8])
    expected = ours[:, 8:].unflatten(1, (4, 2)).mT.reshape(2, 8, 12)
    torch.testing.assert_close(theirs[:, 8:], expected)


def test_the_convolution_beside_attention_hears_no_later_moment() -> None:
    model = network(replace(CONFIG, evolves=False))
    conv = model.blocks[1].get_submodule("first")
    x = torch.randn(1, 16, 12)
    changed = x.clone()
    changed[..., 7] += 1
    difference = (conv(x, None, None)[0] - conv(changed, None, None)[0])[0, :8].abs().sum(0)
    assert not difference[:7].any()
    assert difference[[7, 9, 11]].all() and not difference[[8, 10]].any()  # dilation 2


def test_evolution_costs_its_convolutions_in_all_blocks_but_the_first() -> None:
    def size(model: SeriesNetwork) -> int:
        return sum(one.numel() for one in model.parameters())

    per_step = 9 * 4 * 4 + 4
    assert size(network()) - size(network(replace(CONFIG, evolves=False))) == 2 * 2 * per_step


def test_every_parameter_of_every_network_learns() -> None:
    trunk = TrunkConfig(width=16, depth=3, num_heads=4)
    torch.manual_seed(0)
    cases = (
        (SeriesNetwork(CONFIG), batch()),
        (SeriesTransformer(3, 12, 4, replace(trunk, norm="batch")), batch()),
        (PictureTransformer(8, 4, 5, trunk), torch.randn(2, 3, 8, 8)),
        (ByteTransformer(10, replace(trunk, direction="causal")), torch.randint(256, (2, 10))),
    )
    for model, given in cases:
        out = model(given)
        (out * torch.randn(out.shape)).sum().backward()
        assert all(one.grad is not None for one in model.parameters()), type(model).__name__


@pytest.mark.parametrize("evolves", [True, False])
def test_a_byte_hears_nothing_of_later_bytes(evolves: bool) -> None:
    torch.manual_seed(0)
    config = TrunkConfig(width=16, depth=4, num_heads=4, direction="causal", evolves=evolves)
    model = ByteTransformer(12, config).eval()
    tokens = torch.randint(256, (1, 12))
    changed = tokens.clone()
    changed[0, 6] = (changed[0, 6] + 1) % 256
    before, after = model(tokens), model(changed)
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


def test_a_language_model_refuses_maps_that_look_ahead() -> None:
    with pytest.raises(ValueError, match="causal"):
        ByteTransformer(12, TrunkConfig(width=16, depth=1, num_heads=4))


def test_heads_that_cannot_share_the_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="4 heads cannot share 2 channels"):
        SeriesNetwork(replace(CONFIG, key_ratio=0.125))
