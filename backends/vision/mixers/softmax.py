"""Multi-head softmax attention: the baseline of every other mixer, by torch's fused kernel.

Legend: B pictures, N tokens, C width, H heads, D width of a head.
"""

from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.place import Grid
from backends.vision.mixers.projections import head_width, projection


class SoftmaxAttention(nn.Module):
    """Attends from every token to every token; the grid does not matter."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.head_width = head_width(dim, num_heads)
        self.qkv = projection(dim, 3 * dim)
        self.proj = projection(dim, dim)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        del grid
        size, tokens, dim = x_BNC.shape
        qkv = self.qkv(x_BNC).view(size, tokens, 3, -1, self.head_width)
        q_BHND, k_BHND, v_BHND = qkv.permute(2, 0, 3, 1, 4)
        o_BHND = functional.scaled_dot_product_attention(q_BHND, k_BHND, v_BHND)
        mixed: Tensor = self.proj(o_BHND.transpose(1, 2).reshape(size, tokens, dim))
        return mixed
