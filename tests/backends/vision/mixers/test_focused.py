"""Focused linear attention: the focus, the equality with explicit weights, rank, cost and half precision."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from backends.lab.profile.cost import count_cost
from backends.vision.mixers.focused import FocusedAttention, focused
from backends.vision.mixers.linear import linear_attention, linear_weights


def naive(mixer: FocusedAttention, x_BNC: Tensor, grid: tuple[int, int]) -> Tensor:
    """Token by token, with the full matrix of weights, as the paper's equations stand."""
    size, tokens, dim = x_BNC.shape
    width = mixer.head_width
    q, (k, v) = mixer.q(x_BNC), mixer.kv(x_BNC).chunk(2, -1)
    k = k + mixer.positions
    scale = torch.log(1 + torch.exp(mixer.scale))
    q, k = ((u.clamp_min(0) + 1e-6) / scale for u in (q, k))
    q, k = (u.norm(dim=-1, keepdim=True) * u**3 / (u**3).norm(dim=-1, keepdim=True) for u in (q, k))
    heads = []
    for begin in range(0, dim, width):
        part = slice(begin, begin + width)
        products = q[..., part] @ k[..., part].transpose(1, 2)
        weights = products / (products.sum(-1, keepdim=True) + 1e-6 * tokens)
        local = functional.conv2d(
            v[..., part].transpose(1, 2).reshape(size, width, *grid),
            mixer.dwc.weight,  # type: ignore[union-attr]
            mixer.dwc.bias,  # type: ignore[union-attr]
            padding=2,
            groups=width,
        )
        heads.append(weights @ v[..., part] + local.reshape(size, width, tokens).transpose(1, 2))
    mixed: Tensor = mixer.proj(torch.cat(heads, -1))
    return mixed


def strong(mixer: nn.Module) -> nn.Module:
    """The mixer with weights so large that the small constants do not matter."""
    with torch.no_grad():
        for parameter in mixer.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.5)
    return mixer


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.floats(1, 12), st.integers(0, 1000))
def test_the_focus_keeps_the_norm(width: int, power: float, seed: int) -> None:
    u = torch.rand(5, width, generator=torch.Generator().manual_seed(seed)) + 1e-6
    torch.testing.assert_close(focused(u, power).norm(dim=-1), u.norm(dim=-1), rtol=1e-5, atol=0)


def test_power_one_changes_nothing_and_large_powers_stay_finite() -> None:
    u = torch.rand(4, 16) + 1e-6
    torch.testing.assert_close(focused(u, 1), u)
    assert torch.isfinite(focused(1e4 * u, 12)).all()
    assert torch.isfinite(focused(torch.full((1, 16), 1e-6), 12)).all()


def test_a_higher_power_puts_more_weight_on_the_nearest_key() -> None:
    torch.manual_seed(0)
    q, k = torch.rand(1, 1, 64, 16), torch.rand(1, 1, 64, 16)
    peaks = [
        linear_weights(focused(q, power), focused(k, power)).amax(-1).mean().item() for power in (1, 3, 8)
    ]
    assert peaks == sorted(peaks) and peaks[2] > 1.5 * peaks[0]


def test_it_equals_the_papers_equations_token_by_token() -> None:
    torch.manual_seed(0)
    mixer = strong(FocusedAttention(24, 3, (3, 5)))
    assert isinstance(mixer, FocusedAttention)
    x = torch.randn(2, 15, 24)
    torch.testing.assert_close(mixer(x, (3, 5)), naive(mixer, x, (3, 5)), atol=1e-5, rtol=1e-5)


def test_the_order_of_sums_does_not_matter() -> None:
    torch.manual_seed(0)
    q, k, v = torch.rand(2, 3, 40, 8), torch.rand(2, 3, 30, 8), torch.randn(2, 3, 30, 8)
    weights = linear_weights(q, k)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 40), atol=1e-5, rtol=0)
    torch.testing.assert_close(linear_attention(q, k, v), weights @ v, atol=1e-5, rtol=1e-5)


