"""Limits what a run may spend, in dollars and in tokens. A spent budget pauses the run; it is resumed with a
higher one.

The limit is checked before each call and the call is counted after it, so that calls already under way may
carry the total a little over the limit.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from decimal import Decimal
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from agents.errors import NimueError
from agents.llm.chat_wrapper import ChatWrapper, StreamedAnswer, closing
from agents.llm.names import ModelName
from agents.llm.usage import Usage, cost_of


class BudgetSpent(NimueError):
    """The run has used what it was allowed; everything so far is kept (exit code 3)."""

    exit_code = 3


class Budget:
    """What a run may spend over all its models, and what it has spent."""

    def __init__(self, max_cost: Decimal | None, max_tokens: int | None) -> None:
        """Give None for no limit."""
        self.max_cost = max_cost
        self.max_tokens = max_tokens
        self._spent: dict[ModelName, tuple[Usage, Decimal | None]] = {}

    @property
    def usage(self) -> Usage:
        """Of all counted calls."""
        return sum((usage for usage, _ in self._spent.values()), Usage())

    @property
    def cost(self) -> Decimal | None:
        """Dollars for all counted calls; None when any of them has no known price."""
        return _sum(cost for _, cost in self._spent.values())

    def count(self, model: ModelName, usage: Usage) -> None:
        """Add the usage of one call, or of earlier calls when a run is resumed."""
        before, cost_before = self._spent.get(model, (Usage(), Decimal(0)))
        self._spent[model] = (before + usage, _sum((cost_before, cost_of(model, usage))))

    def check(self, model: ModelName) -> None:
        """Allow one more call.

        Raises:
            BudgetSpent: A limit is reached.
            NimueError: Dollars are limited but this model has no known price.
        """
        if self.max_cost is not None:
            one_call = Usage(calls=1, input_tokens=1, output_tokens=1)
            unpriced = sorted(str(each) for each in {*self._spent, model} if cost_of(each, one_call) is None)
            if unpriced or self.cost is None:
                raise NimueError(
                    f"--max-cost cannot be kept: the price of {', '.join(unpriced)} is not known. "
                    "Limit tokens instead, with --max-tokens."
                )
            if self.cost >= self.max_cost:
                raise BudgetSpent(
                    f"The budget is spent: ${self.cost:.4f} of --max-cost {self.max_cost} ({self._calls()}). "
                    "Nothing is lost: continue with --resume RUN and a higher --max-cost."
                )
        if self.max_tokens is not None and self.usage.total_tokens >= self.max_tokens:
            raise BudgetSpent(
                f"The budget is spent: {self.usage.total_tokens:,} of --max-tokens {self.max_tokens:,} "
                f"({self._calls()}). "
                "Nothing is lost: continue with --resume RUN and a higher --max-tokens."
            )

    def _calls(self) -> str:
        usage = self.usage
        return (
            f"{usage.calls:,} calls, {usage.input_tokens:,} tokens in of which {usage.cached_tokens:,} "
            f"cached, {usage.output_tokens:,} out"
        )


class BudgetedChatModel(ChatWrapper):
    """A chat model whose calls are allowed by a budget and counted in it."""

    model: ModelName
    budget: Budget

    async def _answer(
        self, messages: list[BaseMessage], metadata: Mapping[str, Any], stop: list[str] | None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        self.budget.check(self.model)
        answer = StreamedAnswer()
        try:
            async with closing(self._pass_on(messages, metadata, stop, **kwargs)) as chunks:
                async for chunk in chunks:
                    answer.add(chunk)
                    yield chunk
        finally:
            self.budget.count(self.model, answer.voided + Usage.from_message(answer.message()))


def _sum(costs: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total
