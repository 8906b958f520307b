"""Test-time training as a mixer: an inner model learns a picture's keys and values, then answers queries.

"ViT^3: Unlocking Test-Time Training in Vision", CVPR 2026 (arXiv 2512.01643). One step of
full-batch gradient descent from learned weights, by formulas instead of autograd, so that the outer loss goes
through the step. Two inner models run side by side: F(x) = (x W1) * SiLU(x W2) for each head, and a 3 x 3
depthwise convolution for one head more.

Legend: B pictures, N tokens, C width, H heads, D width of a head, R rows, S columns.
"""

from contextlib import nullcontext
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.place import Grid
from backends.vision.mixers.projections import WEIGHT_STD, head_width, projection
from backends.vision.mixers.rotary import RotaryPositions

InnerLoss = Literal["dot", "mse", "mae"]
Branches = Literal["both", "matrices", "convolution"]

SCALE = 9**-0.5
"""Of both inner losses: the root of a 3 x 3 kernel's size, which the released code gives the matrices too."""

_TAPS = tuple((down, right) for down in range(3) for right in range(3))


def loss_slope(answer: Tensor | None, v: Tensor, tokens: int, loss: InnerLoss) -> Tensor:
    """The inner loss's derivative by the inner model's answer to the keys.

    `dot` is minus the product with the value, `mse` half the square of the difference, `mae` its size; each
    is the mean over tokens times `SCALE`. Only `dot` needs no answer. With `mae` values get no gradient.
    """
    factor = SCALE / tokens
    if loss == "dot":
        return -factor * v
    assert answer is not None, "this loss compares with an answer"
    difference = answer - v
    return factor * (difference if loss == "mse" else difference.sign())


def trained_matrices(
    k_BHND: Tensor, v_BHND: Tensor, w1: Tensor, w2: Tensor, rate: float, loss: InnerLoss
) -> tuple[Tensor, Tensor]:
    """W1 and W2 (H x D x D) of every picture after one step; the step of a column is shorter than `rate`."""
    z1_BHND, z2_BHND = k_BHND @ w1, k_BHND @ w2
    gate_BHND = z2_BHND.sigmoid()
    silu_BHND = z2_BHND * gate_BHND
    answer = None if loss == "dot" else z1_BHND * silu_BHND
    slope_BHND = loss_slope(answer, v_BHND, k_BHND.shape[2], loss)
    silu_slope_BHND = gate_BHND * (1 + z2_BHND - silu_BHND)
    k_BHDN = k_BHND.transpose(2, 3)
    step1 = k_BHDN @ (slope_BHND * silu_BHND)
    step2 = k_BHDN @ (slope_BHND * z1_BHND * silu_slope_BHND)
    return w1 - rate * _clipped(step1), w2 - rate * _clipped(step2)


def _clipped(step: Tensor) -> Tensor:
    """A step whose columns (axis 2) are shorter than one."""
    shorter: Tensor = step / (torch.linalg.vector_norm(step, dim=2, keepdim=True) + 1)
    return shorter


def trained_kernel(k_BDRS: Tensor, v_BDRS: Tensor, w_DT: Tensor, rate: float, loss: InnerLoss) -> Tensor:
    """The 3 x 3 kernel (D x 9) of every picture after one step, B x D x 9."""
    size, rows, columns = len(k_BDRS), *k_BDRS.shape[2:]
    padded = functional.pad(k_BDRS, (1, 1, 1, 1))
    answer = None if loss == "dot" else convolved(k_BDRS, w_DT.expand(size, -1, -1))
    slope = loss_slope(answer, v_BDRS, rows * columns, loss)
    step_BDT = torch.stack(
        [(padded[:, :, y : y + rows, x : x + columns] * slope).sum((2, 3)) for y, x in _TAPS], -1
    )
    return w_DT - rate * _clipped(step_BDT)


