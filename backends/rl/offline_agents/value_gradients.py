"""Gradients of critics by hand: what autograd gives, in fewer passes over memory.

On a processor, networks of some 256 units spend a third of an update outside their matrix products, because
every tensor that is made anew lies outside the cache. Here gradients are masked in place, and products are
added where they belong.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from backends.rl.offline_agents.networks import Critics

ValueLoss = Callable[[Tensor], Tensor]
"""A loss of values, which come as members by batch."""


def add_gradients(critics: Critics, x_BX: Tensor, loss_of: ValueLoss) -> tuple[Tensor, Tensor]:
    """Add the gradients of a loss of the values at `x_BX` to the weights'; that loss, and the values (E x B).

    Both come without a graph. Autograd differentiates the loss itself, and all of critics that have LayerNorm
    or frozen weights.
    """
    moving = [weight for weight in critics.parameters() if weight.requires_grad]
    if critics.layer_norm or len(moving) < 2 * critics.num_layers:
        values_EB = critics(x_BX)
        loss = loss_of(values_EB)
        loss.backward(inputs=moving)  # type: ignore[no-untyped-call]
        return loss.detach(), values_EB.detach()
    layers, values_EB = _forward(critics, x_BX)
    loss = loss_of(values_EB.requires_grad_())
    (slope_EB,) = torch.autograd.grad(loss, values_EB)
    _backward(critics, layers, slope_EB)
    return loss.detach(), values_EB.detach()


@torch.no_grad()
def _forward(critics: Critics, x_BX: Tensor) -> tuple[list[Tensor], Tensor]:
    """What goes into each layer, and the values."""
    weights, biases = list(critics.weights), list(critics.biases)
    layers = [x_BX.expand(len(weights[0]), *x_BX.shape)]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        layers.append(torch.baddbmm(bias, layers[-1], weight).relu_())
    return layers, (layers[-1] * weights[-1].mT).sum(-1) + biases[-1][..., 0]


@torch.no_grad()
def _backward(critics: Critics, layers: list[Tensor], slope_EB: Tensor) -> None:
    """Add the weights' gradients, given the loss's slope in the values; uses the layers up."""
    weights, biases = list(critics.weights), list(critics.biases)
    h_EBH = layers.pop()
    _add(weights[-1], (h_EBH * slope_EB[..., None]).sum(1)[..., None])
    _add(biases[-1], slope_EB.sum(1)[:, None, None])
    slope_EBH = slope_EB[..., None] * weights[-1].mT
    for number in reversed(range(len(layers))):
        torch.ops.aten.threshold_backward.grad_input(slope_EBH, h_EBH, 0, grad_input=slope_EBH)  # ReLU's
        h_EBH, weight = layers.pop(), weights[number]
        if weight.grad is None:
            weight.grad = h_EBH.mT @ slope_EBH
        else:
            weight.grad.baddbmm_(h_EBH.mT, slope_EBH)
        _add(biases[number], slope_EBH.sum(1, keepdim=True))
        if number > 0:
            slope_EBH = slope_EBH @ weight.mT


def _add(weight: Tensor, gradient: Tensor) -> None:
    if weight.grad is None:
        weight.grad = gradient
    else:
        weight.grad += gradient
