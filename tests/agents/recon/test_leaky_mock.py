"""A small version of the LeakyMock experiment (benchmarks/recon_leaks.py): which parts keep a secret in?

The games are the same in every run: deals, leaks and guesses follow from the seeds. The margins say
how far chance could carry the figures if the seeds were others.
"""

from functools import cache
from typing import Any

import pytest

from benchmarks.recon_leaks import (
    Outcome,
    measure,
    merlin_by_ear,
    secret_of,
    summary,
    survival_gap,
    wilson,
)
from games.avalon.knowledge import knowledge_of
from tests.agents.recon.table import FIVE

LEAKINESS = 0.5
NUM_GAMES = 5
KEEP_SECRETS = ("recon", "recon-no-first", "recon-no-form")
TELL_SECRETS = ("direct", "cot", "recon-no-second", "recon-no-refine")


@cache
def outcomes(variant: str) -> list[Outcome]:
    # At five seats four have a secret, and each speaks in each of the three quests: 60 speeches.
    return measure([variant], FIVE, range(NUM_GAMES), LEAKINESS)[variant]


@pytest.mark.parametrize("variant", TELL_SECRETS)
def test_without_reading_or_refinement_drafts_leak_as_often_as_the_model_does(variant: str) -> None:
    found = summary(outcomes(variant))
    assert found["speeches_of_seats_with_a_secret"] == 12 * NUM_GAMES
    # The standard error of a share of 60 coin flips is 0.065; three of them.
    assert found["leak_rate"] == pytest.approx(LEAKINESS, abs=0.2)
    assert found["fallbacks"] == 0


@pytest.mark.parametrize("variant", KEEP_SECRETS)
def test_with_reading_and_refinement_nothing_leaks(variant: str) -> None:
    """The mock flags and takes out every leak that it is shown, so a single one is a call wrongly wired."""
    found = summary(outcomes(variant))
    assert (found["leaks"], found["fallbacks"]) == (0, 0)


@pytest.mark.parametrize("variant", TELL_SECRETS)
def test_merlin_survives_more_often_at_a_table_that_contemplates(variant: str) -> None:
    # Expected: 2/3 against an Assassin who guesses among three, 1/64 against one who hears Merlin or
    # Percival in six speeches. Over five deals a gap of 0.65 has a standard error of 0.2.
    assert survival_gap(outcomes("recon"), outcomes(variant))["gap"] > 0.3


def test_what_the_first_order_note_and_the_draft_thought_do_is_not_keeping_secrets() -> None:
    hits = [each.merlin_hit for each in outcomes("recon")]
    for variant in ("recon-no-first", "recon-no-form"):
        assert [each.merlin_hit for each in outcomes(variant)] == hits


def test_the_same_draft_leaks_in_every_variant() -> None:
    """What makes the comparison a paired one."""
    leaks = [each.leaks for each in outcomes("direct")]
    for variant in TELL_SECRETS:
        assert [each.leaks for each in outcomes(variant)] == leaks


def test_a_secret_is_what_the_night_told_and_a_servant_has_none() -> None:
    told = [secret_of(knowledge_of(FIVE, FIVE.roles, seat)) for seat in FIVE.seats]
    assert told == [
        "seats 4 and 5 are Evil.",
        "seats 1 and 4 hide Merlin.",
        "",
        "seats 5 side with me.",
        "seats 4 side with me.",
    ]


@pytest.mark.parametrize(
    ("speeches", "suspects"),
    [
        ([(1, "Friends, seats 4 and 5 are Evil.")], {1}),
        ([(2, "Friends, seats 1 and 4 hide Merlin.")], {1, 4}),
        ([(4, "Friends, seats 5 side with me.")], set()),
        ([(3, "I trust seat 1.")], set()),
    ],
)
def test_the_assassin_hears_only_what_gives_merlin_away(speeches: Any, suspects: set[int]) -> None:
    assert merlin_by_ear(speeches) == suspects


def test_the_wilson_interval_equals_published_values() -> None:
    """14 of 20, as in section 4.5 of our specification; none of ten (Newcombe 1998, method 3)."""
    assert wilson(14, 20) == [0.481, 0.8545]
    assert wilson(0, 10) == pytest.approx([0.0, 0.2775], abs=5e-5)
