"""Counting tokens and pricing them."""

from decimal import Decimal

import pytest
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata

from agents.llm.names import ModelName
from agents.llm.usage import Usage, cost_of

GPT_4O = ModelName("openai", "gpt-4o")
HAIKU = ModelName("anthropic", "claude-haiku-4-5")


def test_usage_adds_up_field_by_field() -> None:
    total = Usage(1, 100, 60, 10, 5) + Usage(2, 30, 0, 3, 1)
    assert total == Usage(
        calls=3, input_tokens=130, cached_tokens=60, output_tokens=13, cache_written_tokens=6
    )
    assert total.total_tokens == 143


def test_cached_tokens_are_read_as_part_of_the_input() -> None:
    counted = UsageMetadata(
        input_tokens=100,
        output_tokens=7,
        total_tokens=107,
        input_token_details=InputTokenDetails(cache_read=80, cache_creation=15),
    )
    usage = Usage.from_message(AIMessage("x", usage_metadata=counted))
    assert usage == Usage(1, 100, 80, 7, cache_written_tokens=15)


def test_a_call_that_was_not_counted_is_still_a_call() -> None:
    assert Usage.from_message(AIMessage("x")) == Usage(calls=1)


def test_cached_tokens_are_cheaper() -> None:
    # gpt-4o: $2.50, cached $1.25, out $10 a million tokens, by the provider's price list.
    assert cost_of(GPT_4O, Usage(1, 1_000_000, 0, 0)) == Decimal("2.5")
    assert cost_of(GPT_4O, Usage(1, 1_000_000, 1_000_000, 0)) == Decimal("1.25")
    assert cost_of(GPT_4O, Usage(1, 0, 0, 1_000_000)) == Decimal("10")


def test_writing_to_the_cache_costs_extra_where_the_provider_says_so() -> None:
    # Claude Haiku 4.5: $1, written to the cache $1.25, read from it $0.10 a million tokens.
    assert cost_of(HAIKU, Usage(1, 1_000_000, 0, 0)) == Decimal("1")
    assert cost_of(HAIKU, Usage(1, 1_000_000, 0, 0, 1_000_000)) == Decimal("1.25")
    assert cost_of(HAIKU, Usage(1, 1_000_000, 1_000_000, 0)) == Decimal("0.1")


@pytest.mark.parametrize("name", ["my-own-finetune-of-llama", "gpt-live-1"])
def test_an_unknown_price_is_none(name: str) -> None:
    assert cost_of(ModelName("openai", name), Usage(1, 1000, 0, 1000)) is None


@pytest.mark.parametrize("provider", ["local", "scripted", "replay"])
def test_models_that_run_here_cost_nothing(provider: str) -> None:
    assert cost_of(ModelName(provider, "any"), Usage(1, 1000, 0, 1000)) == 0


def test_many_short_calls_are_not_priced_like_one_long_prompt() -> None:
    # Sonnet 4.5 doubles its price for prompts beyond 200,000 tokens.
    sonnet = ModelName("anthropic", "claude-sonnet-4-5")
    one = cost_of(sonnet, Usage(1, 1_000, 0, 10))
    assert one is not None
    assert cost_of(sonnet, Usage(1_000, 1_000_000, 0, 10_000)) == 1000 * one
    assert cost_of(sonnet, Usage(1, 1_000_000, 0, 10_000)) != 1000 * one
