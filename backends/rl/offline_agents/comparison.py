"""What trainings that are compared came to, one by one and several seeds together."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel

from backends.rl.evaluation.aggregates import interquartile_mean
from backends.rl.evaluation.bootstrap import estimate
from backends.rl.offline_agents.training import OfflineTrained


class ArmScore(BaseModel):
    """The final and the best score of one training; neither stands for the other."""

    final: float
    best: float
    curve: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, trained: OfflineTrained) -> Self:
        """Of a training that was evaluated by `score` and came to its end."""
        curve = tuple((step, found["score"]) for step, found in trained.history)
        return cls(final=trained.final["score"], best=trained.best["score"], curve=curve)


def finals(scores: Sequence[ArmScore]) -> list[float]:
    """The final scores."""
    return [one.final for one in scores]


def over_seeds(scores: Sequence[ArmScore]) -> dict[str, float]:
    """The interquartile mean of final scores with its stratified bootstrap interval, and of the best ones."""
    final = estimate(finals(scores), interquartile_mean)
    best = estimate([one.best for one in scores], interquartile_mean)
    return {"final": final.value, "final_low": final.low, "final_high": final.high, "best": best.value}