def convolved(x_BDRS: Tensor, w_BDT: Tensor) -> Tensor:
    """A 3 x 3 depthwise convolution whose kernel is each picture's own: one group a picture and channel."""
    size, width, rows, columns = x_BDRS.shape
    groups = size * width
    kernels = w_BDT.reshape(groups, 1, 3, 3)
    answer = functional.conv2d(x_BDRS.reshape(1, groups, rows, columns), kernels, padding=1, groups=groups)
    return answer.reshape(x_BDRS.shape)


class TTT(nn.Module):
    """The test-time training block of ViT^3: linear in the number of tokens, without a softmax.

    The inner steps are computed in fp32. `rate` is the inner learning rate, 0 for a static model; `loss` and
    `branches` are for ablations.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        *,
        rotary: RotaryPositions | None = None,
        rate: float = 1.0,
        loss: InnerLoss = "dot",
        branches: Branches = "both",
    ) -> None:
        super().__init__()
        width = head_width(dim, num_heads)
        self.num_heads, self.head_width = num_heads, width
        self.rotary, self.rate, self.loss = rotary, rate, loss
        self.has_matrices, self.has_convolution = branches != "convolution", branches != "matrices"
        inside = dim * self.has_matrices + width * self.has_convolution
        self.qkv = projection(dim, 3 * inside)
        self.proj = projection(inside, dim)
        if self.has_matrices:
            self.w1 = _small(1, num_heads, width, width)
            self.w2 = _small(1, num_heads, width, width)
        if self.has_convolution:
            self.w3 = _small(width, 1, 3, 3)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        dim, width = self.proj.out_features, self.head_width
        widths = [dim] * (3 * self.has_matrices) + [width] * (3 * self.has_convolution)
        parts = self.qkv(x_BNC).split(widths, -1)
        device = x_BNC.device.type
        has_autocast = torch.amp.is_autocast_available(device)  # counting on shapes alone has none
        with torch.autocast(device, enabled=False) if has_autocast else nullcontext():
            learned = []
            if self.has_matrices:
                q_BNC, k_BNC, v_BNC = (part.float() for part in parts[:3])
                learned.append(self._by_matrices(q_BNC, k_BNC, v_BNC, grid))
            if self.has_convolution:
                q_BND, k_BND, v_BND = (part.float() for part in parts[-3:])
                learned.append(self._by_convolution(q_BND, k_BND, v_BND, grid))
        mixed: Tensor = self.proj(torch.cat(learned, -1).to(x_BNC.dtype))
        return mixed

    def _by_matrices(self, q_BNC: Tensor, k_BNC: Tensor, v_BNC: Tensor, grid: Grid) -> Tensor:
        if self.rotary is not None:
            q_BNC, k_BNC = self.rotary(q_BNC, grid), self.rotary(k_BNC, grid)
        q_BHND, k_BHND, v_BHND = (
            u.reshape(*u.shape[:2], self.num_heads, -1).transpose(1, 2) for u in (q_BNC, k_BNC, v_BNC)
        )
        w1, w2 = trained_matrices(k_BHND, v_BHND, self.w1.float(), self.w2.float(), self.rate, self.loss)
        answer_BHND = (q_BHND @ w1) * functional.silu(q_BHND @ w2)
        return answer_BHND.transpose(1, 2).flatten(2)

    def _by_convolution(self, q_BND: Tensor, k_BND: Tensor, v_BND: Tensor, grid: Grid) -> Tensor:
        q_BDRS, k_BDRS, v_BDRS = (u.transpose(1, 2).reshape(len(u), -1, *grid) for u in (q_BND, k_BND, v_BND))
        kernel = trained_kernel(k_BDRS, v_BDRS, self.w3.float().flatten(1), self.rate, self.loss)
        return convolved(q_BDRS, kernel).flatten(2).transpose(1, 2)


def _small(*shape: int) -> nn.Parameter:
    values = torch.empty(*shape)
    nn.init.trunc_normal_(values, std=WEIGHT_STD)
    return nn.Parameter(values)
