"""Folds are fair, cover every task once, and are the same in every process."""

import os
import subprocess
import sys
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agents.expel.folds import OutcomeClass, deal_folds, near_duplicates
from memory.embedders import EmbedderMark
from memory.vectors import unit

MARK = EmbedderMark("flat", 3)

Group = tuple[str, OutcomeClass]
GROUPS = st.tuples(st.sampled_from(["put", "clean", "heat"]), st.sampled_from(["both", "success", "fail"]))
TASKS = st.dictionaries(st.text(max_size=4), GROUPS, max_size=40)


@given(tasks=TASKS, num_folds=st.integers(2, 5), seed=st.integers(0, 2**32))
def test_every_task_is_in_one_fold_and_every_fold_has_its_share(
    tasks: dict[str, Group], num_folds: int, seed: int
) -> None:
    folds = deal_folds(tasks, num_folds, seed)
    assert folds.keys() == tasks.keys()
    assert set(folds.values()) <= set(range(num_folds))
    assert differ_by_one(Counter(folds.values()), num_folds)
    for group in set(tasks.values()):
        assert differ_by_one(Counter(folds[task] for task in tasks if tasks[task] == group), num_folds)


def differ_by_one(counts: Counter[int], num_folds: int) -> bool:
    sizes = [counts[fold] for fold in range(num_folds)]
    return max(sizes) - min(sizes) <= 1


@given(tasks=TASKS, seed=st.integers(0, 100))
def test_the_order_in_which_tasks_are_named_does_not_matter(tasks: dict[str, Group], seed: int) -> None:
    turned = dict(reversed(tasks.items()))
    assert deal_folds(tasks, 2, seed) == deal_folds(turned, 2, seed)


def test_another_seed_deals_other_folds() -> None:
    tasks: dict[str, Group] = {f"task-{number}": ("put", "both") for number in range(30)}
    assert deal_folds(tasks, 2, 1) != deal_folds(tasks, 2, 2)


def test_134_tasks_fall_into_halves_that_no_hash_seed_changes() -> None:
    """Specification H 36; the authors' folds differ from process to process."""
    code = (
        "from agents.expel.folds import deal_folds\n"
        "kinds = ['put', 'clean', 'heat', 'cool', 'examine', 'puttwo']\n"
        "classes = ['both', 'success', 'fail', 'fail']\n"
        "tasks = {f'task-{n}': (kinds[n % 6], classes[n * n % 4]) for n in range(134)}\n"
        "folds = deal_folds(tasks, 2, 42)\n"
        "print(sum(folds.values()), sorted(folds.items()))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("0", "1", "77")
    }
    (output,) = outputs
    assert output.startswith("67 ")


def test_tasks_in_different_folds_that_point_the_same_way_are_told() -> None:
    tasks = ["a", "b", "c", "d"]
    vectors = unit(np.array([[1, 0, 0], [1, 0.05, 0], [1, 0.04, 0], [0, 1, 0]], dtype=np.float32), MARK)
    folds = {"a": 0, "b": 1, "c": 0, "d": 1}
    assert near_duplicates(folds, tasks, vectors) == [("a", "b"), ("b", "c")]
    assert near_duplicates(dict.fromkeys(tasks, 0), tasks, vectors) == []
