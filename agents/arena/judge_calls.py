"""Puts every pair to the judge in both orders, and keeps what could not be answered as such."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.arena.judge_pairs import Pair
from agents.arena.judge_prompt import Choice, Verdict, judge_messages
from agents.errors import NimueError
from agents.llm.ask import Unanswered, ask
from agents.llm.model import CallTag, Model

Order = Literal["straight", "swapped"]
ORDERS: tuple[Order, Order] = ("straight", "swapped")
_MIRROR: dict[Choice, Choice] = {"first": "second", "second": "first", "tie": "tie"}
_MAX_TOKENS = 400


@dataclass(frozen=True, slots=True)
class Unjudged:
    """An order in which the judge gave no usable answer, and why."""

    reason: str
    problem: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judge said of a pair in each order, as it was shown."""

    pair: Pair
    answers: dict[Order, Verdict | Unjudged]

    @property
    def is_complete(self) -> bool:
        return all(isinstance(answer, Verdict) for answer in self.answers.values())

    def choice(self, order: Order, quality: str) -> Choice | None:
        """The choice as the pair's own first or second, whatever order it was shown in."""
        answer = self.answers[order]
        if isinstance(answer, Unjudged):
            return None
        shown = answer.choice(quality)
        return shown if order == "straight" else _MIRROR[shown]

    def verdict(self, quality: str) -> Choice | None:
        """What both orders agree on; a tie where they disagree, None where one is missing."""
        straight, swapped = (self.choice(order, quality) for order in ORDERS)
        if straight is None or swapped is None:
            return None
        return straight if straight == swapped else "tie"

    def agrees(self, quality: str) -> bool:
        """Whether both orders were answered alike."""
        straight, swapped = (self.choice(order, quality) for order in ORDERS)
        return straight is not None and straight == swapped


def num_calls(pairs: Sequence[Pair]) -> int:
    """Calls without repeats: each pair in both orders, all qualities in one answer."""
    return len(ORDERS) * len(pairs)


def prompt_characters(pairs: Sequence[Pair]) -> int:
    """How much text the judge will be sent."""
    sent = (sum(len(message.text) for message in judge_messages(pair.first, pair.second)) for pair in pairs)
    return len(ORDERS) * sum(sent)


async def judge_pairs(
    pairs: Sequence[Pair], model: Model, *, at_once: int, judged: Callable[[Judged], None]
) -> list[Judged]:
    """Judge every pair, so many at once; `judged` is told of each as it comes.

    Raises:
        NimueError: A call could not be made (a spent budget, a lost server); no other pair was begun then.
    """
    upcoming = iter(pairs)
    results: dict[str, Judged] = {}
    problems: list[NimueError] = []

    async def keep_judging() -> None:
        for pair in upcoming:
            if problems:
                return
            try:
                answers = {order: await _ask(pair, order, model) for order in ORDERS}
            except NimueError as problem:
                problems.append(problem)
                return
            results[pair.id] = Judged(pair, answers)
            judged(results[pair.id])

    async with asyncio.TaskGroup() as workers:
        for _ in range(min(at_once, len(pairs))):
            workers.create_task(keep_judging())
    if problems:
        raise problems[0]
    return [results[pair.id] for pair in pairs]


async def _ask(pair: Pair, order: Order, model: Model) -> Verdict | Unjudged:
    shown = (pair.first, pair.second) if order == "straight" else (pair.second, pair.first)
    tag = CallTag(game="judge", decision=pair.id, stage=order, lane=f"judge/{order}")
    try:
        answer = await ask(model, judge_messages(*shown), Verdict, tag=tag, max_tokens=_MAX_TOKENS)
    except Unanswered as failure:
        return Unjudged(failure.reason, failure.problem)
    return answer.value
