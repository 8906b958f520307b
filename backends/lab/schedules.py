"""How the learning rate moves over a run, as a function of the share of the run that is done."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A linear warm-up over the first `warmup` of the run, then the shape down to `floor` of the rate."""

    shape: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = 0.05
    floor: float = 0.0

    def __call__(self, share: float) -> float:
        """The factor on the learning rate when `share` in [0, 1] of the run is done."""
        if share < self.warmup:
            return max(share / self.warmup, 1e-3)  # a first step of zero length would be wasted
        rest = (share - self.warmup) / max(1 - self.warmup, 1e-12)
        match self.shape:
            case "constant":
                return 1.0
            case "linear":
                left = 1 - rest
            case "cosine":
                left = (1 + math.cos(math.pi * rest)) / 2
        return self.floor + (1 - self.floor) * left
