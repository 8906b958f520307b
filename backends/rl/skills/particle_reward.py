"""Surprise as a reward: how far a state lies from its nearest neighbours in a batch, as in APT."""

import torch
from torch import Tensor

# Shape legend: B batch, R features of a state, K neighbours


class RunningVariance:
    """Mean and variance of all values seen, by Chan's update; it begins as almost nothing of variance 1."""

    def __init__(self) -> None:
        self.mean, self.variance, self.count = 0.0, 1.0, 1e-4

    def add(self, values: Tensor) -> None:
        """Take more values; at least two."""
        new = values.numel()
        delta = float(values.mean()) - self.mean
        total = self.count + new
        own = self.variance * self.count + float(values.var()) * new
        self.variance = (own + delta**2 * self.count * new / total) / total
        self.mean += delta * new / total
        self.count = total

    def state(self) -> dict[str, float]:
        """What a checkpoint keeps."""
        return {"mean": self.mean, "variance": self.variance, "count": self.count}

    def restore(self, state: dict[str, float]) -> None:
        """Go on from a checkpoint."""
        self.mean, self.variance, self.count = state["mean"], state["variance"], state["count"]


class ParticleReward:
    """log(1 + the mean normalised distance to the k nearest).

    Distances are divided by their running variance, not its root: the published code calls it a deviation,
    and its constants belong to the variance.

    Args:
        neighbours: k.
        clip: Distances below this, after normalising, count as none.
        minus_mean: Whether the running mean is subtracted first (MOSS) or not (CIC).
    """

    def __init__(self, neighbours: int = 16, clip: float = 5e-4, *, minus_mean: bool) -> None:
        self._neighbours = neighbours
        self._clip = clip
        self._minus_mean = minus_mean
        self.seen = RunningVariance()

    @torch.no_grad()
    def __call__(self, from_BR: Tensor, to_BR: Tensor) -> Tensor:
        """The reward of each row, by its distances to all rows of the other side."""
        distances_BB = torch.cdist(from_BR, to_BR)
        nearest_BK = distances_BB.topk(min(self._neighbours, len(to_BR)), dim=1, largest=False).values
        self.seen.add(nearest_BK)
        if self._minus_mean:
            nearest_BK = nearest_BK - self.seen.mean
        normalised_BK = nearest_BK / self.seen.variance
        return torch.log1p((normalised_BK - self._clip).clamp(min=0).mean(1))
