"""The figures of an evaluation against computations by hand."""

import itertools
from random import Random
from statistics import mean, stdev
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from agents.arena.statistics import Interval, paired_score
from agents.expel.results import Meeting, meetings_of, results_of
from agents.runs.event_log import RunEvent

ARMS = ("react", "expel", "placebo")
KINDS = ("put", "clean")


def meeting(arm: str, task: int, *, seed: int = 0, solved_at: int | None = None, steps: int = 5) -> Meeting:
    return Meeting(
        arm=arm, task=f"task-{task:02}", kind=KINDS[task % 2], fold=task % 3, seed=seed,
        solved_at=solved_at, reward=float(solved_at is not None), steps=steps, invalid=task % 4,
        calls=steps + 1, tokens=100 * steps,
    )  # fmt: skip


def drawn(num_tasks: int = 30, seeds: int = 2) -> list[Meeting]:
    draw = Random(3)
    odds = {"react": 0.3, "expel": 0.7, "placebo": 0.3}
    return [
        meeting(
            arm, task, seed=seed,
            solved_at=draw.randrange(3) if draw.random() < odds[arm] else None,
            steps=draw.randint(2, 20),
        )
        for arm, task, seed in itertools.product(ARMS, range(num_tasks), range(seeds))
    ]  # fmt: skip


def test_an_arm_is_summed_up_as_by_hand() -> None:
    meetings = drawn()
    results = results_of(meetings)
    assert results is not None
    assert (results.num_tasks, results.num_seeds) == (30, 2)
    for arm in results.arms:
        ones = [one for one in meetings if one.arm == arm.arm]
        solved = [one for one in ones if one.solved_at is not None]
        assert (arm.rate.hits, arm.rate.trials) == (len(solved), 60)
        assert arm.by_retry == pytest.approx(
            [
                sum(one.solved_at <= retry for one in solved if one.solved_at is not None) / 60
                for retry in range(3)
            ]
        )
        folds = [[one.solved for one in ones if one.fold == fold] for fold in range(3)]
        rates = [sum(fold) / len(fold) for fold in folds]
        assert arm.fold_mean == pytest.approx(sum(rates) / 3)
        assert arm.fold_error == pytest.approx(stdev(rates) / 3**0.5)
        for kind in KINDS:
            of_kind = [one.solved for one in ones if one.kind == kind]
            assert (arm.by_kind[kind].hits, arm.by_kind[kind].trials) == (sum(of_kind), len(of_kind))
        assert arm.steps == pytest.approx(mean(one.steps for one in ones))
        assert arm.invalid == pytest.approx(mean(one.invalid for one in ones))
        assert arm.reward == pytest.approx(arm.rate.rate)
        assert arm.tokens_per_solved == pytest.approx(sum(one.tokens for one in ones) / len(solved))


def test_a_difference_is_taken_task_by_task_with_an_interval_over_tasks() -> None:
    meetings = drawn()
    results = results_of(meetings)
    assert results is not None
    assert [one.arm for one in results.differences] == ["expel", "placebo"]
    for difference in results.differences:
        solved = {(one.arm, one.task, one.seed): one.solved for one in meetings}
        keys = sorted({(one.task, one.seed) for one in meetings})
        mine = [solved[difference.arm, task, seed] for task, seed in keys]
        theirs = [solved["react", task, seed] for task, seed in keys]
        won = sum(a and not b for a, b in zip(mine, theirs, strict=True))
        lost = sum(b and not a for a, b in zip(mine, theirs, strict=True))
        assert difference.reference == "react"
        assert (difference.only_arm, difference.only_reference) == (won, lost)
        assert difference.p == pytest.approx(binomtest(won, won + lost).pvalue)
        assert difference.rate.value == pytest.approx((won - lost) / 60)
        assert difference.score == Interval(difference.rate.value, None, None)  # seeds of a task are alike
        by_task = np.array(
            [
                mean(solved[difference.arm, task, seed] - solved["react", task, seed] for seed in range(2))
                for task in sorted({task for task, _ in keys})
            ]
        )
        draw = np.random.default_rng(1)
        again = by_task[draw.integers(0, 30, size=(20_000, 30))].mean(axis=1)
        low, high = np.percentile(again, [2.5, 97.5])
        assert difference.rate.low == pytest.approx(low, abs=0.02)
        assert difference.rate.high == pytest.approx(high, abs=0.02)


