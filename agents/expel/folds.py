"""Which tasks are evaluated in which fold (specification B.6), and which are too alike to be apart.

A fold's agent learns from all gathered tasks outside the fold and is evaluated on the tasks in it. Tasks are
dealt so that every fold gets its share of each kind and each outcome of the gathering. Unlike the authors'
code the deal does not depend on the hash seed of the process.
"""

# Shape legend: T tasks, D numbers of an embedding

from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random
from typing import Literal

import numpy as np

from memory.embedders import Vectors

NEAR_DUPLICATE = 0.98
"""Cosine above which two tasks are called the same in other words (specification G.2)."""

OutcomeClass = Literal["both", "success", "fail"]
"""What the gathering saw of a task: failures and a success, a success only, failures only."""


def deal_folds(tasks: Mapping[str, tuple[str, OutcomeClass]], num_folds: int, seed: int) -> dict[str, int]:
    """The fold of every task, given its kind and outcome class by id; balanced to one."""
    groups: dict[tuple[str, OutcomeClass], list[str]] = defaultdict(list)
    for task, group in sorted(tasks.items()):
        groups[group].append(task)
    draw = Random(seed)
    folds: dict[str, int] = {}
    dealt = 0
    for group in sorted(groups):
        members = groups[group]
        draw.shuffle(members)
        for task in members:
            folds[task] = dealt % num_folds
            dealt += 1
    return folds


def near_duplicates(
    folds: Mapping[str, int], tasks: Sequence[str], vectors_TD: Vectors
) -> list[tuple[str, str]]:
    """Pairs of tasks in different folds that are all but the same: what is learned from one may give the
    other away. `vectors_TD` are of length one, in the order of `tasks`."""
    similar_TT = vectors_TD @ vectors_TD.T > NEAR_DUPLICATE
    pairs = np.argwhere(np.triu(similar_TT, k=1)).tolist()
    return [(tasks[one], tasks[other]) for one, other in pairs if folds[tasks[one]] != folds[tasks[other]]]
