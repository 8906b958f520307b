"""What an evaluation found: rates, paired differences and the cost of each arm, with their uncertainty.

The unit is the task. All arms meet the same tasks, so differences are taken task by task and their interval
comes from drawing the tasks again (specification G.2).
"""

# Shape legend: T tasks

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, stdev
from typing import Any

import numpy as np

from agents.arena.statistics import (
    Interval,
    Rate,
    mcnemar,
    paired_score,
    percentiles,
    resampled_sums,
    wilson,
)
from agents.runs.event_log import RunEvent

REFERENCE = "react"
"""Every other arm is compared with this one, where it is there."""
REPLICATES = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Meeting:
    """One arm at one task with one seed: all its trials taken together."""

    arm: str
    task: str
    kind: str
    fold: int
    seed: int
    solved_at: int | None
    """The trial that succeeded, counted from 0."""
    reward: float
    steps: int
    invalid: int
    calls: int
    tokens: int

    @property
    def solved(self) -> bool:
        return self.solved_at is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class ArmResult:
    """One arm over all tasks."""

    arm: str
    rate: Rate
    by_retry: tuple[float, ...]
    """Share solved with 0, 1, ... retries."""
    fold_mean: float
    fold_error: float | None
    """Standard error over folds, as in the paper; it understates how sure one can be."""
    by_kind: Mapping[str, Rate]
    reward: float
    steps: float
    invalid: float
    tokens: float
    tokens_per_solved: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """An arm against the reference, task by task."""

    arm: str
    reference: str
    rate: Interval
    """By bootstrap over tasks."""
    score: Interval
    """By Tango's score, which few tasks do not mislead; without limits for several seeds, whose pairs are not
    independent."""
    only_arm: int
    only_reference: int
    p: float
    """Exact McNemar."""
    p_holm: float
    """After Holm, over all arms that are compared here."""
    steps: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """An evaluation."""

    num_tasks: int
    num_seeds: int
    arms: tuple[ArmResult, ...]
    differences: tuple[Difference, ...]
    half_width: float
    """Of an unpaired 95 % interval at a rate of one half, for as many tasks."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def meetings_of(events: Iterable[RunEvent]) -> list[Meeting]:
    """Every finished meeting of the evaluation in a run's log."""
    trials: dict[tuple[str, str, int], list[Mapping[str, Any]]] = {}
    for event in events:
        if event.kind == "attempt" and event.data["phase"] == "eval":
            one = event.data
            trials.setdefault((one["arm"], one["task"], one["seed"]), []).append(one)
    meetings = []
    for (arm, task, seed), attempts in trials.items():
        attempts.sort(key=lambda one: int(one["trial"]))
        solved = [int(one["trial"]) for one in attempts if one["outcome"] == "success"]
        meetings.append(
            Meeting(
                arm=arm, task=task, kind=attempts[0]["kind"], fold=attempts[0]["fold"], seed=seed,
                solved_at=solved[0] if solved else None, reward=attempts[-1]["reward"],
                steps=sum(one["steps"] for one in attempts),
                invalid=sum(one["invalid"] for one in attempts),
                calls=sum(one["calls"] for one in attempts),
                tokens=sum(one["input_tokens"] + one["output_tokens"] for one in attempts),
            )
        )  # fmt: skip
    return meetings


def results_of(meetings: Sequence[Meeting], *, seed: int = 0) -> Results | None:
    """Sum up; None where nothing was evaluated. Tasks that an arm has not met yet count for no arm."""
    arms = list(dict.fromkeys(one.arm for one in meetings))
    met = [{(one.task, one.seed) for one in meetings if one.arm == arm} for arm in arms]
    common = set.intersection(*met) if met else set()
    counted = [one for one in meetings if (one.task, one.seed) in common]
    if not counted:
        return None
    by_arm = {arm: [one for one in counted if one.arm == arm] for arm in arms}
    reference = REFERENCE if REFERENCE in by_arm else arms[0]
    tasks = sorted({one.task for one in counted})
    compared = [_difference(by_arm[arm], by_arm[reference], tasks, seed) for arm in arms if arm != reference]
    return Results(
        num_tasks=len(tasks),
        num_seeds=len({one.seed for one in counted}),
        arms=tuple(_arm_result(arm, ones) for arm, ones in by_arm.items()),
        differences=tuple(_after_holm(compared)),
        half_width=1.96 * float(np.sqrt(0.25 / len(tasks))),
    )


