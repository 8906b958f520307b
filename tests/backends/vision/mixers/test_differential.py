"""Differential attention equals its equations, and is softmax attention where nothing is taken off."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from backends.vision.mixers.differential import DifferentialAttention, differential_mixer, first_contrast
from backends.vision.mixers.place import Place

DIM, HEADS, BLOCK, GRID = 24, 3, 2, (2, 5)


def mixer() -> DifferentialAttention:
    torch.manual_seed(0)
    made = DifferentialAttention(DIM, HEADS, BLOCK)
    for parameter in made.parameters():  # biases and gains that matter
        parameter.data += 0.1 * torch.randn(parameter.shape)
    return made


def tokens() -> Tensor:
    return torch.randn(2, 10, DIM, generator=torch.Generator().manual_seed(1))


def test_the_mixer_equals_the_method_head_by_head() -> None:
    made, x = mixer(), tokens()
    q, k, v = made.q(x), made.k(x), made.v(x)
    width, start = DIM // HEADS, first_contrast(BLOCK)
    half = width // 2
    heads = []
    for head in range(HEADS):
        begin = head * width
        first, second = slice(begin, begin + half), slice(begin + half, begin + width)
        maps = [torch.softmax(q[..., part] @ k[..., part].mT / half**0.5, -1) for part in (first, second)]
        read = (maps[0] - made.weight() * maps[1]) @ v[..., begin : begin + width]
        heads.append((1 - start) * functional.rms_norm(read, (width,), made.norm.weight, 1e-5))
    torch.testing.assert_close(made(x, GRID), made.proj(torch.cat(heads, -1)), rtol=1e-4, atol=1e-5)


def test_two_equal_maps_with_factor_one_cancel_each_other() -> None:
    made = mixer()
    made.weight.start = 1.0
    made.weight.vectors.data.zero_()
    for layer in (made.q, made.k):
        rows = layer.weight.data.view(HEADS, 2, -1, DIM)
        rows[:, 1] = rows[:, 0]
        layer.bias.data.view(HEADS, 2, -1)[:, 1] = layer.bias.data.view(HEADS, 2, -1)[:, 0]
    torch.testing.assert_close(made(tokens(), GRID), made.proj.bias.expand(2, 10, DIM))


def test_it_has_as_many_parameters_as_softmax_attention_and_its_factor_and_gain() -> None:
    width = DIM // HEADS
    assert sum(one.numel() for one in mixer().parameters()) == 4 * DIM * (DIM + 1) + 4 * (width // 2) + width


def test_every_parameter_learns() -> None:
    made = mixer()
    out = made(tokens(), GRID)
    (out * torch.randn(out.shape)).sum().backward()
    assert all(one.grad is not None and one.grad.any() for one in made.parameters())


@pytest.mark.parametrize(("host_heads", "heads"), [(2, 1), (4, 2), (3, 3)])
def test_its_maps_are_as_wide_as_the_hosts_where_the_heads_can_be_paired(host_heads: int, heads: int) -> None:
    made = differential_mixer(Place(stage=0, block=1, dim=48, num_heads=host_heads, grid=GRID))
    assert made.head_width == 48 // heads


def test_a_head_of_odd_width_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be halved"):
        DifferentialAttention(9, 3, 0)