def test_p_is_adjusted_for_how_many_arms_are_compared() -> None:
    meetings = [meeting("react", task) for task in range(20)]
    for arm, num_solved in (("a", 12), ("b", 8), ("c", 0)):
        meetings += [meeting(arm, task, solved_at=0 if task < num_solved else None) for task in range(20)]
    results = results_of(meetings)
    assert results is not None
    a, b, c = results.differences
    assert a.p_holm == pytest.approx(3 * a.p)
    assert b.p_holm == pytest.approx(2 * b.p)
    assert (c.p, c.p_holm) == (1.0, 1.0)
    assert a.p < b.p < c.p


def test_p_after_holm_never_falls_below_that_of_a_smaller_p() -> None:
    meetings = [meeting("react", task) for task in range(20)]
    for arm in ("a", "b"):
        meetings += [meeting(arm, task, solved_at=0 if task < 6 else None) for task in range(20)]
    results = results_of(meetings)
    assert results is not None
    assert [one.p_holm for one in results.differences] == pytest.approx([2 * results.differences[0].p] * 2)


def test_tasks_that_one_arm_has_not_met_yet_count_for_none() -> None:
    meetings = drawn(num_tasks=10, seeds=1)
    half = [one for one in meetings if one.arm != "expel" or one.task < "task-05"]
    results = results_of(half)
    assert results is not None
    assert results.num_tasks == 5
    assert {arm.rate.trials for arm in results.arms} == {5}


def test_without_react_the_first_arm_is_the_reference() -> None:
    results = results_of([one for one in drawn() if one.arm != "react"])
    assert results is not None
    assert [(one.arm, one.reference) for one in results.differences] == [("placebo", "expel")]


def test_nothing_evaluated_is_no_result_and_one_task_has_no_interval() -> None:
    assert results_of([]) is None
    assert results_of([meeting("react", 1), meeting("expel", 2)]) is None
    results = results_of([meeting("react", 1), meeting("expel", 1, solved_at=0)])
    assert results is not None
    (difference,) = results.differences
    assert difference.score == paired_score(1, 0, 1)
    assert (difference.rate.value, difference.rate.low, difference.rate.high) == (1.0, None, None)
    assert results.arms[0].tokens_per_solved is None
    assert results.arms[0].fold_error is None


@pytest.mark.parametrize(("num_tasks", "half_width"), [(50, 0.139), (100, 0.098), (134, 0.085)])
def test_the_resolution_is_that_of_the_specification(num_tasks: int, half_width: float) -> None:
    results = results_of([meeting("react", task) for task in range(num_tasks)])
    assert results is not None
    assert results.half_width == pytest.approx(half_width, abs=0.0005)


def test_the_trials_of_one_meeting_are_taken_together() -> None:
    def attempt(trial: int, outcome: str, **changed: Any) -> RunEvent:
        data = {
            "phase": "eval", "arm": "reflexion", "task": "t", "kind": "put", "trial": trial, "seed": 0,
            "fold": 1, "outcome": outcome, "reward": float(outcome == "success"), "steps": 4, "invalid": 1,
            "calls": 5, "input_tokens": 30, "output_tokens": 3, **changed,
        }  # fmt: skip
        return RunEvent(trial, "attempt", data)

    gathered = attempt(0, "success", phase="gather", arm="gather")
    (one,) = meetings_of([gathered, attempt(1, "success"), attempt(0, "fail")])
    assert (one.arm, one.solved_at, one.reward, one.steps, one.invalid) == ("reflexion", 1, 1.0, 8, 2)
    assert (one.calls, one.tokens, one.fold) == (10, 66, 1)
    (two,) = meetings_of([attempt(0, "fail"), attempt(1, "halted", reward=0.25)])
    assert (two.solved, two.solved_at, two.reward) == (False, None, 0.25)
