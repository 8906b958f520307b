"""How long something takes on this machine, with the spread: warm-up, repeats, median and quartiles."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles

import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds of repeated calls."""

    median: float
    lower_quartile: float
    upper_quartile: float
    slowest_of_20: float
    repeats: int

    def per_second(self, items: int) -> float:
        """Items a second when a call does so many."""
        return 1000 * items / self.median


def time_calls(
    call: Callable[[], object], *, device: str, warmup: int = 3, repeats: int = 30, seconds: float = 10.0
) -> Timing:
    """Time calls until there are `repeats` or `seconds` are over, but at least five."""
    for _ in range(warmup):
        call()
    clock = _gpu_milliseconds if device == "cuda" else _milliseconds
    taken: list[float] = []
    begin = time.perf_counter()
    while len(taken) < 5 or (len(taken) < repeats and time.perf_counter() - begin < seconds):
        taken.append(clock(call))
    lower, median, upper = quantiles(taken, n=4, method="inclusive")
    slowest = quantiles(taken, n=20, method="inclusive")[-1]
    return Timing(
        median=median,
        lower_quartile=lower,
        upper_quartile=upper,
        slowest_of_20=slowest,
        repeats=len(taken),
    )


def _milliseconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - begin)


def _gpu_milliseconds(call: Callable[[], object]) -> float:
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    begin.record()
    call()
    end.record()
    torch.cuda.synchronize()
    return float(begin.elapsed_time(end))
