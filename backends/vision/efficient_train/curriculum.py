"""When how much of a picture is shown: segments of a run, each with a side and a magnitude.

Costs are counted in steps at full size: a step at side B of S costs (B / S)^2 of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

# Sides of the released schedules, at 224 pixels.
_FULL = 224
_PLUS_PLUS = (96, 96, 160, 160, 160, 160, 192, 192, 224, 224)  # the schedule of DeiT
_ET = ((0.6, 160), (0.2, 192), (0.2, 224))  # shares of the epochs, not of the computation


@dataclass(frozen=True, slots=True)
class Segment:
    """Some steps at one side; `magnitude` is RandAugment's at their begin and end."""

    steps: int
    side: int
    magnitude: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curriculum:
    """The segments of a run, in order, the last one at full size."""

    segments: tuple[Segment, ...]
    full_side: int

    @property
    def num_steps(self) -> int:
        return sum(segment.steps for segment in self.segments)

    @property
    def cost(self) -> float:
        """Computation of the run, in steps at full size."""
        return self._costs()[-1]

    def segment_at(self, step: int) -> Segment:
        """The segment that a step belongs to; the last one for what comes after the end."""
        ends = accumulate(segment.steps for segment in self.segments)
        return next(
            (segment for segment, end in zip(self.segments, ends, strict=True) if step < end),
            self.segments[-1],
        )

    def magnitude_at(self, step: int) -> float:
        """RandAugment's magnitude at a step."""
        begin = 0
        for segment in self.segments:
            if step < begin + segment.steps:
                low, high = segment.magnitude
                return low + (high - low) * (step - begin) / segment.steps
            begin += segment.steps
        return self.segments[-1].magnitude[1]

    def share_at(self, step: int) -> float:
        """The share of the computation that is done before a step; the learning rate follows it."""
        begin, spent = 0, 0.0
        for segment, cost in zip(self.segments, self._costs(), strict=True):
            if step < begin + segment.steps:
                return (spent + (step - begin) * self._price(segment)) / self.cost
            begin, spent = begin + segment.steps, cost
        return 1.0

    def _price(self, segment: Segment) -> float:
        return (segment.side / self.full_side) ** 2

    def _costs(self) -> list[float]:
        return list(accumulate(segment.steps * self._price(segment) for segment in self.segments))


def full_size(side: int, steps: int, magnitude: float) -> Curriculum:
    """The baseline: all steps at full size, full augmentation from the start."""
    return Curriculum((Segment(steps, side, (magnitude, magnitude)),), side)


def efficient_train(side: int, steps: int, magnitude: float, multiple: int) -> Curriculum:
    """EfficientTrain: three sides over 60, 20 and 20 % of the epochs, for the cost of `steps` full steps."""
    sides = [(share, _scaled(base, side, multiple)) for share, base in _ET]
    total = steps / sum(share * (small / side) ** 2 for share, small in sides)
    done, segments = 0.0, []
    for share, small in sides:
        ramp = (magnitude * done, magnitude * (done + share))
        segments.append(Segment(max(round(total * share), 1), small, ramp))
        done += share
    return Curriculum(tuple(segments), side)


def efficient_train_plus_plus(side: int, steps: int, magnitude: float, multiple: int) -> Curriculum:
    """EfficientTrain++: ten segments of equal computation; augmentation goes up by one step a segment."""
    parts = len(_PLUS_PLUS)
    segments = []
    for number, base in enumerate(_PLUS_PLUS):
        small = _scaled(base, side, multiple)
        level = magnitude * number / (parts - 1)
        num_steps = max(round(steps / parts * (side / small) ** 2), 1)
        segments.append(Segment(num_steps, small, (level, level)))
    return Curriculum(tuple(segments), side)


def _scaled(base: int, side: int, multiple: int) -> int:
    """A side of the schedule at another full side, in whole patches."""
    return side if base == _FULL else max(round(side * base / _FULL / multiple), 1) * multiple