def _arm_result(arm: str, ones: Sequence[Meeting]) -> ArmResult:
    most = max((one.solved_at or 0) for one in ones)
    kinds = sorted({one.kind for one in ones})
    folds = sorted({one.fold for one in ones})
    rates = [mean(one.solved for one in ones if one.fold == fold) for fold in folds]
    solved = sum(one.solved for one in ones)
    tokens = sum(one.tokens for one in ones)
    return ArmResult(
        arm=arm,
        rate=wilson(solved, len(ones)),
        by_retry=tuple(
            mean(one.solved_at is not None and one.solved_at <= retry for one in ones)
            for retry in range(most + 1)
        ),
        fold_mean=mean(rates),
        fold_error=stdev(rates) / len(rates) ** 0.5 if len(rates) > 1 else None,
        by_kind={kind: _rate([one for one in ones if one.kind == kind]) for kind in kinds},
        reward=mean(one.reward for one in ones),
        steps=mean(one.steps for one in ones),
        invalid=mean(one.invalid for one in ones),
        tokens=tokens / len(ones),
        tokens_per_solved=tokens / solved if solved else None,
    )


def _rate(ones: Sequence[Meeting]) -> Rate:
    return wilson(sum(one.solved for one in ones), len(ones))


def _difference(
    arm: Sequence[Meeting], reference: Sequence[Meeting], tasks: Sequence[str], seed: int
) -> Difference:
    mine = {(one.task, one.seed): one for one in arm}
    theirs = {(one.task, one.seed): one for one in reference}
    pairs = [(mine[key], theirs[key]) for key in sorted(mine)]
    only_arm = sum(a.solved and not b.solved for a, b in pairs)
    only_reference = sum(b.solved and not a.solved for a, b in pairs)
    p = mcnemar(only_arm, only_reference)
    value = (only_arm - only_reference) / len(pairs)
    are_independent = len(pairs) == len(tasks)
    place = {task: number for number, task in enumerate(tasks)}
    rates_T, steps_T = np.zeros(len(tasks)), np.zeros(len(tasks))
    for a, b in pairs:
        rates_T[place[a.task]] += a.solved - b.solved
        steps_T[place[a.task]] += a.steps - b.steps
    num_seeds = len(pairs) / len(tasks)
    return Difference(
        arm=arm[0].arm,
        reference=reference[0].arm,
        rate=_mean_over_tasks(rates_T / num_seeds, seed),
        score=(
            paired_score(only_arm, only_reference, len(pairs))
            if are_independent
            else Interval(value, None, None)
        ),
        only_arm=only_arm,
        only_reference=only_reference,
        p=p,
        p_holm=p,
        steps=_mean_over_tasks(steps_T / num_seeds, seed),
    )


def _mean_over_tasks(values_T: "np.ndarray[Any, np.dtype[np.float64]]", seed: int) -> Interval:
    value = float(values_T.mean())
    if len(values_T) < 2:
        return Interval(value, None, None)
    means_R = resampled_sums(values_T[:, None], seed, REPLICATES)[:, 0] / len(values_T)
    return Interval(value, *percentiles(means_R))


def _after_holm(compared: Sequence[Difference]) -> list[Difference]:
    """The differences with p adjusted for how many there are."""
    ordered = sorted(compared, key=lambda one: one.p)
    adjusted: dict[str, float] = {}
    worst = 0.0
    for place, one in enumerate(ordered):
        worst = max(worst, min(1.0, one.p * (len(ordered) - place)))
        adjusted[one.arm] = worst
    return [
        Difference(**{**{name: getattr(one, name) for name in one.__slots__}, "p_holm": adjusted[one.arm]})
        for one in compared
    ]
