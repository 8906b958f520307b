"""What the answers alone do not show of an episode over a docstore: how it searched, and how near it came."""

from collections.abc import Sequence
from dataclasses import dataclass

from games.text.docstore.actions import parse_action
from games.text.docstore.scoring import f1
from games.text.env import Task


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeFigures:
    """Counts of one episode."""

    searches: int
    misses: int
    """Searches that found no page."""
    lookups: int
    f1: float | None
    """Of the answer to a question; None for claims, and when nothing was answered."""


def episode_figures(task: Task, actions: Sequence[str], observations: Sequence[str]) -> EpisodeFigures:
    """Count over an episode's actions and what each was answered."""
    parsed = [parse_action(action) for action in actions]
    verbs = [None if action is None else action.verb for action in parsed]
    last = parsed[-1] if parsed else None
    gold = task.payload.get("answer")
    return EpisodeFigures(
        searches=verbs.count("search"),
        misses=sum(
            verb == "search" and told.startswith("Could not find ")
            for verb, told in zip(verbs, observations, strict=True)
        ),
        lookups=verbs.count("lookup"),
        f1=f1(last.argument, gold) if gold and last and last.verb == "finish" else None,
    )
