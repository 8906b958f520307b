"""The measure is the kernel matrix that the paper defines, and the map that training applies to errors."""

import math

import pytest
import torch
from torch import Tensor, nn

from backends.rl.divergence.forecast import decay_power, forecast_crash, steps_left
from backends.rl.divergence.self_excitation import (
    SelfExcitation,
    excitation_matrix,
    self_excitation,
    value_gradients,
)


def two_layers(seed: int = 0, width: int = 16, dtype: torch.dtype = torch.float64) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 1)).to(dtype)


def points(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_kernel_of_two_layers_is_the_analytic_one() -> None:
    net, x = two_layers(), points(5)
    first, last = net[0], net[2]
    assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
    hidden = (x @ first.weight.T + first.bias).clamp(min=0)
    active = (hidden > 0).double()
    shared = (active * last.weight[0] ** 2) @ active.T
    analytic = hidden @ hidden.T + 1 + shared * (x @ x.T + 1)
    phi = value_gradients(net, x)
    torch.testing.assert_close(phi @ phi.T, analytic)


def test_the_matrix_moves_the_errors_of_one_gradient_step() -> None:
    net, x, next_x = two_layers(), points(40, 1), points(40, 2)
    discount = torch.full((40,), 0.9, dtype=torch.float64)
    discount[::7] = 0
    rewards = torch.linspace(-1, 1, 40, dtype=torch.float64)

    def errors() -> Tensor:
        found: Tensor = net(x)[:, 0] - (rewards + discount * net(next_x)[:, 0])
        return found

    matrix, rate = excitation_matrix(net, x, next_x, discount), 1e-7
    before = errors()
    target = (rewards + discount * net(next_x)[:, 0]).detach()
    nn.functional.mse_loss(net(x)[:, 0], target).backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for weight in net.parameters():
            assert weight.grad is not None
            weight.sub_(rate * weight.grad)
    moved = (errors() - before).detach() / rate
    torch.testing.assert_close(moved, 2 / 40 * matrix @ before.detach(), rtol=1e-3, atol=1e-5)


def test_states_that_lead_to_themselves_do_not_excite_and_larger_ones_do() -> None:
    net, x = two_layers(), points(20)
    near_one = torch.full((20,), 0.99, dtype=torch.float64)
    assert not self_excitation(net, x, x, near_one).diverges
    assert self_excitation(net, x, 3 * x, near_one).diverges
    assert not self_excitation(net, x, 3 * x, torch.zeros(20, dtype=torch.float64)).diverges


@pytest.mark.parametrize("norm", [False, True])
def test_layer_norm_bounds_the_kernel_far_from_the_data(norm: bool) -> None:
    torch.manual_seed(0)
    middle = [nn.LayerNorm(32, elementwise_affine=False)] if norm else []
    net = nn.Sequential(nn.Linear(3, 32), *middle, nn.ReLU(), nn.Linear(32, 1)).double()
    x = points(1)
    kernel = [
        float((value_gradients(net, scale * x) @ value_gradients(net, x).T).abs())
        for scale in (10.0, 100.0, 1000.0, 10_000.0)
    ]
    grown = kernel[-1] / kernel[0]
    assert grown < 2 if norm else grown > 500


def test_a_crashed_critic_is_refused() -> None:
    net = two_layers()
    with torch.no_grad():
        next(net.parameters()).fill_(math.inf)
    with pytest.raises(ValueError, match="earlier checkpoint"):
        self_excitation(net, points(3), points(3), torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("layers", [2, 3, 5])
def test_a_crash_by_the_law_is_forecast_exactly(layers: int) -> None:
    steps = list(range(100, 160))
    values = [3.0 * (1 - step / 250) ** (-1 / decay_power(layers)) for step in steps]
    forecast = forecast_crash(steps, values, layers)
    assert forecast.crash == pytest.approx(250)
    assert forecast.straightness == pytest.approx(1.0)


def test_the_measure_alone_forecasts_a_crash_by_the_law() -> None:
    # |Q| = 1/(1 - t/250): at t = 100 it grows by 1/150 a step, which is 2 h lambda / N.
    measured = SelfExcitation(eigenvalue=64 / (2 * 0.02 * 150), normalised=0.1, points=64)
    assert steps_left(measured, 0.02, layers=2) == pytest.approx(150)
    assert steps_left(SelfExcitation(-0.1, -0.1, 64), 0.02) is None


def test_values_that_fall_forecast_no_crash() -> None:
    assert forecast_crash([0, 1, 2], [3.0, 2.0, 1.0]).crash is None


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, -2.0, 3.0], [1.0, math.nan, 2.0]])
def test_a_forecast_needs_three_magnitudes(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"three steps|positive"):
        forecast_crash(list(range(len(values))), values)


def test_one_layer_has_no_law() -> None:
    with pytest.raises(ValueError, match="two linear layers"):
        decay_power(1)
