"""Which tasks are evaluated in which fold (specification B.6).

A fold's agent learns from all gathered tasks outside the fold and is evaluated on the tasks in it. Tasks are
dealt so that every fold gets its share of each kind and each outcome of the gathering. Unlike the authors'
code the deal does not depend on the hash seed of the process.
"""

from collections import defaultdict
from collections.abc import Mapping
from random import Random
from typing import Literal

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
