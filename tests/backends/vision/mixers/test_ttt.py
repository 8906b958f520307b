"""Test-time training: the inner step equals autograd's, stays bounded, and lets the outer loss through."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from backends.vision.mixers.rotary import RotaryPositions
from backends.vision.mixers.ttt import SCALE, TTT, InnerLoss, convolved, trained_kernel, trained_matrices

GRID = (3, 4)
LOSSES: tuple[InnerLoss, ...] = ("dot", "mse", "mae")


def inner_loss(answer: Tensor, v: Tensor, loss: InnerLoss, tokens: int) -> Tensor:
    terms = {"dot": -answer * v, "mse": (answer - v).square() / 2, "mae": (answer - v).abs()}
    return SCALE / tokens * terms[loss].sum()


def clipped(gradient: Tensor, axes: tuple[int, ...]) -> Tensor:
    return gradient / (gradient.square().sum(axes, keepdim=True).sqrt() + 1)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_matrices_step_is_autograds(loss: InnerLoss) -> None:
    torch.manual_seed(0)
    k, v = torch.randn(2, 2, 3, 12, 4, dtype=torch.float64)
    w1, w2 = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    found = trained_matrices(k, v, w1, w2, 0.7, loss)
    for picture in range(2):
        begin = [w.clone().requires_grad_() for w in (w1, w2)]
        answer = (k[picture] @ begin[0]) * functional.silu(k[picture] @ begin[1])
        gradients = torch.autograd.grad(inner_loss(answer, v[picture], loss, 12), begin)
        for w, gradient, trained in zip((w1, w2), gradients, found, strict=True):
            torch.testing.assert_close(
                trained[picture], w - 0.7 * clipped(gradient, (1,)), atol=1e-10, rtol=0
            )


@pytest.mark.parametrize("loss", LOSSES)
def test_the_kernels_step_is_autograds(loss: InnerLoss) -> None:
    torch.manual_seed(0)
    k, v = torch.randn(2, 2, 4, *GRID, dtype=torch.float64)
    w = torch.randn(4, 9, dtype=torch.float64)
    found = trained_kernel(k, v, w, 0.7, loss)
    for picture in range(2):
        begin = w.clone().requires_grad_()
        answer = functional.conv2d(k[picture][None], begin.reshape(4, 1, 3, 3), padding=1, groups=4)[0]
        (gradient,) = torch.autograd.grad(inner_loss(answer, v[picture], loss, 12), begin)
        torch.testing.assert_close(found[picture], w - 0.7 * clipped(gradient, (1,)), atol=1e-10, rtol=0)


def test_each_picture_is_convolved_by_its_own_kernel() -> None:
    torch.manual_seed(0)
    x, kernel = torch.randn(2, 4, *GRID), torch.randn(2, 4, 9)
    found = convolved(x, kernel)
    for picture in range(2):
        own = kernel[picture].reshape(4, 1, 3, 3)
        alone = functional.conv2d(x[picture][None], own, padding=1, groups=4)
        torch.testing.assert_close(found[picture][None], alone, atol=1e-5, rtol=1e-5)


def test_a_step_is_shorter_than_the_rate_however_large_the_keys() -> None:
    torch.manual_seed(0)
    k, v = 1e4 * torch.randn(2, 1, 2, 12, 4)
    w1, w2 = torch.randn(2, 2, 4, 4)
    for begin, trained in zip((w1, w2), trained_matrices(k, v, w1, w2, 1.0, "dot"), strict=True):
        assert ((trained - begin).norm(dim=-2) <= 1 + 1e-5).all()


def test_a_picture_does_not_hear_from_its_batch() -> None:
    torch.manual_seed(0)
    mixer = TTT(16, 2)
    x = torch.randn(3, 12, 16)
    torch.testing.assert_close(mixer(x, GRID)[1:2], mixer(x[1:2], GRID), atol=1e-6, rtol=1e-5)


def test_without_a_step_tokens_do_not_hear_from_each_other_by_matrices() -> None:
    x = torch.randn(1, 12, 16, requires_grad=True)
    for rate, heard in ((0.0, 1), (1.0, 12)):
        mixer = TTT(16, 2, rate=rate, branches="matrices")
        (gradient,) = torch.autograd.grad(mixer(x, GRID)[0, 5].sum(), x)
        assert int((gradient[0].abs().sum(-1) > 0).sum()) == heard


def test_matrices_do_not_ask_for_the_order_of_tokens() -> None:
    torch.manual_seed(0)
    mixer = TTT(16, 2, branches="matrices")
    x, order = torch.randn(1, 12, 16), torch.randperm(12)
    torch.testing.assert_close(mixer(x[:, order], GRID), mixer(x, GRID)[:, order], atol=1e-7, rtol=1e-5)
    turned = TTT(16, 2, branches="matrices", rotary=RotaryPositions(16, GRID))
    turned.load_state_dict(mixer.state_dict())
    assert not torch.allclose(turned(x[:, order], GRID), turned(x, GRID)[:, order], atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_values_learn_by_losses_whose_mixed_derivative_does_not_vanish(loss: InnerLoss) -> None:
    torch.manual_seed(0)
    mixer = TTT(16, 2, loss=loss)
    mixer(torch.randn(2, 12, 16), GRID).square().sum().backward()
    assert all(parameter.grad is not None for parameter in mixer.parameters())
    assert mixer.qkv.weight.grad is not None
    q1, k1, v1, q2, k2, v2 = torch.split(mixer.qkv.weight.grad, [16, 16, 16, 8, 8, 8])
    assert all(part.abs().max() > 0 for part in (q1, k1, q2, k2))
    for of_values in (v1, v2):
        assert (of_values.abs().max() > 0) == (loss != "mae")


def test_the_inner_step_stays_in_fp32_under_autocast() -> None:
    torch.manual_seed(0)
    mixer = TTT(16, 2)
    x = torch.randn(1, 12, 16)
    seen: list[torch.dtype] = []
    with torch.autocast("cpu", torch.bfloat16):
        hook = mixer.proj.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].dtype))
        low = mixer(x, GRID)
        hook.remove()
    assert seen == [torch.float32] and low.dtype == torch.bfloat16
    torch.testing.assert_close(low.float(), mixer(x, GRID), atol=2e-2, rtol=5e-2)


@pytest.mark.parametrize(("dim", "heads", "parameters"), [(192, 6, 185_472), (512, 16, 1_149_312)])
def test_a_block_has_the_computed_number_of_parameters(dim: int, heads: int, parameters: int) -> None:
    assert sum(parameter.numel() for parameter in TTT(dim, heads).parameters()) == parameters


def test_rotary_products_depend_on_the_distance_only_and_keep_norms() -> None:
    torch.manual_seed(0)
    grid = (4, 5)
    rotary = RotaryPositions(16, grid)
    q, k = torch.randn(2, 16)
    turned_q, turned_k = (rotary(u.expand(1, 20, 16), grid).reshape(*grid, 16) for u in (q, k))
    products = torch.stack(
        [turned_q[row, column] @ turned_k[row + 1, column + 2] for row, column in ((0, 0), (2, 1))]
    )
    torch.testing.assert_close(products[0], products[1], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(turned_q.norm(dim=-1), q.norm().expand(grid))
    assert not torch.allclose(turned_q[1, 0], turned_q[0, 1])


def test_rotary_angles_are_computed_for_other_grids_and_widths_are_multiples_of_four() -> None:
    x = torch.randn(1, 6, 8)
    kept, other = RotaryPositions(8, (2, 3)), RotaryPositions(8, (7, 7))
    torch.testing.assert_close(kept(x, (2, 3)), other(x, (2, 3)))
    with pytest.raises(ValueError, match="no multiple"):
        RotaryPositions(6, (2, 3))
