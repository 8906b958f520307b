"""The flags that all commands with a model share."""

from decimal import Decimal

import pytest

from agents.cli.avalon import app
from agents.cli.model_flags import ModelFlags

GIVEN = ["--model", "scripted:3", "--max-cost", "0.5", "--tokens-per-minute", "9000"]


def test_a_model_is_called_as_the_flags_say_and_with_the_runs_own_temperature() -> None:
    flags = ModelFlags(temperature=0.9, requests_per_minute=30, tokens_per_minute=9000, concurrency=4)
    options = flags.options(seed=7, temperature=0.2)
    assert (options.seed, options.temperature) == (7, 0.2)
    assert (options.requests_per_minute, options.tokens_per_minute, options.concurrency) == (30, 9000, 4)


@pytest.mark.parametrize(
    ("command", "concurrency"), [(["play"], 32), (["judge", "runs/x"], 8), (["tournament", "random"], 32)]
)
def test_flags_that_are_not_given_keep_the_commands_own_defaults(
    command: list[str], concurrency: int
) -> None:
    _, bound, _ = app.parse_args([*command, *GIVEN], print_error=False, exit_on_error=False)
    flags = bound.arguments["models"]
    assert flags == type(flags)(model="scripted:3", max_cost=Decimal("0.5"), tokens_per_minute=9000)
    assert flags.concurrency == concurrency
