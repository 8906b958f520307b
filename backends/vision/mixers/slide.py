"""Slide attention: every token attends to its neighbours, which learned convolutions shift and deform.

"Slide-Transformer: Hierarchical Vision Transformer with Local Self-Attention", CVPR 2023 (arXiv 2304.04237).

The paper shifts keys and values by depthwise convolutions of k*k outputs a channel, so that both are held k*k
times over. Since attention is linear in shifted keys and in shifted values, the same numbers come from plain
neighbours: products q*k of all of them, then one small matrix product with the merged kernels, and the same
turned round for the values. `shifted` is the paper's way; the two are equal but for rounding.

Legend: B pictures, A heads, G = BA, D width of a head, S neighbours, N tokens, C width.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.place import Grid
from backends.vision.mixers.projections import WEIGHT_STD, head_width, projection


class SlideAttention(nn.Module):
    """Attention within a window of odd side around each token, over a grid.

    Channels of the queries, keys and values are read by heads: for each head its D of q, of k, of v. Heads,
    keys and values share the kernels. Neighbours outside the picture take part as zeros, as released, unless
    `mask_border`. The fixed shifts are no parameters, but their bias is learned, as released.
    """

    shifts_DSS: Tensor

    def __init__(
        self, dim: int, num_heads: int, *, window: int = 3, deforms: bool = True, mask_border: bool = False
    ) -> None:
        super().__init__()
        if window % 2 == 0:
            raise ValueError(f"A window around a token has an odd side, not {window}.")
        width, neighbours = head_width(dim, num_heads), window * window
        self.head_width, self.window, self.mask_border = width, window, mask_border
        self.qkv = projection(dim, 3 * dim)
        self.proj = projection(dim, dim)
        bound = 1 / window  # as of a depthwise convolution of torch
        self.shift_bias = nn.Parameter(torch.empty(width * neighbours).uniform_(-bound, bound))
        self.register_buffer("shifts_DSS", torch.eye(neighbours).repeat(width, 1, 1), persistent=False)
        self.deform = (
            nn.Conv2d(width, width * neighbours, window, padding=window // 2, groups=width)
            if deforms
            else None
        )
        self.relative = nn.Parameter(torch.empty(num_heads, neighbours))
        nn.init.trunc_normal_(self.relative, std=WEIGHT_STD)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        q_GDN, k_GDN, v_GDN = self._heads(x_BNC)
        kernels_DST, bias_DS = self.merged()
        products_GEN = (q_GDN[:, :, None] * self._neighbours(k_GDN, grid)).flatten(1, 2)  # E = D * T
        logits_GSN = _for_each(kernels_DST.transpose(0, 1).flatten(1), products_GEN) + _for_each(
            bias_DS.T, q_GDN
        )
        weights_GSN = self._weights(logits_GSN, q_GDN, grid)
        spread_GEN = _for_each(kernels_DST.transpose(1, 2).flatten(0, 1), weights_GSN)
        spread_GDTN = spread_GEN.reshape(products_GEN.shape[0], self.head_width, -1, q_GDN.shape[2])
        o_GDN = (spread_GDTN * self._neighbours(v_GDN, grid)).sum(2) + _for_each(bias_DS, weights_GSN)
        return self._answer(o_GDN, len(x_BNC))

    def shifted(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        """The same by shifted copies of keys and values, as published: slower, and k*k times the memory."""
        q_GDN, k_GDN, v_GDN = self._heads(x_BNC)
        kernels_DST, bias_DS = self.merged()

        def copies_GDSN(u_GDN: Tensor) -> Tensor:
            kernels = kernels_DST.reshape(-1, 1, self.window, self.window)
            moved = functional.conv2d(
                u_GDN.reshape(*u_GDN.shape[:2], *grid),
                kernels,
                bias_DS.flatten(),
                padding=self.window // 2,
                groups=self.head_width,
            )
            return moved.reshape(len(u_GDN), self.head_width, -1, u_GDN.shape[2])

        logits_GSN = (q_GDN[:, :, None] * copies_GDSN(k_GDN)).sum(1)
        weights_GSN = self._weights(logits_GSN, q_GDN, grid)
        o_GDN = (weights_GSN[:, None] * copies_GDSN(v_GDN)).sum(2)
        return self._answer(o_GDN, len(x_BNC))

    def merged(self) -> tuple[Tensor, Tensor]:
        """Shifts and deformation as one kernel (D x shift x tap) and bias (D x shift)."""
        kernels: Tensor = self.shifts_DSS
        bias: Tensor = self.shift_bias
        if self.deform is not None:
            assert self.deform.bias is not None
            kernels = kernels + self.deform.weight.reshape(kernels.shape)
            bias = bias + self.deform.bias
        return kernels, bias.reshape(self.head_width, -1)

    def _heads(self, x_BNC: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        by_head = self.qkv(x_BNC).transpose(1, 2).reshape(-1, 3, self.head_width, x_BNC.shape[1])
        q_GDN, k_GDN, v_GDN = by_head.unbind(1)
        return q_GDN / math.sqrt(self.head_width), k_GDN, v_GDN

    def _neighbours(self, u_GDN: Tensor, grid: Grid) -> Tensor:
        """The neighbours of every token, G x D x T x N, with zeros outside."""
        maps = u_GDN.reshape(*u_GDN.shape[:2], *grid)
        columns = functional.unfold(maps, self.window, padding=self.window // 2)
        return columns.reshape(*u_GDN.shape[:2], -1, u_GDN.shape[2])

    def _weights(self, logits_GSN: Tensor, q_GDN: Tensor, grid: Grid) -> Tensor:
        # The bias belongs to the keys, over all channels of a head: it enters by the sum of the query.
        relative_GS1 = self.relative.repeat(len(q_GDN) // len(self.relative), 1)[:, :, None]
        logits_GSN = logits_GSN + relative_GS1 * q_GDN.sum(1, keepdim=True)
        if self.mask_border:
            inside = functional.unfold(q_GDN.new_ones(1, 1, *grid), self.window, padding=self.window // 2)
            logits_GSN = logits_GSN.masked_fill(inside == 0, -math.inf)
        return logits_GSN.softmax(1)

    def _answer(self, o_GDN: Tensor, size: int) -> Tensor:
        mixed: Tensor = self.proj(o_GDN.reshape(size, -1, o_GDN.shape[2]).transpose(1, 2))
        return mixed


def _for_each(matrix: Tensor, x_GIN: Tensor) -> Tensor:
    """A matrix times each of G; `@` would fold G into N by copies of both sides."""
    return torch.bmm(matrix.expand(len(x_GIN), -1, -1), x_GIN)
