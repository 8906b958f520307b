"""Statements about the record, checked against it."""

import pytest

from games.avalon.actions import Speak
from games.avalon.metrics.counted import Share
from games.avalon.metrics.recorded import recorded_game
from games.avalon.metrics.statements import hallucination_rates, statements_in_speech
from games.avalon.setup import Rules, preset
from games.avalon.table import Table
from tests.games.avalon.playthrough import HandGame

SETUP = preset("6-recon", Rules(shuffle_seats=False, first_leader="seat_1"))


@pytest.fixture(scope="module")
def table() -> Table:
    """Quest 1 of seats 1 and 2 succeeded; quest 2 of seats 2, 3, 6 failed after a rejected team 1, 2, 5."""
    game = HandGame(SETUP)
    game.quest((1, 2))
    game.propose(1, 2, 5)
    game.vote(1, 2, 5)
    game.propose(2, 3, 6)
    game.vote(2, 3, 6, 1)
    game.cards(6)
    return recorded_game(game.events).table


SPOKEN = [
    ("Quest 2 failed.", [True]),
    ("Quest 1 failed.", [False]),
    ("The first quest succeeded.", [True]),
    ("Quest 3 failed.", [False]),
    ("The last quest failed.", [True]),
    ("Quest 2 was a success.", [False]),
    ("Quest 2 had one fail.", [True]),
    ("Quest 2 had 2 fails.", [False]),
    ("Seat 3 was on the failed quest.", [True]),
    ("Seat 1 was on the failed quest.", [False]),
    ("Seat 1 was not on the failed quest.", [True]),
    ("Seats 2 and 6 were on quest 2.", [True]),
    ("Player 4 was on quest 1.", [False]),
    ("Seat 1 went on the first quest.", [True]),
    ("Seat 2 was on the team that failed.", [True]),
    ("Seat 4 rejected the last team.", [True]),
    ("Seat 2 rejected the last team.", [False]),
    ("Seat 4 approved on quest 2.", [False]),
    ("Seat 3 voted against the team.", [True]),
    ("Seat 4 voted for quest 1.", [True]),
    ("I was on quest 1.", [True]),
    ("I rejected the last proposal.", [False]),
    ("Quest 1 passed but seat 5 was on quest 2.", [True, False]),
]

NOT_STATED = [
    "If quest 3 failed we would be lost.",
    "Did quest 1 fail?",
    "Quest 3 will be a success.",
    "Seat 4 should be on quest 3.",
    "Seat 5 said seat 1 was on the failed quest.",
    "I think we should reject the last team.",
    "Let us approve it.",
    "Either way, I approve of the current team.",
    "One of seats 1 and 3 was on the failed quest.",
    "I trust seat 3.",
    "We need two successes.",
]


@pytest.mark.parametrize(("speech", "expected"), SPOKEN)
def test_a_statement_about_the_record_is_checked_against_it(
    table: Table, speech: str, expected: list[bool]
) -> None:
    assert [true for _, true in statements_in_speech(speech, 1, table, 6)] == expected


@pytest.mark.parametrize("speech", NOT_STATED)
def test_what_is_asked_supposed_planned_or_reported_is_not_checked(table: Table, speech: str) -> None:
    assert statements_in_speech(speech, 1, table, 6) == []


def test_a_statement_is_held_against_the_table_of_its_own_moment() -> None:
    game = HandGame(preset("6-recon", Rules(shuffle_seats=False, first_leader="seat_1", talk="round_robin")))
    game.propose(1, 2, speech="Quest 1 failed.")
    for text in ("Quest 1 succeeded.", "", "", "", ""):
        game.answer(Speak(text))
    game.vote(1, 2, 3, 4)
    game.cards()
    game.propose(1, 2, 3, speech="Quest 1 succeeded.")
    rates = hallucination_rates(recorded_game(game.events))
    assert rates[1] == Share(1, 1)
    assert rates[2] == Share(1, 2)
    assert rates[3].rate is None
