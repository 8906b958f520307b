"""Evolving attention: logits go on from layer to layer, mixed with each layer's own and convolved.

"Convolution-Enhanced Evolving Attention Networks", TPAMI 2023 (arXiv 2102.12895). The papers' text calls the
share of the earlier logits alpha and that of the convolution beta; the released code has them the other way
round. Here they are called `carried` and `convolved`.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.vision.mixers.projections import head_width

# Shape legend: B examples, N queries, M keys, H heads, C width, D width of a head, L longest sequence

Direction = Literal["both", "causal", "causal_queries"]
_PADDING: dict[Direction, tuple[int, int, int, int]] = {  # left, right, top, bottom of the map
    "both": (1, 1, 1, 1),
    "causal": (2, 0, 2, 0),
    "causal_queries": (1, 1, 2, 0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvolutionShares:
    """How a layer's map is made: shares of the `carried` logits, and of their `convolved` refinement."""

    carried: float = 0.7
    convolved: float = 0.3

    def __post_init__(self) -> None:
        if not (0 <= self.carried <= 1 and 0 <= self.convolved <= 1):
            raise ValueError(f"Shares lie between 0 and 1, unlike {self.carried} and {self.convolved}.")


class LogitEvolution(nn.Module):
    """P = convolved * act(conv(M)) + (1 - convolved) * M, M = (1 - carried) * logits + carried * last P.

    The heads are the channels of the 3 x 3 convolution. `direction` says what a place of the map may know:
    `causal` only earlier queries and keys (a decoder), `causal_queries` earlier queries and all keys (a
    decoder that reads an encoder).
    """

    def __init__(
        self,
        num_heads: int,
        shares: EvolutionShares,
        *,
        direction: Direction = "both",
        activation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.shares = shares
        self.padding = _PADDING[direction]
        self.conv = nn.Conv2d(num_heads, num_heads, kernel_size=3)
        self.activation = activation or nn.LeakyReLU(0.01)

    def forward(self, logits_BHNM: Tensor, carried_BHNM: Tensor, seen: Tensor | None = None) -> Tensor:
        """The layer's map; places that are not `seen` (broadcast over B x H x N x M) stay out of it, as 0."""
        share = self.shares.carried
        mixed = (1 - share) * logits_BHNM + share * carried_BHNM
        if seen is not None:
            mixed = mixed.masked_fill(~seen, 0.0)
        refined = self.activation(self.conv(functional.pad(mixed, self.padding)))
        evolved: Tensor = self.shares.convolved * refined + (1 - self.shares.convolved) * mixed
        return evolved


class RelativeLogits(nn.Module):
    """q_i . r_(j - i), with a learned vector for each distance up to a longest sequence."""

    def __init__(self, width: int, longest: int) -> None:
        super().__init__()
        self.longest = longest
        self.table = nn.Parameter(torch.randn(2 * longest - 1, width) * width**-0.5)

    def forward(self, q_BHND: Tensor) -> Tensor:
        num_tokens = q_BHND.shape[-2]
        return at_distances(q_BHND @ self.table.T, num_tokens, self.longest)


def at_distances(by_distance: Tensor, num_tokens: int, longest: int) -> Tensor:
    """From a value for each distance (... x N x 2L-1) the value for each pair of tokens (... x N x N)."""
    place = torch.arange(num_tokens, device=by_distance.device)
    distance = place[None] - place[:, None] + longest - 1
    return by_distance.gather(-1, distance.expand(*by_distance.shape[:-1], num_tokens))


class GridRelativeLogits(nn.Module):
    """Logits relative in two directions: q . r for the rows between two places, and q . s for the columns."""

    def __init__(self, width: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.rows, self.columns = (RelativeLogits(width, longest) for longest in grid)

    def forward(self, q_BHND: Tensor, grid: tuple[int, int]) -> Tensor:
        q_BHRSD = q_BHND.reshape(*q_BHND.shape[:2], *grid, -1)  # R rows, S columns
        down_BHSRR = self.rows(q_BHRSD.transpose(2, 3))
        across_BHRSS = self.columns(q_BHRSD)
        logits: Tensor = down_BHSRR.transpose(2, 3)[..., None] + across_BHRSS[..., None, :]
        return logits.flatten(4).flatten(2, 3)


class EvolvingAttention(nn.Module):
    """Multi-head attention that takes the earlier layer's map and hands on its own.

    With `evolution` None, as in the first layer, the map is the logits. `seen` is what the convolution may
    read of the map, `keys` what the softmax may; both broadcast over B x H x N x M.
    """

    def __init__(self, dim: int, num_heads: int, evolution: LogitEvolution | None) -> None:
        super().__init__()
        self.head_width = head_width(dim, num_heads)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.evolution = evolution

    def forward(
        self,
        x_BNC: Tensor,
        carried: Tensor | None = None,
        *,
        seen: Tensor | None = None,
        keys: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        qkv = self.qkv(x_BNC).unflatten(-1, (3, -1, self.head_width))
        q_BHND, k_BHND, v_BHND = qkv.permute(2, 0, 3, 1, 4)
        map_BHNN = q_BHND @ k_BHND.mT * self.head_width**-0.5
        if self.evolution is not None:
            assert carried is not None, "only the first layer has nothing to go on from"
            map_BHNN = self.evolution(map_BHNN, carried, seen)
        mixed_BHND = masked_softmax(map_BHNN, keys) @ v_BHND
        return self.proj(mixed_BHND.transpose(1, 2).flatten(2)), map_BHNN


def masked_softmax(map_BHNM: Tensor, keys: Tensor | None) -> Tensor:
    """Softmax over the keys that may be read."""
    if keys is not None:
        map_BHNM = map_BHNM.masked_fill(~keys, -torch.inf)
    return map_BHNM.softmax(-1)
