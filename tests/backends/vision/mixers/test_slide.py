"""Slide attention equals the published way, im2col attention and masked softmax."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from backends.vision.mixers.slide import SlideAttention

GRID = (5, 6)


def plain(num_heads: int = 2, **options: bool) -> SlideAttention:
    """Shifts alone: no deformation, no biases."""
    mixer = SlideAttention(16, num_heads, deforms=False, **options)
    with torch.no_grad():
        mixer.shift_bias.zero_()
        mixer.relative.zero_()
    return mixer


def masked_softmax(mixer: SlideAttention, x_BNC: Tensor, grid: tuple[int, int]) -> Tensor:
    """Full attention in which all but the 3 x 3 neighbours are masked."""
    size, tokens, dim = x_BNC.shape
    width = mixer.head_width
    qkv = mixer.qkv(x_BNC).reshape(size, tokens, -1, 3, width).permute(3, 0, 2, 1, 4)
    row, column = torch.arange(tokens) // grid[1], torch.arange(tokens) % grid[1]
    near = ((row[:, None] - row).abs() <= 1) & ((column[:, None] - column).abs() <= 1)
    logits = qkv[0] @ qkv[1].transpose(-1, -2) / math.sqrt(width)
    seen = logits.masked_fill(~near, -math.inf).softmax(-1) @ qkv[2]
    mixed: Tensor = mixer.proj(seen.transpose(1, 2).reshape(size, tokens, dim))
    return mixed


@pytest.mark.parametrize("deforms", [True, False])
@pytest.mark.parametrize("window", [3, 5])
@pytest.mark.parametrize("mask_border", [True, False])
def test_it_equals_the_published_way(deforms: bool, window: int, mask_border: bool) -> None:
    torch.manual_seed(0)
    mixer = SlideAttention(16, 2, window=window, deforms=deforms, mask_border=mask_border).double()
    x = 3 * torch.randn(2, 30, 16, dtype=torch.float64)
    torch.testing.assert_close(mixer(x, GRID), mixer.shifted(x, GRID), atol=1e-10, rtol=1e-10)


def test_gradients_equal_those_of_the_published_way() -> None:
    torch.manual_seed(0)
    mixer = SlideAttention(8, 2).double()
    x = torch.randn(1, 30, 8, dtype=torch.float64)
    found = torch.autograd.grad(mixer(x, GRID).square().sum(), list(mixer.parameters()))
    expected = torch.autograd.grad(mixer.shifted(x, GRID).square().sum(), list(mixer.parameters()))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-9, rtol=1e-8)


def test_shifts_alone_are_im2col_attention_with_zeros_outside() -> None:
    torch.manual_seed(0)
    mixer = plain()
    x = torch.randn(2, 30, 16)
    width = mixer.head_width
    q, k, v = mixer.qkv(x).reshape(2, 30, 2, 3, width).permute(3, 0, 2, 4, 1).flatten(1, 2)
    k, v = (
        functional.unfold(u.reshape(4, width, *GRID), 3, padding=1).reshape(4, width, 9, 30) for u in (k, v)
    )
    weights = ((q[:, :, None] * k).sum(1) / math.sqrt(width)).softmax(1)
    seen = (weights[:, None] * v).sum(2).reshape(2, 16, 30).transpose(1, 2)
    torch.testing.assert_close(mixer(x, GRID), mixer.proj(seen), atol=1e-5, rtol=1e-5)


def test_inside_the_picture_it_is_masked_softmax_and_everywhere_with_the_border_masked() -> None:
    torch.manual_seed(0)
    mixer = plain()
    x = torch.randn(1, 30, 16)
    expected = masked_softmax(mixer, x, GRID)
    inside = (mixer(x, GRID) - expected).reshape(*GRID, 16)[1:-1, 1:-1]
    torch.testing.assert_close(inside, torch.zeros_like(inside), atol=1e-5, rtol=0)
    bordered = plain(mask_border=True)
    bordered.load_state_dict(mixer.state_dict())
    torch.testing.assert_close(bordered(x, GRID), expected, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(mixer(x, GRID), expected, atol=1e-5)


def test_a_token_hears_from_nine_neighbours_only() -> None:
    mixer = SlideAttention(16, 2)
    x = torch.randn(1, 30, 16, requires_grad=True)
    mixer(x, GRID)[0, 2 * 6 + 3].sum().backward()
    assert x.grad is not None
    heard = x.grad[0].abs().sum(-1).reshape(GRID) > 0
    expected = torch.zeros(GRID, dtype=torch.bool)
    expected[1:4, 2:5] = True
    assert torch.equal(heard, expected)


def test_it_moves_with_the_picture() -> None:
    torch.manual_seed(0)
    mixer = SlideAttention(16, 2)
    picture = torch.randn(1, 7, 7, 16)
    whole = mixer(picture.reshape(1, 49, 16), (7, 7)).reshape(7, 7, 16)
    moved = mixer(picture.roll(1, 2).reshape(1, 49, 16), (7, 7)).reshape(7, 7, 16)
    torch.testing.assert_close(moved[1:-1, 3:-1], whole[1:-1, 2:-2], atol=1e-6, rtol=1e-5)


def test_shifts_are_no_parameters_and_no_initialisation_reaches_them() -> None:
    mixer = SlideAttention(16, 2)
    assert "shifts_DSS" not in dict(mixer.named_parameters())
    for parameter in mixer.parameters():
        torch.nn.init.zeros_(parameter)
    kernels, bias = mixer.merged()
    assert torch.equal(kernels, torch.eye(9).repeat(8, 1, 1)) and not bias.any()
    mixer(torch.randn(1, 30, 16), GRID).sum().backward()
    assert all(parameter.grad is not None for parameter in mixer.parameters())


def test_projections_are_read_head_by_head() -> None:
    mixer = plain()
    with torch.no_grad():
        mixer.proj.weight.copy_(torch.eye(16))
        mixer.qkv.weight.zero_()
        mixer.qkv.bias.copy_(torch.arange(48.0))
    # Equal tokens: every weight is the same inside, so a token answers its own value.
    answer = mixer(torch.zeros(1, 30, 16), GRID).reshape(*GRID, 16)[2, 2]
    first_head, second_head = torch.arange(16.0, 24.0), torch.arange(40.0, 48.0)
    torch.testing.assert_close(answer, torch.cat([first_head, second_head]))


def test_the_relative_bias_belongs_to_the_keys() -> None:
    torch.manual_seed(0)
    mixer = plain(num_heads=1)
    with torch.no_grad():
        mixer.relative[0, 0] = 2.0
    x = torch.randn(1, 30, 16)
    width = mixer.head_width
    q, k, v = mixer.qkv(x).reshape(1, 30, 3, width).permute(2, 0, 3, 1)
    k, v = (functional.unfold(u.reshape(1, width, *GRID), 3, padding=1).reshape(width, 9, 30) for u in (k, v))
    k = k + mixer.relative[0][None, :, None]
    weights = ((q[0][:, None] * k).sum(0) / math.sqrt(width)).softmax(0)
    expected = mixer.proj((weights[None] * v).sum(1).T)
    torch.testing.assert_close(mixer(x, GRID)[0], expected, atol=1e-5, rtol=1e-5)


def test_an_even_window_is_refused() -> None:
    with pytest.raises(ValueError, match="odd side"):
        SlideAttention(16, 2, window=4)
