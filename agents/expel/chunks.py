"""What the insight model is shown, call by call: planned before the first call (specification B.4.4, C.3)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from memory.records import Experience


@dataclass(frozen=True, slots=True)
class Chunk:
    """One call: a success beside a failure of the same task, or a group of successes."""

    kind: Literal["compare", "success"]
    experiences: tuple[str, ...]


def plan_chunks(
    gathered: Sequence[Experience], *, fold: int | None, group_size: int, seed: int, max_chars: int
) -> list[Chunk]:
    """The pairs first, then the successes in groups; nothing of the fold under evaluation.

    A group of successes that is too long for one prompt is halved.
    """
    training = [one for one in gathered if fold is None or one.fold != fold]
    by_task: dict[str, list[Experience]] = {}
    for one in sorted(training, key=lambda one: (one.task_id, one.trial)):
        by_task.setdefault(one.task_id, []).append(one)
    pairs = []
    successes = []
    for attempts in by_task.values():
        solved = [one for one in attempts if one.outcome == "success"]
        successes += solved[:1]
        pairs += [
            Chunk("compare", (success.id, failure.id))
            for success in solved
            for failure in attempts
            if failure.outcome not in ("success", "error")
        ]
    Random(f"{seed}/{fold}").shuffle(successes)
    groups = [part for group in in_groups(successes, group_size) for part in _halved(group, max_chars)]
    return pairs + [Chunk("success", tuple(one.id for one in group)) for group in groups]


def in_groups(successes: Sequence[Experience], group_size: int) -> list[Sequence[Experience]]:
    """As few groups as can be, of nearly equal size; none for no successes."""
    if not successes:
        return []
    size = math.ceil(len(successes) / math.ceil(len(successes) / group_size))
    return [successes[start : start + size] for start in range(0, len(successes), size)]


def _halved(group: Sequence[Experience], max_chars: int) -> list[Sequence[Experience]]:
    if len(group) == 1 or sum(len(one.task) + len(one.text) for one in group) <= max_chars:
        return [group]
    middle = len(group) // 2
    return _halved(group[:middle], max_chars) + _halved(group[middle:], max_chars)
