"""EA-AA-ResNet: its size, what its maps are made of and where they go on, and its limits."""

from dataclasses import replace

import pytest
import torch
from timm.models.resnet import resnet50 as plain_resnet50
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.evolving_attention.augmented_resnet import (
    AugmentedConvolution,
    AugmentedResNet,
    AugmentedResNetConfig,
)
from backends.vision.evolving_attention.models import resnet50
from backends.vision.mixers.evolving import EvolutionShares, GridRelativeLogits

CONFIG = AugmentedResNetConfig(depths=(1, 2, 2, 2), width=32, num_heads=4)


def augmented(**changes: object) -> AugmentedConvolution:
    torch.manual_seed(0)
    settings = {"stride": 1, "grid": (4, 4), "pooled": False, "evolves": False, **changes}
    return AugmentedConvolution(64, CONFIG, **settings)  # type: ignore[arg-type]


def features(seed: int = 1) -> Tensor:
    return torch.randn(2, 64, 4, 4, generator=torch.Generator().manual_seed(seed))


def size(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_relative_logits_are_products_with_the_rows_and_the_columns_between_two_places() -> None:
    torch.manual_seed(0)
    relative = GridRelativeLogits(5, (3, 4))
    q = torch.randn(1, 2, 12, 5)
    found = relative(q, (3, 4))
    for here in range(12):
        for there in range(12):
            down, across = there // 4 - here // 4, there % 4 - here % 4
            expected = q[0, :, here] @ (relative.rows.table[down + 2] + relative.columns.table[across + 3])
            torch.testing.assert_close(found[0, :, here, there], expected)


def test_a_smaller_grid_reads_the_middle_of_the_tables() -> None:
    torch.manual_seed(0)
    large = GridRelativeLogits(5, (4, 4))
    small = GridRelativeLogits(5, (2, 2))
    small.rows.table.data, small.columns.table.data = large.rows.table[2:5], large.columns.table[2:5]
    q = torch.randn(1, 2, 4, 5)
    torch.testing.assert_close(large(q, (2, 2)), small(q, (2, 2)))


def test_attention_beside_the_convolution_is_attention_by_hand() -> None:
    layer = augmented()
    x = features()
    out, logits = layer(x, None)
    assert out.shape == x.shape
    torch.testing.assert_close(out[:, :56], functional.conv2d(x, layer.conv.weight, padding=1))
    q, k, v = layer.qkv(x.flatten(2).mT).split([16, 16, 8], -1)
    heads = []
    for head in range(4):
        part, narrow = slice(4 * head, 4 * head + 4), slice(2 * head, 2 * head + 2)
        one = q[..., part] / 2
        map_ = one @ k[..., part].mT + layer.relative(one[:, None], (4, 4))[:, 0]
        torch.testing.assert_close(logits[:, head], map_)
        heads.append(map_.softmax(-1) @ v[..., narrow])
    expected = layer.proj(torch.cat(heads, -1)).mT.unflatten(2, (4, 4))
    torch.testing.assert_close(out[:, 56:], expected, atol=1e-6, rtol=1e-4)


def test_a_map_that_goes_on_is_refined_as_in_the_released_code() -> None:
    layer = augmented(evolves=True)
    own = augmented()
    own.load_state_dict(layer.state_dict(), strict=False)
    _, logits = own(features(), None)
    carried = torch.randn(2, 4, 16, 16)
    _, found = layer(features(), carried)
    assert layer.evolution is not None
    conv = layer.evolution.conv
    mixed = 0.5 * logits + 0.5 * carried
    torch.testing.assert_close(found, functional.conv2d(mixed, conv.weight, conv.bias, padding=1).relu())


@pytest.mark.parametrize(
    ("stride", "pooled", "side"), [(1, False, 4), (2, False, 2), (1, True, 2), (2, True, 1)]
)
def test_the_map_is_as_large_as_what_attention_sees(stride: int, pooled: bool, side: int) -> None:
    out, logits = augmented(stride=stride, pooled=pooled)(features(), None)
    assert out.shape == (2, 64, 4 // stride, 4 // stride)
    assert logits.shape == (2, 4, side**2, side**2)


def test_maps_go_on_from_the_pooled_stage_into_the_next_and_begin_anew_in_the_last() -> None:
    model = AugmentedResNet(CONFIG, num_classes=5, image_size=64)
    evolving = [
        block.conv2.evolution is not None
        for block in model.blocks
        if isinstance(block.conv2, AugmentedConvolution)
    ]
    assert evolving == [False, True, True, True, False, True]
    _, maps = model.features(torch.randn(2, 3, 64, 64))
    assert [each.shape[-1] for each in maps] == [16] * 4 + [4] * 2


def test_parameters_are_those_of_resnet_with_attention_in_some_channels() -> None:
    def difference(channels: int, side: int) -> int:
        keys, values = channels // 4, channels // 8
        projections = channels * (2 * keys + values) + 2 * keys + values + values**2 + values
        return projections + 2 * (2 * side - 1) * (keys // 8) - 9 * channels * values

    with torch.device("meta"):
        ours, plain = size(resnet50()), size(plain_resnet50())
    augmented_blocks = 4 * difference(128, 14) + 6 * difference(256, 14) + 3 * difference(512, 7)
    assert ours - plain == augmented_blocks + 11 * (9 * 8**2 + 8)


def test_without_evolution_only_its_convolutions_are_missing() -> None:
    evolving = AugmentedResNet(CONFIG, num_classes=5, image_size=32)
    plain = AugmentedResNet(replace(CONFIG, evolves=False), num_classes=5, image_size=32)
    assert size(evolving) - size(plain) == 4 * (9 * 4**2 + 4)
    silent = AugmentedResNet(
        replace(CONFIG, shares=EvolutionShares(carried=0, convolved=0)), num_classes=5, image_size=32
    )
    silent.load_state_dict(plain.state_dict(), strict=False)
    picture = torch.randn(2, 3, 32, 32)
    assert torch.equal(silent.eval()(picture), plain.eval()(picture))


def test_every_parameter_learns_through_maps_that_go_on() -> None:
    torch.manual_seed(0)
    model = AugmentedResNet(CONFIG, num_classes=5, image_size=64)
    scores = model(torch.randn(2, 3, 64, 64))
    (scores * torch.randn(scores.shape)).sum().backward()
    assert [name for name, one in model.named_parameters() if one.grad is None or not one.grad.any()] == []


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 32 pixels"):
        AugmentedResNet(CONFIG, image_size=48)
    with pytest.raises(ValueError, match="16 heads cannot share"):
        AugmentedResNet(replace(CONFIG, num_heads=16), image_size=32)
