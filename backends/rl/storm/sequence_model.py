"""The transformer over steps of token and action, whole sequences at once or step by step with a cache.

Each layer keeps its keys and values of the steps so far. The released code keeps the layer's inputs and
projects all of them again at every step; the answer is the same.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

# Shape legend: B sequences, L steps, Z token, A actions, D width, H heads, E width of a head


@dataclass(slots=True)
class Cache:
    """Keys and values of the steps so far, of every layer."""

    keys: list[Tensor]  # BHLE, room for the longest sequence
    values: list[Tensor]
    length: int = 0


class Attention(nn.Module):
    """Causal attention of a block: residual, then layer norm."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.to_queries_keys_values = nn.Linear(width, 3 * width, bias=False)
        self.to_output = nn.Linear(width, width, bias=False)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.dropout = dropout

    def forward(self, x_BLD: Tensor, cache: Cache | None = None, layer: int = 0) -> Tensor:
        """Attend to this and earlier steps; with a cache the given steps follow those in it."""
        batch, length = x_BLD.shape[:2]
        joined: Tensor = self.to_queries_keys_values(x_BLD)
        parts = joined.view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q_BHLE, k_BHLE, v_BHLE = parts
        first = 0
        if cache is not None:
            first, until = cache.length, cache.length + length
            cache.keys[layer][:, :, first:until] = k_BHLE
            cache.values[layer][:, :, first:until] = v_BHLE
            k_BHLE, v_BHLE = cache.keys[layer][:, :, :until], cache.values[layer][:, :, :until]
        assert first == 0 or length == 1, "a cache is filled at once and then grows by single steps"
        y_BHLE = functional.scaled_dot_product_attention(
            q_BHLE,
            k_BHLE,
            v_BHLE,
            is_causal=first == 0,
            dropout_p=self.dropout if self.training else 0.0,
        )
        y_BLD = self.to_output(y_BHLE.transpose(1, 2).flatten(2))
        normed: Tensor = self.norm(x_BLD + functional.dropout(y_BLD, self.dropout, self.training))
        return normed


class FeedForward(nn.Module):
    """Two layers on each step: residual, then layer norm."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.inner = nn.Linear(width, 2 * width)
        self.outer = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.dropout = dropout

    def forward(self, x_BLD: Tensor) -> Tensor:
        y_BLD = self.outer(self.inner(x_BLD).relu())
        normed: Tensor = self.norm(x_BLD + functional.dropout(y_BLD, self.dropout, self.training))
        return normed


class SequenceModel(nn.Module):
    """From tokens and actions to a feature of everything until then."""

    def __init__(
        self, token: int, actions: int, width: int, layers: int, heads: int, longest: int, dropout: float
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Linear(token + actions, width, bias=False),
            nn.LayerNorm(width),
            nn.ReLU(),
            nn.Linear(width, width, bias=False),
            nn.LayerNorm(width),
        )
        self.positions = nn.Embedding(longest, width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.attentions = nn.ModuleList(Attention(width, heads, dropout) for _ in range(layers))
        self.feed_forwards = nn.ModuleList(FeedForward(width, dropout) for _ in range(layers))

    def forward(self, tokens_BLZ: Tensor, actions_BLA: Tensor, cache: Cache | None = None) -> Tensor:
        """The feature after each step; steps given with a cache follow those that it holds."""
        first = 0 if cache is None else cache.length
        length = tokens_BLZ.shape[1]
        x_BLD: Tensor = self.stem(torch.cat((tokens_BLZ, actions_BLA), -1))
        x_BLD = self.norm(x_BLD + self.positions.weight[first : first + length])
        for layer, (attend, feed) in enumerate(zip(self.attentions, self.feed_forwards, strict=True)):
            x_BLD = feed(attend(x_BLD, cache, layer))
        if cache is not None:
            cache.length += length
        return x_BLD

    def new_cache(self, batch: int, length: int) -> Cache:
        """An empty cache with room for so many steps."""
        first = self.attentions[0]
        assert isinstance(first, Attention)
        width = self.positions.embedding_dim
        size = (batch, first.heads, length, width // first.heads)
        rooms = [self.positions.weight.new_empty(size) for _ in range(2 * len(self.attentions))]
        return Cache(rooms[::2], rooms[1::2])
