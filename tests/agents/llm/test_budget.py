"""A run stops before the call that its budget does not allow, and can go on with a higher one."""

from decimal import Decimal

import pytest

from agents.errors import NimueError
from agents.llm.budget import Budget, BudgetedChatModel, BudgetSpent
from agents.llm.call_failed import CallFailed
from agents.llm.names import ModelName
from agents.llm.usage import Usage
from tests.agents.llm.flaky_model import FlakyChatModel

GPT_4O = ModelName("openai", "gpt-4o")
UNKNOWN = ModelName("openai", "home-made")
CENTS_A_CALL = Decimal("0.000275")  # 40 fresh tokens at $2.50, 60 cached at $1.25, 10 out at $10 a million


def _chat(budget: Budget, model: ModelName = GPT_4O) -> BudgetedChatModel:
    return BudgetedChatModel(inner=FlakyChatModel(plans=[["hi"]]), model=model, budget=budget)


async def test_calls_are_counted_in_tokens_and_dollars() -> None:
    budget = Budget(max_cost=None, max_tokens=None)
    chat = _chat(budget)
    await chat.ainvoke("Go.")
    await chat.ainvoke("Go.")
    assert budget.usage == Usage(calls=2, input_tokens=200, cached_tokens=120, output_tokens=20)
    assert budget.cost == 2 * CENTS_A_CALL


async def test_a_token_limit_stops_before_the_next_call_and_says_how_to_go_on() -> None:
    budget = Budget(max_cost=None, max_tokens=220)
    chat = _chat(budget)
    await chat.ainvoke("Go.")
    await chat.ainvoke("Go.")
    with pytest.raises(BudgetSpent, match=r"220 of --max-tokens 220 .*120 cached.*--resume RUN") as error:
        await chat.ainvoke("Go.")
    assert isinstance(error.value, NimueError)
    assert budget.usage.calls == 2


async def test_a_dollar_limit_stops_before_the_next_call() -> None:
    budget = Budget(max_cost=3 * CENTS_A_CALL, max_tokens=None)
    chat = _chat(budget)
    for _ in range(3):
        await chat.ainvoke("Go.")
    with pytest.raises(BudgetSpent, match=r"\$0\.0008 of --max-cost 0\.000825 .*higher --max-cost"):
        await chat.ainvoke("Go.")


async def test_a_resumed_run_counts_what_it_had_spent() -> None:
    budget = Budget(max_cost=None, max_tokens=1_000)
    budget.count(GPT_4O, Usage(9, 900, 500, 95))
    chat = _chat(budget)
    await chat.ainvoke("Go.")
    with pytest.raises(BudgetSpent, match="1,105 of --max-tokens 1,000"):
        await chat.ainvoke("Go.")


async def test_a_dollar_limit_with_an_unknown_price_is_refused_before_the_first_call() -> None:
    chat = _chat(Budget(max_cost=Decimal(5), max_tokens=None), UNKNOWN)
    with pytest.raises(NimueError, match=r"price of openai:home-made is not known.*--max-tokens"):
        await chat.ainvoke("Go.")
    assert isinstance(chat.inner, FlakyChatModel)
    assert chat.inner.calls == 0


async def test_an_unknown_price_makes_the_sum_unknown_not_smaller() -> None:
    budget = Budget(max_cost=None, max_tokens=None)
    await _chat(budget).ainvoke("Go.")
    await _chat(budget, UNKNOWN).ainvoke("Go.")
    assert budget.cost is None
    assert budget.usage.calls == 2


async def test_models_that_run_here_never_spend_dollars() -> None:
    budget = Budget(max_cost=Decimal("0.01"), max_tokens=None)
    chat = _chat(budget, ModelName("local", "small"))
    for _ in range(3):
        await chat.ainvoke("Go.")
    assert budget.cost == 0


async def test_one_budget_holds_for_several_models() -> None:
    budget = Budget(max_cost=None, max_tokens=200)
    await _chat(budget).ainvoke("Go.")
    await _chat(budget, UNKNOWN).ainvoke("Go.")
    with pytest.raises(BudgetSpent):
        await _chat(budget).ainvoke("Go.")


async def test_a_failed_call_is_counted_as_a_call_without_tokens() -> None:
    budget = Budget(max_cost=None, max_tokens=None)
    chat = BudgetedChatModel(inner=FlakyChatModel(plans=[[CallFailed("lost")]]), model=GPT_4O, budget=budget)
    with pytest.raises(CallFailed):
        await chat.ainvoke("Go.")
    assert budget.usage == Usage(calls=1)
