"""What agents do differently once they have learned, as counters (specification B.9, D.2).

The paper shows such behaviour by example: an educated guess at the last step, better places to look first,
putting back what was taken by mistake.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import mean

from games.text.docstore.figures import EpisodeFigures, episode_figures
from games.text.env import Task
from memory.records import Experience

_NUMBERED = re.compile(r"\b([a-z]+) \d+\b")
_TAKEN = re.compile(r"^take ([a-z]+) \d+ from")
_PUT = re.compile(r"^(?:move|put) ([a-z]+) \d+ (?:to|in|on)")
_WANTED = re.compile(r"\b(?:a|an|some|two|the|at)\s+(?:(?:clean|hot|cool|cold|heated|cooled) )?([a-z]+)")
DOCSTORES = ("hotpotqa", "fever")
_UNKNOWN = {"", "unknown", "not enough info", "i don't know", "n/a", "none"}


def counters_of(
    env: str, attempts: Sequence[Experience], max_steps: int, tasks: Mapping[str, Task] | None = None
) -> dict[str, float | None]:
    """The counters that make sense in an environment, each the mean over the attempts to which it applies.

    Some need the tasks as the environment knows them, by id; without those they are left out.
    """
    counters = _COUNTERS.get(env, {})
    found = {name: _mean(counter(one, max_steps) for one in attempts) for name, counter in counters.items()}
    if tasks is not None and env in DOCSTORES:
        figures = [_figures(one, tasks[one.task_id]) for one in attempts if one.task_id in tasks]
        found["not_found_rate"] = _mean(one.misses / one.searches for one in figures if one.searches)
        if env == "hotpotqa":
            found["f1"] = _mean(one.f1 or 0.0 for one in figures)  # no answer has nothing in common with it
    return found


def _figures(one: Experience, task: Task) -> EpisodeFigures:
    """Steps that passed without an action have an observation of their own, which belongs to none."""
    pairs = [
        (step.text, seen.text)
        for step, seen in pairwise(one.steps)
        if step.kind == "action" and seen.kind == "observation"
    ]
    return episode_figures(task, [action for action, _ in pairs], [seen for _, seen in pairs])


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def guesses_at_limit(one: Experience, max_steps: int) -> float | None:
    """Of the attempts that come to their last step: whether they end with an answer, not with "unknown"."""
    actions = [step.text for step in one.steps if step.kind == "action"]
    if len(actions) < max_steps:
        return None
    answer = re.match(r"finish\[(.*)\]$", actions[-1], re.IGNORECASE)
    return float(answer is not None and answer[1].strip().lower() not in _UNKNOWN)


def first_search_hits(one: Experience, _: int) -> float | None:
    """Whether the first place that was looked into held what the task asks for."""
    wanted = wanted_object(one.task)
    if wanted is None:
        return None
    seen = []
    places = 0
    for step in one.steps:
        if step.kind == "action" and step.text.startswith("go to "):
            places += 1
            if places > 1:
                break
        if step.kind == "observation" and places == 1:
            seen.append(step.text)
    return float(wanted in _NUMBERED.findall(" ".join(seen))) if places else None


def wrong_takes_recovered(one: Experience, _: int) -> float | None:
    """Of the attempts that took something else than what is wanted: whether it was put down again."""
    wanted = wanted_object(one.task)
    if wanted is None:
        return None
    actions = [step.text for step in one.steps if step.kind == "action"]
    wrong = [
        (place, taken[1])
        for place, action in enumerate(actions)
        if (taken := _TAKEN.match(action)) and taken[1] != wanted
    ]
    if not wrong:
        return None
    place, thing = wrong[0]
    return float(any((put := _PUT.match(action)) and put[1] == thing for action in actions[place + 1 :]))


def wanted_object(task: str) -> str | None:
    """The kind of object an ALFWorld goal names; None where its sentence is not understood."""
    goal = task.rsplit("Your task is to:", 1)[-1].lower()
    found = _WANTED.search(goal)
    return found[1] if found else None


_COUNTERS: Mapping[str, Mapping[str, Callable[[Experience, int], float | None]]] = {
    "hotpotqa": {"finish_rate_at_limit": guesses_at_limit},
    "fever": {"finish_rate_at_limit": guesses_at_limit},
    "alfworld": {
        "first_search_hit_rate": first_search_hits,
        "wrong_take_recovered": wrong_takes_recovered,
    },
}
