"""Numbers of any size as classes: the symmetric logarithm on a grid, weighted between two neighbours.

After DreamerV3 and STORM. The released code lets a target at or below the lowest bin fall on class -1; here
it is the lowest bin's.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

# Shape legend: N bins


def symlog(value: Tensor) -> Tensor:
    """The logarithm of the size, with the sign."""
    return value.sign() * value.abs().log1p()


def symexp(value: Tensor) -> Tensor:
    """What `symlog` came from."""
    return value.sign() * value.abs().expm1()


class SymlogTwoHot(nn.Module):
    """A grid of bins evenly from -20 to 20 on the scale of `symlog`."""

    bins_N: Tensor

    def __init__(self, num_bins: int = 255, bound: float = 20.0) -> None:
        super().__init__()
        self.register_buffer("bins_N", torch.linspace(-bound, bound, num_bins), persistent=False)

    def encode(self, values: Tensor) -> Tensor:
        """The two weights of each value, among zeros."""
        lower, weight = self._place(values)
        encoded = torch.zeros((*values.shape, len(self.bins_N)), device=values.device)
        encoded.scatter_(-1, lower[..., None], (1 - weight)[..., None])
        return encoded.scatter_(-1, lower[..., None] + 1, weight[..., None])

    def decode(self, logits_N: Tensor) -> Tensor:
        """The value in the middle of a distribution over bins."""
        return symexp(logits_N.softmax(-1) @ self.bins_N)

    def loss(self, logits_N: Tensor, values: Tensor) -> Tensor:
        """The mean cross entropy with `encode(values)`, of whose weights only two are looked at."""
        lower, weight = self._place(values)
        log_p_N = functional.log_softmax(logits_N, -1)
        below = log_p_N.gather(-1, lower[..., None]).squeeze(-1)
        above = log_p_N.gather(-1, lower[..., None] + 1).squeeze(-1)
        return -((1 - weight) * below + weight * above).mean()

    @torch.no_grad()
    def _place(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """The bin below each value, and how far it is on the way to the next."""
        target = symlog(values.float())
        lower = (torch.bucketize(target, self.bins_N) - 1).clamp(0, len(self.bins_N) - 2)
        weight = (target - self.bins_N[lower]) / (self.bins_N[1] - self.bins_N[0])
        return lower, weight.clamp(0, 1)
