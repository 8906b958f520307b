"""Visual-contrast attention: queries read what a few pooled tokens found for, less what they found against.

"Linear Differential Vision Transformer: Learning Visual-Contrast Tokens", NeurIPS 2025, arXiv 2511.00833.
The cost is linear in tokens, for a fixed number n of pooled ones. The authors' repository could not be read;
what is here agrees with two independent implementations of their classifier and with the published counts.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.differential import NORM_EPS, ContrastWeight, first_contrast
from backends.vision.mixers.place import Grid, Place
from backends.vision.mixers.projections import head_width, projection
from backends.vision.mixers.tokens import TokenConvolution, as_map, as_tokens

# Shape legend: B pictures, N tokens, C width, H heads, D width of a head, M pooled tokens, P = 2M


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastSettings:
    """How contrast is taken: `pooled` rows and columns of tokens.

    The paper writes two maps in the second stage; the released classifier normalises them as one, which
    `joint_softmax` follows. `embedding_std` is that of the two streams' embeddings: 1, which dominates the
    pooled queries at first, and is meant to. Without `convolution` of the values it is a control.
    """

    pooled: Grid = (7, 7)
    joint_softmax: bool = True
    embedding_std: float = 1.0
    convolution: bool = True


class VisualContrastAttention(nn.Module):
    """Attention in two stages through 2M contrast tokens; prefix tokens are neither pooled nor convolved."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        block: int,
        settings: ContrastSettings | None = None,
        num_prefix: int = 0,
    ) -> None:
        super().__init__()
        self.settings = settings or ContrastSettings()
        self.head_width = head_width(dim, num_heads)
        self.num_prefix = num_prefix
        self.start = first_contrast(block)
        self.q, self.k, self.v = (projection(dim, dim) for _ in range(3))
        rows, columns = self.settings.pooled
        self.positive = nn.Parameter(torch.randn(1, rows * columns, dim) * self.settings.embedding_std)
        self.negative = nn.Parameter(torch.randn(1, rows * columns, dim) * self.settings.embedding_std)
        self.first_weight = ContrastWeight(self.head_width, self.start)
        self.second_weight = ContrastWeight(self.head_width, self.start)
        self.first_norm = nn.RMSNorm(self.head_width, eps=NORM_EPS)
        self.second_norm = nn.RMSNorm(self.head_width, eps=NORM_EPS)
        self.local = TokenConvolution(dim) if self.settings.convolution else None
        self.proj = projection(dim, dim)

    def forward(self, x_BNC: Tensor, grid: Grid) -> Tensor:
        q_BNC, k_BNC, v_BNC = self.q(x_BNC), self.k(x_BNC), self.v(x_BNC)
        t_BHPD = self._heads(torch.cat(self._streams(q_BNC, grid), 1))
        q_BHND, k_BHND, v_BHND = self._heads(q_BNC), self._heads(k_BNC), self._heads(v_BNC)
        contrast_BHMD = self._contrast(t_BHPD, k_BHND, v_BHND)
        o_BHND = self._read(q_BHND, t_BHPD, contrast_BHMD)
        o_BNC = o_BHND.transpose(1, 2).flatten(2)
        if self.local is not None:
            o_BNC = o_BNC + self._padded(self.local.on_tokens(v_BNC[:, self.num_prefix :], grid))
        mixed: Tensor = self.proj(o_BNC)
        return mixed

    def maps(self, x_BNC: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
        """What the tokens of each query read for and against (B x H x N x N each), before the norms.

        Their difference with the learned weights, times the values, is the second stage's input.
        """
        q_BNC = self.q(x_BNC)
        positive, negative = (self._heads(stream) for stream in self._streams(q_BNC, grid))
        q_BHND, k_BHND = self._heads(q_BNC), self._heads(self.k(x_BNC))
        scale = self.head_width**-0.5
        found_BHMN, doubted_BHMN = (
            (stream @ k_BHND.mT * scale).softmax(-1) for stream in (positive, negative)
        )
        signed_BHMN = found_BHMN - self.first_weight() * doubted_BHMN
        for_BHNM, against_BHNM = self._second_maps(q_BHND, torch.cat([positive, negative], 2))
        return for_BHNM @ signed_BHMN, against_BHNM @ signed_BHMN

    def _streams(self, q_BNC: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
        """The pooled queries, told apart as a positive and a negative stream."""
        map_BCHW = as_map(q_BNC[:, self.num_prefix :], grid)
        pooled_BMC = as_tokens(functional.adaptive_avg_pool2d(map_BCHW, self.settings.pooled))
        return pooled_BMC + self.positive, pooled_BMC + self.negative

    def _contrast(self, t_BHPD: Tensor, k_BHND: Tensor, v_BHND: Tensor) -> Tensor:
        """Stage 1: both streams read all tokens, and the second is taken from the first."""
        found_BHPD = functional.scaled_dot_product_attention(t_BHPD, k_BHND, v_BHND)
        positive, negative = found_BHPD.chunk(2, 2)
        weight = self.first_weight().to(found_BHPD.dtype)
        normalised: Tensor = self.first_norm(positive - weight * negative)
        return (1 - self.start) * normalised

    def _read(self, q_BHND: Tensor, t_BHPD: Tensor, contrast_BHMD: Tensor) -> Tensor:
        """Stage 2: every token reads the contrast through the difference of its two maps."""
        for_BHNM, against_BHNM = self._second_maps(q_BHND, t_BHPD)
        read = (for_BHNM - against_BHNM) @ contrast_BHMD
        normalised: Tensor = self.second_norm(read)
        return (1 - self.start) * normalised

    def _second_maps(self, q_BHND: Tensor, t_BHPD: Tensor) -> tuple[Tensor, Tensor]:
        """Each query's map over the positive stream, and the weighted one over the negative."""
        logits_BHNP = q_BHND @ t_BHPD.mT * self.head_width**-0.5
        if self.settings.joint_softmax:
            positive, negative = logits_BHNP.softmax(-1).chunk(2, -1)
        else:
            positive, negative = (each.softmax(-1) for each in logits_BHNP.chunk(2, -1))
        return positive, self.second_weight().to(positive.dtype) * negative

    def _padded(self, x_BNC: Tensor) -> Tensor:
        """Nothing for the prefix tokens, then what is for the grid."""
        return functional.pad(x_BNC, (0, 0, self.num_prefix, 0))

    def _heads(self, x_BNC: Tensor) -> Tensor:
        return x_BNC.view(*x_BNC.shape[:2], -1, self.head_width).transpose(1, 2)


def contrast_mixer(settings: ContrastSettings, place: Place) -> VisualContrastAttention:
    """The mixer of a host's block."""
    return VisualContrastAttention(place.dim, place.num_heads, place.block, settings, place.num_prefix)
