"""Gradients by hand equal autograd's, and add up over parts of a batch."""

import pytest
import torch
from torch import Tensor

from backends.rl.offline_agents.networks import Critics
from backends.rl.offline_agents.value_gradients import add_gradients


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("hidden", [(8,), (8, 6), (8, 6, 7)])
def test_gradients_by_hand_equal_autograds(hidden: tuple[int, ...], norm: bool) -> None:
    torch.manual_seed(0)
    critics = Critics(5, hidden, members=3, layer_norm=norm)
    batches = [torch.randn(rows, 5) for rows in (4, 9, 3)]

    def loss_of(values_EB: Tensor) -> Tensor:
        weight_B = torch.arange(values_EB.shape[1], dtype=torch.float32)
        return (values_EB.sin() * weight_B).sum() + values_EB.square().mean()

    expected = [loss_of(critics(x)) for x in batches]
    sum(expected).backward()  # type: ignore[union-attr]
    gradients = [weight.grad for weight in critics.parameters()]
    critics.zero_grad()
    for x, loss in zip(batches, expected, strict=True):
        found, values = add_gradients(critics, x, loss_of)
        torch.testing.assert_close(found, loss.detach())
        torch.testing.assert_close(values, critics(x).detach())
        assert not values.requires_grad
    for weight, gradient in zip(critics.parameters(), gradients, strict=True):
        torch.testing.assert_close(weight.grad, gradient)


def test_frozen_weights_get_no_gradient() -> None:
    critics = Critics(5, (8, 6))
    critics.weights[0].requires_grad_(False)
    critics.biases[0].requires_grad_(False)
    add_gradients(critics, torch.randn(4, 5), lambda values_EB: values_EB.square().mean())
    got = {name for name, weight in critics.named_parameters() if weight.grad is not None}
    assert got == {"weights.1", "weights.2", "biases.1", "biases.2"}
