"""Linear attention: with features in place of the softmax, keys and values are summed first.

"Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention", ICML 2020. ReLU or
ELU + 1 as features makes the plain baselines that focused attention is held against.

Legend: B pictures, N queries, M keys, C width, H heads, D width of a head.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.place import Grid
from backends.vision.mixers.projections import head_width, projection

EPS = 1e-6


def linear_attention(q_BHND: Tensor, k_BHMD: Tensor, v_BHMD: Tensor) -> Tensor:
    """Attention with weights q.k / sum q.k of non-negative features, in time linear in N and M.

    Sums are kept as means, so that half precision does not overflow with many tokens.
    """
    root = k_BHMD.shape[2] ** -0.5
    norm_BHN1 = q_BHND @ k_BHMD.mean(2, keepdim=True).transpose(2, 3) + EPS
    summed_BHDD = (k_BHMD * root).transpose(2, 3) @ (v_BHMD * root)
    attended: Tensor = q_BHND @ summed_BHDD / norm_BHN1
    return attended


def linear_weights(q_BHND: Tensor, k_BHMD: Tensor) -> Tensor:
    """The weights that linear attention never forms, B x H x N x M."""
    products_BHNM = q_BHND @ k_BHMD.transpose(2, 3)
    return products_BHNM / (products_BHNM.sum(3, keepdim=True) + EPS * k_BHMD.shape[2])


class LinearAttention(nn.Module):
    """Linear attention with an element-wise feature map."""

    def __init__(self, dim: int, num_heads: int, feature: Literal["relu", "elu"] = "relu") -> None:
        super().__init__()
        self.head_width = head_width(dim, num_heads)
        self.feature = feature
        self.qkv = projection(dim, 3 * dim)
        self.proj = projection(dim, dim)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        del grid
        size, tokens, dim = x_BNC.shape
        qkv = self.qkv(x_BNC).view(size, tokens, 3, -1, self.head_width)
        q_BHND, k_BHND, v_BHND = qkv.permute(2, 0, 3, 1, 4)
        o_BHND = linear_attention(self._features(q_BHND), self._features(k_BHND), v_BHND)
        mixed: Tensor = self.proj(o_BHND.transpose(1, 2).reshape(size, tokens, dim))
        return mixed

    def _features(self, u: Tensor) -> Tensor:
        match self.feature:
            case "relu":
                return torch.relu(u) + EPS
            case "elu":
                return functional.elu(u) + 1