def test_weights_have_the_rank_of_a_head_and_the_convolution_raises_it() -> None:
    torch.manual_seed(0)
    grid, width = (5, 5), 4
    mixer = FocusedAttention(width, 1, grid)
    strong(mixer)
    weights = mixer.weights(torch.randn(1, 25, width), grid)[0, 0].double()
    assert torch.linalg.matrix_rank(weights, rtol=1e-5) <= width
    # The convolution of the first channel as a matrix on tokens: its answers to one token at a time.
    assert mixer.dwc is not None
    one_token = torch.eye(25).reshape(25, 1, *grid)
    columns = functional.conv2d(one_token, mixer.dwc.weight[:1], padding=2).reshape(25, 25)
    assert torch.linalg.matrix_rank(weights + columns.T.double(), rtol=1e-5) > 3 * width


def test_without_convolution_and_positions_the_order_of_tokens_does_not_matter() -> None:
    torch.manual_seed(0)
    mixer = FocusedAttention(16, 2, (4, 4), restores_rank=False)
    x, order = torch.randn(1, 16, 16), torch.randperm(16)
    torch.testing.assert_close(mixer(x[:, order], (4, 4)), mixer(x, (4, 4))[:, order])


def test_positions_follow_the_grid() -> None:
    mixer = FocusedAttention(16, 2, (4, 4))
    with torch.no_grad():
        mixer.positions.fill_(0.3)  # the same everywhere, so resampling must not show
    small = FocusedAttention(16, 2, (2, 6))
    state = {**mixer.state_dict(), "positions": torch.full((1, 12, 16), 0.3)}
    small.load_state_dict(state)
    x = torch.randn(1, 12, 16)
    torch.testing.assert_close(mixer(x, (2, 6)), small(x, (2, 6)))


def test_multiply_adds_are_linear_in_tokens_and_as_the_formula_says() -> None:
    dim, heads, kernel = 32, 4, 5
    counted = []
    for side in (8, 16):
        tokens = side * side
        mixer = FocusedAttention(dim, heads, (side, side))

        class Alone(nn.Module):
            def __init__(self, inside: nn.Module, grid: tuple[int, int]) -> None:
                super().__init__()
                self.inside, self.grid = inside, grid

            def forward(self, x: Tensor) -> Tensor:
                mixed: Tensor = self.inside(x, self.grid)
                return mixed

        macs = count_cost(Alone(mixer, (side, side)), [torch.randn(1, tokens, dim)]).macs
        width = dim // heads
        said = 4 * tokens * dim**2 + 2 * tokens * dim * width + kernel**2 * tokens * dim
        assert macs == pytest.approx(said, rel=0.02)  # q . mean k is not in the formula: N C more
        counted.append(macs)
    assert counted[1] == 4 * counted[0]


def test_half_precision_stays_finite_with_many_tokens() -> None:
    grid = (112, 112)
    mixer = FocusedAttention(16, 1, grid).bfloat16()
    assert torch.isfinite(mixer(20 * torch.randn(1, 112 * 112, 16, dtype=torch.bfloat16), grid)).all()


@pytest.mark.parametrize("upsampling", ["line", "map"])
def test_with_reduction_every_parameter_learns(upsampling: str) -> None:
    mixer = FocusedAttention(16, 2, (4, 6), reduction=2, upsampling=upsampling, local_positions=True)  # type: ignore[arg-type]
    assert mixer.positions.shape == (1, 6, 16)
    mixer(torch.randn(2, 24, 16), (4, 6)).square().sum().backward()
    assert [name for name, parameter in mixer.named_parameters() if parameter.grad is None] == []


def test_ways_of_upsampling_differ_only_in_the_convolutions_share() -> None:
    torch.manual_seed(0)
    line = FocusedAttention(16, 2, (4, 6), reduction=2)
    flat = FocusedAttention(16, 2, (4, 6), reduction=2, upsampling="map")
    flat.load_state_dict(line.state_dict())
    x = torch.randn(1, 24, 16)
    assert not torch.equal(line(x, (4, 6)), flat(x, (4, 6)))
    for mixer in (line, flat):
        nn.init.zeros_(mixer.dwc.weight)  # type: ignore[union-attr]
    assert torch.equal(line(x, (4, 6)), flat(x, (4, 6)))
